"""`ImagePullSecretEntry`: adds one name to the `imagePullSecrets` of a ServiceAccount, and takes away just that.

The list has no merge key: to the API server it is one field, with owners of the whole. So it is changed under the
account's resource version. Before an entry is added, the list is applied as it is, unforced: whoever owned it alone
until then, and gives it up later, takes nothing away (a `ServiceAccountPatch` of ours, before version 0.2).
"""

import os
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.kubernetes.client import APPLY, MERGE, Cluster, KubernetesError
from pulumi_chaosreg.provider.resource import Found, Occasion
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.still_wanted import StillWanted
from pulumi_chaosreg.provider.unknown import has_unknown, is_unknown
from pulumi_chaosreg.resources.image_pull_secret_entry import IMAGE_PULL_SECRET_ENTRY
from pulumi_chaosreg.resources.table import Failure, Properties, ResourceChange

MANAGER = "pulumi-chaosreg"
"""Our name as the owner of fields."""
_TRIES = 8
_PLACE = ("namespace", "serviceAccount", "secretName")

Connect = Callable[[str | None, str | None], Cluster]


class ImagePullSecretEntry:
    """The life of the resource, on plain values. One client for each cluster serves all entries of a run."""

    def __init__(self, run: Run, connect: Connect = Cluster) -> None:
        self._run, self._connect, self._still_wanted = run, connect, StillWanted(run)
        self._clusters: dict[tuple[str | None, str | None], Cluster] = {}
        self._guard = threading.Lock()

    @classmethod
    def of_run(cls, run: Run) -> "ImagePullSecretEntry":
        """The object that serves a run."""
        return cls(run)

    def check(self, inputs: Properties) -> tuple[dict[str, Any], list[Failure]]:
        """The inputs, with the context as the cluster's lasting name where nobody gives another one."""
        failures = IMAGE_PULL_SECRET_ENTRY.failures(inputs, is_unknown)
        checked = IMAGE_PULL_SECRET_ENTRY.with_defaults(inputs)
        if "context" in checked:
            checked.setdefault("clusterIdentifier", checked["context"])
        elif "kubeconfig" not in checked:
            failures.append(("context", "is missing; a machine's current context is the wrong cluster in CI"))
        if not failures and not has_unknown(checked):
            for key in _keys(checked):
                self._run.keep(key)
        return checked, failures

    def diff(self, state: Properties, inputs: Properties) -> ResourceChange:
        """Another name or place is another entry; how the cluster is reached is none."""
        return IMAGE_PULL_SECRET_ENTRY.change(state, inputs)

    def preview(self, inputs: Properties) -> dict[str, Any]:
        """Nothing but the inputs: a preview asks no cluster, which need not exist yet."""
        return {}

    def look_ahead(self, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Nothing: a preview asks no cluster."""

    def create(self, inputs: Properties, occasion: Occasion) -> tuple[str, dict[str, Any]]:
        """Add the entry, and the account where there is none."""
        made = self._add(inputs)
        where = (inputs.get("context") or "", *(inputs[key] for key in _PLACE))
        return "/".join(where), _outputs(inputs, made)

    def update(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> dict[str, Any]:
        """The same entry by another context."""
        return _outputs(inputs, self._add(inputs) or state.get("madeAccount") is True)

    def read(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> Found | None:
        """Whether the entry is there. An import's id is `context/namespace/account/secret`."""
        known = {**inputs, **state}
        if not known:
            context, *place = ident.rsplit("/", 3)
            if len(place) != 3 or not all((context, *place)):
                raise ChaosregError.of(
                    "CHR0607", f"`{ident}` is not `context/namespace/account/secret`", help="write all four parts"
                )
            known = dict(zip(("context", *_PLACE), (context, *place), strict=True)) | {"clusterIdentifier": context}
        account = self._account(known)
        if account is None or not _has(account, known["secretName"]):
            return None
        return Found(ident, inputs or known, _outputs(known, state.get("madeAccount") is True))

    def delete(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Take the entry away, unless another resource of this run has it now, or another stack wants it."""
        account = f"ServiceAccount {state['namespace']}/{state['serviceAccount']}"
        if any(map(self._run.is_kept, _keys(state))):
            return
        place = state.get("clusterIdentifier"), state["namespace"], state["serviceAccount"], state["secretName"]
        if reason := self._still_wanted.entry_elsewhere(occasion.urn, *place):
            occasion.warn(f"left `{state['secretName']}` in {account}: {reason}")
            return
        try:
            is_left = self._remove(state)
        except KubernetesError as failure:
            if not failure.is_unreachable or os.environ.get("PULUMI_K8S_DELETE_UNREACHABLE") != "true":
                raise
            occasion.warn(f"left `{state['secretName']}` in {account}: {failure.findings[0].message}")
            return
        if is_left and state.get("madeAccount") is True:
            occasion.tell(f"left {account}, which was made for this entry: others may use it now")

    def _add(self, inputs: Properties) -> bool:
        """Make the account have the entry; whether the account was made for it."""
        name = inputs["secretName"]

        def attempt() -> bool:
            live = self._account(inputs)
            if live is None:
                whole = {**_object(inputs), "imagePullSecrets": [{"name": name}]}
                self._ask(inputs, "POST", whole, fieldManager=MANAGER)
                return True
            listed = live.get("imagePullSecrets") or []
            version = live["metadata"]["resourceVersion"]
            if listed:
                same = {**_object(inputs, version), "imagePullSecrets": listed}
                applied = self._ask(inputs, "PATCH", same, APPLY, fieldManager=MANAGER)
                version = applied["metadata"]["resourceVersion"]
            if not _has(live, name):
                self._set(inputs, [*listed, {"name": name}], version)
            return False

        return self._until_first(attempt)

    def _remove(self, state: Properties) -> bool:
        """Take the entry out; whether there is an account."""

        def attempt() -> bool:
            live = self._account(state)
            if live and _has(live, state["secretName"]):
                rest = [entry for entry in live["imagePullSecrets"] if entry.get("name") != state["secretName"]]
                self._set(state, rest or None, live["metadata"]["resourceVersion"])
            return live is not None

        return self._until_first(attempt)

    def _set(self, of: Properties, listed: Any, version: str) -> None:
        changed = {"metadata": {"resourceVersion": version}, "imagePullSecrets": listed}
        self._ask(of, "PATCH", changed, MERGE, fieldManager=MANAGER)

    def _until_first(self, attempt: Callable[[], bool]) -> bool:
        """Somebody else may change the account between a look and a change: then look again."""
        for tried in range(_TRIES - 1):
            try:
                return attempt()
            except KubernetesError as failure:
                if not failure.is_conflict or self._run.stop.wait(0.05 * 2**tried):
                    raise
        return attempt()

    def _account(self, of: Properties) -> dict[str, Any] | None:
        try:
            return self._ask(of, "GET")
        except KubernetesError as failure:
            if failure.is_missing:
                return None
            raise

    def _ask(
        self, of: Properties, method: str, body: dict[str, Any] | None = None, kind: str = "", **query: str
    ) -> dict[str, Any]:
        where = (of.get("context"), of.get("kubeconfig"))
        with self._guard:
            cluster = self._clusters.setdefault(where, self._connect(*where))
        path = f"/api/v1/namespaces/{quote(of['namespace'], safe='')}/serviceaccounts"
        name = "" if method == "POST" else f"/{quote(of['serviceAccount'], safe='')}"
        return cluster.request(method, path + name, body, kind, **query)


def _keys(properties: Properties) -> list[tuple[Any, ...]]:
    """What an entry is the same by: its place, in a cluster of the same lasting name, or one that is reached alike."""
    place = tuple(properties.get(key) for key in _PLACE)
    named, reached = properties.get("clusterIdentifier"), (properties.get("context"), properties.get("kubeconfig"))
    return [("entry", *reached, *place), *([("entry", named, *place)] if named else [])]


def _outputs(inputs: Properties, made: bool) -> dict[str, Any]:
    return {
        **{key: inputs[key] for key in IMAGE_PULL_SECRET_ENTRY.outputs_of_inputs if key in inputs},
        "madeAccount": made,
    }


def _object(of: Properties, version: str | None = None) -> dict[str, Any]:
    metadata = {"name": of["serviceAccount"], "namespace": of["namespace"]}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {**metadata, **({"resourceVersion": version} if version else {})},
    }


def _has(account: dict[str, Any], secret: str) -> bool:
    return any(entry.get("name") == secret for entry in account.get("imagePullSecrets") or ())
