"""`HarnessImageRegistry`: the record of one level in Harness, as a Pulumi custom resource.

What its inputs are, and what a change of them means, says its table (`resources/harness_image_registry.py`). Harness
has nothing that deletes a record: what is destroyed goes back to Harness's default, or stays.
"""

import os
import threading
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.harness.client import PATIENCE, PREVIEW, Harness
from pulumi_chaosreg.harness.problems import HarnessError, blocked, written_by_others
from pulumi_chaosreg.harness.record import DEFAULT, IMAGES, Record
from pulumi_chaosreg.harness.scope import HarnessScope
from pulumi_chaosreg.oci.patience import Patience
from pulumi_chaosreg.provider.resource import Found, Occasion
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.still_wanted import StillWanted
from pulumi_chaosreg.provider.unknown import has_unknown, is_unknown
from pulumi_chaosreg.refusals import Refusal
from pulumi_chaosreg.resources.harness_image_registry import HARNESS_IMAGE_REGISTRY
from pulumi_chaosreg.resources.table import Failure, Properties, ResourceChange
from pulumi_chaosreg.settings.table import HARNESS_SAAS

KEY, ENDPOINT = "HARNESS_PLATFORM_API_KEY", "HARNESS_ENDPOINT"
"""The variables of Harness's own providers: for an import, which has no inputs, and for a program that gives no key."""


class HarnessImageRegistry:
    """The life of the resource, on plain values. One client for each account and key serves a run."""

    def __init__(self, run: Run) -> None:
        self._run, self._still_wanted = run, StillWanted(run)
        self._clients: dict[tuple[tuple[str, str, str], Patience], Harness] = {}
        self._guard = threading.Lock()

    @classmethod
    def of_run(cls, run: Run) -> "HarnessImageRegistry":
        """The object that serves a run."""
        return cls(run)

    def check(self, inputs: Properties) -> tuple[dict[str, Any], list[Failure]]:
        """The inputs with defaults, and what is wrong with them. Unknown values pass."""
        failures = HARNESS_IMAGE_REGISTRY.failures(inputs, is_unknown)
        checked = HARNESS_IMAGE_REGISTRY.with_defaults(inputs)
        failures += _levels(checked)
        endpoint = checked["endpoint"]
        if isinstance(endpoint, str) and not endpoint.startswith(("https://", "http://")):
            failures.append(("endpoint", f"is not an address; write it as in `{HARNESS_SAAS}`"))
        if checked.get("private") is True and not checked.get("secretName"):
            failures.append(("secretName", "is missing; Harness needs it for a private registry"))
        place = {key: checked.get(key) for key in ("accountId", "organization", "project", "infrastructure")}
        if not failures and not has_unknown(place):
            for key in _kept(_scope(checked)):
                self._run.keep(key)
            if checked.get("allowOverrides") is True:
                self._run.keep(("opens", str(_scope(checked))))
        return checked, failures

    def diff(self, state: Properties, inputs: Properties) -> ResourceChange:
        """What `up` would do. The state has what Harness had when somebody last looked."""
        return HARNESS_IMAGE_REGISTRY.change(state, inputs)

    def preview(self, inputs: Properties) -> Mapping[str, Any]:
        """The outputs are the inputs."""
        return {} if has_unknown(_place(inputs)) else {"scope": str(_scope(inputs))}

    def look_ahead(self, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """What `up` would meet in Harness: another record, or a level that blocks. Whoever cannot look says so."""
        if has_unknown({key: value for key, value in inputs.items() if value is not None}):
            return
        scope, wanted = _scope(inputs), _record(inputs)
        try:
            harness = self._client(inputs, PREVIEW)
            above = harness.blocked_by(scope) if scope.above and not self._is_opened(scope) else ""
            own, _ = harness.look(scope)
        except ChaosregError as failure:
            occasion.tell(f"Harness could not be checked: {failure.findings[0].message}")
            return
        if above:
            occasion.warn(str(blocked(scope.title, above)))
        _tell_of_others(scope, own, _record(state) if state else None, wanted, occasion)

    def create(self, inputs: Properties, occasion: Occasion) -> tuple[str, dict[str, Any]]:
        """Make the level's own record what is said, whether there is one already or not."""
        self._put(inputs, None, occasion)
        return str(_scope(inputs)), _outputs(inputs)

    def update(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> dict[str, Any]:
        """The same: every field is sent, those that have not changed too."""
        self._put(inputs, _record(state), occasion)
        return _outputs(inputs)

    def read(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> Found | None:
        """The level's own record; None where there is none to be seen. An import's id is that of `HarnessScope.parse`,
        and its key is in the environment.
        """
        scope = HarnessScope.parse(ident)
        known = {**inputs, **state} or {"endpoint": os.environ.get(ENDPOINT) or HARNESS_SAAS, **_place_of(scope)}
        try:
            own, holds = self._client(known).look(scope)
        except ChaosregError as refusal:
            if not state or not _is_denied(refusal):  # without the key everything else may still be refreshed
                raise
            occasion.warn(f"kept as it was: Harness could not be checked\n{refusal}")
            return Found(ident, inputs, state)
        if own is None and holds is None:
            return None
        if own is None:
            if not state:
                return None
            # nobody can delete a record: it is there, and a level above is what holds
            occasion.warn(f"in Harness another level decides for {scope.title}: {holds}")
            return Found(ident, inputs, state)
        if state:
            written = _record(inputs or state)  # the state has what the last refresh saw
            _tell_of_others(scope, own, written, written, occasion)
        where = {**_place_of(scope), "endpoint": known["endpoint"], "onDestroy": known.get("onDestroy", "reset")}
        # what is empty there is said, too: what the state does not say is taken from the inputs
        return Found(ident, inputs or {**where, **_given(own)}, _outputs({**where, **_said(own)}))

    def delete(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Back to Harness's default, unless another resource of this run has the level now, or another stack."""
        scope = _scope(state)
        if self._is_kept(scope):
            return
        if state.get("onDestroy") == "retain":
            occasion.tell(f"left the record of {scope.title} in Harness as it is (`on_destroy: retain`)")
            return
        if reason := self._still_wanted.record_elsewhere(occasion.urn, scope):
            occasion.warn(f"left the record of {scope.title} in Harness: {reason}")
            return
        harness = self._client({**state, "apiKey": inputs.get("apiKey")})
        own, holds = harness.look(scope)
        if own is None and holds is None:
            return
        if own and own != _record(state):
            occasion.warn(f"left the record of {scope.title} in Harness: somebody has since changed it to {own}")
            return
        try:
            harness.put(scope, DEFAULT)
        except HarnessError as refusal:
            if refusal.refusal is not Refusal.BLOCKED:
                raise
            occasion.warn(f"left the record of {scope.title} in Harness, where a level above now decides\n{refusal}")

    def _put(self, inputs: Properties, known: Record | None, occasion: Occasion) -> None:
        scope, wanted = _scope(inputs), _record(inputs)
        _tell_of_others(scope, self._client(inputs).put(scope, wanted), known, wanted, occasion)

    def _client(self, inputs: Properties, patience: Patience = PATIENCE) -> Harness:
        key = _key(inputs.get("apiKey")) or os.environ.get(KEY, "")
        if not key:
            raise _NoKeyError.of(
                "CHR0808",
                "there is no Harness API key",
                help="give `harness.login` a value (`pulumi config set --secret chaosreg-credentials:NAME`), or set "
                f"{KEY}",
            )
        which = (inputs.get("endpoint") or HARNESS_SAAS, inputs["accountId"], key)
        with self._guard:
            if (which, patience) not in self._clients:
                self._clients[which, patience] = Harness(*which, patience=patience, stop=self._run.stop)
            return self._clients[which, patience]

    def _is_opened(self, scope: HarnessScope) -> bool:
        """Whether this run opens a level above: what blocks now need not block then."""
        return any(self._run.is_kept(("opens", str(above))) for above in list(scope.chain)[1:])

    def _is_kept(self, scope: HarnessScope) -> bool:
        form, bare = _forms(scope)
        other = "bare" if form == "whole" else "whole"
        return self._run.is_kept(("harness", str(scope))) or self._run.is_kept(("harness", other, bare))


class _NoKeyError(ChaosregError):
    """Nobody gave a key."""


def _tell_of_others(
    scope: HarnessScope, own: Record | None, known: Record | None, wanted: Record, occasion: Occasion
) -> None:
    """That the level's record is neither what is wanted nor what was written here. An infrastructure's may be set
    together with itself, and is named: Harness keeps one record for both.
    """
    if own is None or own in (wanted, known):
        return
    if scope.infrastructure and not own.is_default:
        occasion.warn(str(written_by_others(scope.title, own.writer, _changes(own, wanted))))
        return
    how = "somebody changed the record of" if known else "adopts the existing record of"
    occasion.tell(f"{how} {scope.title} in Harness: {_changes(own, wanted)}")


def _is_denied(refusal: ChaosregError) -> bool:
    return refusal.is_denied or isinstance(refusal, _NoKeyError)


def _kept(scope: HarnessScope) -> list[tuple[str, ...]]:
    """What a level is the same by: one infrastructure has two forms of its id."""
    return [("harness", str(scope)), ("harness", *_forms(scope))]


def _forms(scope: HarnessScope) -> tuple[str, str]:
    environment, _, infrastructure = scope.infrastructure.rpartition("/")
    return "whole" if environment else "bare", f"{scope.account}/{scope.organization}/{scope.project}//{infrastructure}"


def _levels(inputs: Properties) -> list[Failure]:
    """A level needs those above it."""
    levels = ("organization", "project", "infrastructure")
    return [
        (below, f"also needs `{above}`")
        for above, below in pairwise(levels)
        if inputs.get(below) and not inputs.get(above)
    ]


def _place(inputs: Properties) -> dict[str, Any]:
    keys = ("accountId", "organization", "project", "infrastructure")
    return {key: inputs[key] for key in keys if inputs.get(key) is not None}


def _scope(inputs: Properties) -> HarnessScope:
    given = _place(inputs)
    return HarnessScope(*(given.get(key, "") for key in ("accountId", "organization", "project", "infrastructure")))


def _place_of(scope: HarnessScope) -> dict[str, Any]:
    said = {
        "accountId": scope.account,
        "organization": scope.organization,
        "project": scope.project,
        "infrastructure": scope.infrastructure,
    }
    return {key: value for key, value in said.items() if value}


def _record(inputs: Properties) -> Record:
    return Record(
        server=inputs.get("server") or "",
        account=inputs.get("account") or "",
        is_private=inputs.get("private") is True,
        secret_name=inputs.get("secretName") or "",
        is_default=inputs.get("isDefault") is True,
        allow_overrides=inputs.get("allowOverrides") is True,
        images={key: inputs[ours] for ours, key in IMAGES.items() if inputs.get(ours)},
    )


def _said(record: Record) -> dict[str, Any]:
    """Every field of a record, by the names of inputs."""
    return {
        "server": record.server,
        "account": record.account,
        "private": record.is_private,
        "secretName": record.secret_name,
        "isDefault": record.is_default,
        "allowOverrides": record.allow_overrides,
        **{ours: record.images.get(key, "") for ours, key in IMAGES.items()},
    }


def _given(record: Record) -> dict[str, Any]:
    """Those that are not empty, as somebody would write them."""
    return {key: value for key, value in _said(record).items() if value != "" and value is not False}


def _outputs(inputs: Properties) -> dict[str, Any]:
    same = {key: inputs[key] for key in HARNESS_IMAGE_REGISTRY.outputs_of_inputs if key in inputs}
    return {**same, "scope": str(_scope(inputs))}


def _changes(before: Record, after: Record) -> str:
    """Each field that differs, as `up` would change it."""
    was, now = _given(before), _given(after)
    names = [key for key in dict.fromkeys([*was, *now]) if was.get(key) != now.get(key)]
    return ", ".join(f"{key}: {_shown(was.get(key))} -> {_shown(now.get(key))}" for key in names)


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else f"`{value}`"


def _key(said: Any) -> str:
    """The key itself; a credential in the form of others has it as its password."""
    if isinstance(said, Mapping):
        said = said.get("password")
    return said.strip() if isinstance(said, str) else ""
