"""`AcrTokenPassword`: a password of a registry's token, as a Pulumi custom resource.

What its inputs are, and what a change of them means, says its table (`resources/acr_token_password.py`). Azure shows a
password in the answer that makes it and never again: nothing is asked between that answer and the state. Where the
answer is lost, what was made is used by nobody, and is made once more.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pulumi_chaosreg.azure.client import ResourceManager
from pulumi_chaosreg.azure.moments import moment
from pulumi_chaosreg.azure.token_passwords import Seen, TokenPasswords, token_id
from pulumi_chaosreg.clock import VARIABLE, today
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provider.resource import Found, Occasion
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.unknown import has_unknown, is_unknown
from pulumi_chaosreg.resources.acr_token_password import ACR_TOKEN_PASSWORD, PASSWORDS, REGISTRY_ID, TOKEN_NAME
from pulumi_chaosreg.resources.table import Failure, Properties, ResourceChange

ENDPOINT = "ARM_ENDPOINT"
_PUBLIC = "https://management.azure.com"
_EARLY = 120.0
"""Seconds before its end from which a bearer token is not used any more."""
_LOST = "unknown"
"""The turn of a password whose value nobody here knows: no program's, so that `up` makes it anew."""

Bearer = Callable[[str], tuple[str, float]]
"""Address → a bearer token, and the moment when it ends."""


def _of_machine(endpoint: str) -> tuple[str, float]:
    try:
        from pulumi_chaosreg.machine.azure import management_token
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.startswith("pulumi_chaosreg"):
            raise
        raise ChaosregError.of(
            "CHR0475",
            "making a token's password needs this machine's identity, but the extra `azure` is not installed",
            help="run `pip install 'pulumi-chaosreg[azure]'`",
        ) from None
    return management_token(endpoint)


class AcrTokenPassword:
    """The life of the resource, on plain values. One client for each resource manager serves a run."""

    def __init__(self, run: Run, bearer: Bearer = _of_machine) -> None:
        self._run, self._bearer = run, bearer
        self._managers: dict[str, TokenPasswords] = {}
        self._guard = threading.Lock()

    @classmethod
    def of_run(cls, run: Run) -> "AcrTokenPassword":
        """The object that serves a run."""
        return cls(run)

    def check(self, inputs: Properties) -> tuple[dict[str, Any], list[Failure]]:
        """The inputs with defaults, and what is wrong with them. Unknown values pass."""
        failures = ACR_TOKEN_PASSWORD.failures(inputs, is_unknown)
        checked = ACR_TOKEN_PASSWORD.with_defaults(inputs)
        if not failures:
            failures = list(_wrong(checked))
        if not failures and not has_unknown(_which(checked)):
            self._run.keep(_key(checked))
        return checked, failures

    def diff(self, state: Properties, inputs: Properties) -> ResourceChange:
        """What `up` would do."""
        return ACR_TOKEN_PASSWORD.change(state, inputs)

    def preview(self, inputs: Properties) -> Mapping[str, Any]:
        """The user is called as the token."""
        return {} if is_unknown(inputs.get("token")) else {"username": inputs["token"]}

    def look_ahead(self, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Nothing: the token may be made by the same `up`."""

    def create(self, inputs: Properties, occasion: Occasion) -> tuple[str, dict[str, Any]]:
        """Make it, unless somebody has one of this name that is still good."""
        there = self._passwords(inputs).look(inputs["registryId"], inputs["token"])
        for one in there or ():
            if one.name == inputs["password"] and _is_good(one):
                if one.expires is None or one.expires != moment(inputs["expires"]):
                    raise _taken(inputs, one)
                # what a lost answer left has just the end that is asked for; so has what another program has made
                occasion.warn(
                    f"`{one.name}` of token `{inputs['token']}` was there, good until the same moment, and is made "
                    "anew: if it is not left from an `up` that was cut off, whoever has it is locked out now"
                )
        return _ident(inputs), self._make(inputs)

    def update(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> dict[str, Any]:
        """Make it anew: whoever still has the former one is locked out. The other password stays as it is.

        ChaosregError (CHR0475) for an earlier turn on a day before the former one was made: this machine's clock is
        behind, and that one is in use.
        """
        if _is_earlier(inputs.get("turn"), state.get("turn")):
            made = moment(state.get("created") or "")
            if made and made.date() > today():
                raise _behind(inputs, made)
            occasion.warn(
                f"`{inputs['password']}` of token `{inputs['token']}` is made anew for turn {inputs['turn']}, after "
                f"turn {state['turn']}: unless its lifetime has changed, somebody may be using the former one"
            )
        return self._make(inputs)

    def read(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> Found | None:
        """What Azure shows of it; None where there is no such token or password. The value is the state's own."""
        known = {**inputs, **state} or _imported(ident)
        try:
            there = self._passwords(known).look(known["registryId"], known["token"])
        except ChaosregError as refusal:
            if refusal.is_missing:
                return None
            if not state:
                raise
            occasion.warn(f"kept as it was: Azure could not be asked\n{refusal}")
            return Found(ident, inputs, state)
        found = next((one for one in there or () if one.name == known["password"]), None)
        if not found:
            return Found(ident, inputs, state) if there is None and state else None
        if not state:
            occasion.warn(
                f"`{known['password']}` of token `{known['token']}` is imported without its value, which Azure shows "
                "only when it is made: the next `up` makes it anew, and whoever has the former one is locked out"
            )
            return Found(ident, {**known, "expires": _text(found.expires)}, _outputs(known, found))
        if found.created and moment(state.get("created") or "") not in (None, found.created):
            occasion.warn(
                f"somebody has made `{known['password']}` of token `{known['token']}` anew: the one in the state is no "
                "longer good, and the next `up` makes another one"
            )
            return Found(ident, inputs, {**state, "turn": _LOST})
        return Found(ident, inputs, state)

    def delete(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Take it away, unless another resource of this run stands for it now."""
        if not self._run.is_kept(_key(state)):
            self._passwords({**inputs, **state}).take(state["registryId"], state["token"], state["password"])

    def _make(self, inputs: Properties) -> dict[str, Any]:
        made = self._passwords(inputs).make(
            inputs["registryId"], inputs["token"], inputs["password"], _text(moment(inputs["expires"]))
        )
        same = {key: inputs[key] for key in ACR_TOKEN_PASSWORD.outputs_of_inputs if key in inputs}
        return {**same, "value": made.value, "username": made.username, "created": _text(made.created)}

    def _passwords(self, inputs: Properties) -> TokenPasswords:
        endpoint = inputs.get("endpoint") or os.environ.get(ENDPOINT) or _PUBLIC
        with self._guard:
            if endpoint not in self._managers:
                bearer = _Bearer(endpoint, self._bearer)
                self._managers[endpoint] = TokenPasswords(ResourceManager(endpoint, bearer, stop=self._run.stop))
            return self._managers[endpoint]


class _Bearer:
    """A bearer token that is asked for when it is needed, and again before it ends."""

    def __init__(self, endpoint: str, ask: Bearer) -> None:
        self._endpoint, self._ask = endpoint, ask
        self._token: Callable[[], str] = lambda: ""  # in a closure: no `vars` and no traceback shows it
        self._ends = 0.0
        self._guard = threading.Lock()

    def __call__(self) -> str:
        with self._guard:
            if time.time() > self._ends - _EARLY:
                token, self._ends = self._ask(self._endpoint)
                self._token = lambda: token
            return self._token()


def _wrong(inputs: Properties) -> list[Failure]:
    wrong: list[Failure] = []
    registry, token, expires = inputs["registryId"], inputs["token"], inputs["expires"]
    if not is_unknown(registry) and not REGISTRY_ID.fullmatch(registry):
        wrong.append(
            (
                "registryId",
                "is no registry's resource ID; write /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/"
                "Microsoft.ContainerRegistry/registries/NAME",
            )
        )
    if not is_unknown(token) and not TOKEN_NAME.fullmatch(token):
        wrong.append(("token", "is no token's name; it has 5 to 50 letters, digits, `-` and `_`"))
    if not is_unknown(expires) and moment(expires) is None:
        wrong.append(("expires", "is no moment; write it as in 2026-03-01T00:00:00Z"))
    endpoint = inputs.get("endpoint")
    if isinstance(endpoint, str) and not endpoint.startswith(("https://", "http://")):
        wrong.append(("endpoint", f"is not an address; write it as in {_PUBLIC}"))
    return wrong


def _is_good(one: Seen) -> bool:
    """Whether somebody may be using it."""
    return one.expires is None or one.expires > datetime.now(UTC)


def _is_earlier(turn: Any, former: Any) -> bool:
    """Whether a turn that counts comes before another one."""
    one, other = str(turn or ""), str(former or "")
    return one.isdecimal() and other.isdecimal() and int(one) < int(other)


def _behind(inputs: Properties, made: datetime) -> ChaosregError:
    return ChaosregError.of(
        "CHR0475",
        f"`{inputs['password']}` of token `{inputs['token']}` was made on {made:%Y-%m-%d}, and here it is "
        f"{today()}: an earlier turn of it would lock out whoever uses it",
        help=f"set this machine's clock, or the variable {VARIABLE}, to the day that it is",
    )


def _taken(inputs: Properties, one: Seen) -> ChaosregError:
    until = f", until {one.expires:%Y-%m-%d}" if one.expires else ""
    which = inputs["password"]
    return ChaosregError.of(
        "CHR0475",
        f"token `{inputs['token']}` already has a `{which}` that is good{until}: making it anew would lock out whoever "
        "uses it",
        help=f"if nobody does, run `az acr token credential delete --registry {inputs['registryId'].rpartition('/')[2]}"
        f" --name {inputs['token']} --{which}`; otherwise use the other password, or a token of its own",
    )


def _which(inputs: Properties) -> dict[str, Any]:
    return {key: inputs[key] for key in ("registryId", "token", "password")}


def _ident(inputs: Properties) -> str:
    return f"{token_id(inputs['registryId'], inputs['token'])}/passwords/{inputs['password']}"


def _key(inputs: Properties) -> tuple[str, str]:
    return "acr token password", _ident(inputs).casefold()


def _imported(ident: str) -> dict[str, Any]:
    token, _, password = ident.partition("/passwords/")
    registry, _, name = token.rpartition("/tokens/")
    if not REGISTRY_ID.fullmatch(registry) or not TOKEN_NAME.fullmatch(name) or password not in PASSWORDS:
        raise ChaosregError.of(
            "CHR0475",
            "this is no password of a token",
            help="write `/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.ContainerRegistry/"
            "registries/REGISTRY/tokens/NAME/passwords/password1`",
        )
    return {"registryId": registry, "token": name, "password": password}


def _outputs(known: Properties, found: Seen) -> dict[str, Any]:
    """Of an import: all but the value."""
    seen = {"expires": _text(found.expires), "created": _text(found.created)}
    return {**_which(known), **seen, "turn": _LOST, "username": known["token"], "value": ""}


def _text(when: datetime | None) -> str:
    return when.isoformat().replace("+00:00", "Z") if when else ""
