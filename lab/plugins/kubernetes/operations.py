"""Create, update, read and delete on the cluster, in the order and with the words of the official plugin."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lab.plugins.kubernetes import jobs
from lab.plugins.kubernetes.api import Api
from lab.plugins.kubernetes.errors import ApiError
from lab.plugins.kubernetes.ignored import without_ignored
from lab.plugins.kubernetes.kinds import Kind
from lab.plugins.kubernetes.objects import (
    annotation_of,
    as_declared,
    field_manager,
    identity_of,
    imported_inputs,
    inputs_in,
    live_in,
    name_of,
    namespace_of,
    outputs,
    split_identity,
    wants_force,
)
from lab.plugins.kubernetes.settings import Settings
from lab.plugins.protocol.errors import PartialError, PluginError
from lab.plugins.protocol.values import Object, Unknown, contains, reveal, with_secrets_of

_CONFLICT_HELP = (
    "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/"
    "#handle-field-conflicts-on-existing-resources"
)
# Managers whose fields an update takes over without asking, by prefix: kubectl's, and our own from a client-side
# create, which the API server keeps apart from our later applies although the name is the same.
_ADOPTED = (
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
    ("pulumi-kubernetes", "Update"),
    ("pulumi-resource-kubernetes", "Update"),
)
_GONE_SECONDS = 60.0
"""The official plugin waits for ten minutes."""


@dataclass(frozen=True)
class Subject:
    """The resource at hand, and the line in the CLI's Info column that belongs to it."""

    kind: Kind
    urn: str
    report: Callable[[str], None]
    patience: float = 0.0
    """Seconds that the program gives it to become complete; 0: it does not say."""
    ignored: tuple[str, ...] = ()
    """The program's `ignoreChanges`."""


@dataclass(frozen=True)
class Operations:
    """Everything that one configured provider does to its cluster.

    `patience` is how many seconds to wait for what others must do first, such as making a namespace.
    """

    api: Api
    settings: Settings
    cancelled: threading.Event
    patience: float

    def create(self, subject: Subject, inputs: Object, *, preview: bool) -> tuple[str, Object]:
        """The id and outputs of a new object. A preview asks the server to try, where trying makes sense."""
        kind, body, manager = subject.kind, reveal(inputs), field_manager(inputs, {})
        # The official plugin does not try patches either: their conflicts come to light at `up`.
        if preview and (contains(inputs, Unknown) or kind.patch):
            return "", inputs
        try:
            live = self._create_when_possible(subject, body, manager, preview=preview)
        except ApiError as error:
            if preview and (error.reason in ("Forbidden", "AlreadyExists") or error.namespace_missing):
                return "", inputs
            raise PluginError(
                f'resource "{subject.urn}" was not successfully created by the Kubernetes API server: '
                f"{_explained(error, manager)}"
            ) from None
        if preview:
            live.pop("status", None)
            return "", outputs(kind, inputs, live, manager)
        try:
            live = self._complete(subject, body, live)
        except jobs.NotCompleteError as error:
            raise PartialError(
                message=f"resource {identity_of(live)} was successfully created, but the Kubernetes API server "
                f"reported that it failed to fully initialize or become live: {error}",
                identity=identity_of(live),
                outputs=outputs(kind, inputs, live, manager),
            ) from None
        return identity_of(live), outputs(kind, inputs, live, manager)

    def _complete(self, subject: Subject, body: Object, live: Object) -> Object:
        """The object when it is complete, which most are as soon as they exist."""
        if not jobs.is_awaited(subject.kind, body):
            return live
        return jobs.await_job(self.api, subject.kind, live, subject.patience, self.cancelled, subject.report)

    def _create_when_possible(self, subject: Subject, body: Object, manager: str, *, preview: bool) -> Object:
        waited, pause, attempt = 0.0, 1.0, 0
        while True:
            try:
                return self._create_once(subject.kind, body, manager, preview=preview)
            except ApiError as error:
                if preview and error.namespace_missing:
                    raise
                subject.report(f"Retry #{attempt}; creation failed: {error}")
                if preview or not error.missing or waited + pause > self.patience or self.cancelled.wait(pause):
                    raise
            waited, pause, attempt = waited + pause, pause * 2, attempt + 1

    def _create_once(self, kind: Kind, body: Object, manager: str, *, preview: bool) -> Object:
        if kind.patch or "upsertExistingObjects" in self.settings.flags:
            force = preview or self._forced(body)
            return self.api.apply(kind, body, manager, dry_run=preview, force=force)
        return self.api.create(kind, body, manager, dry_run=preview)

    def update(self, subject: Subject, state: Object, inputs: Object, *, preview: bool) -> Object:
        """The outputs after server-side apply of `inputs` to the object in `state`."""
        kind, body, manager = subject.kind, reveal(inputs), field_manager(inputs, state)
        if preview and contains(inputs, Unknown):
            return inputs
        sent = body
        before = live_in(state)
        try:
            live = self.api.get(kind, namespace_of(before), name_of(before))
        except ApiError as error:
            raise PluginError(f'update of resource "{subject.urn}" failed: {error}') from None
        try:
            before_us, force = self._adopt(kind, live, manager, preview=preview)
            sent = without_ignored(body, before_us, manager, subject.ignored)
            applied = self.api.apply(kind, sent, manager, dry_run=preview, force=force or self._forced(body))
            if not preview:
                applied = self._complete(subject, body, applied)
        except (ApiError, jobs.NotCompleteError) as error:
            if preview and isinstance(error, ApiError) and error.reason == "Forbidden":
                return inputs
            raise PartialError(
                message=f'the Kubernetes API server reported that "{identity_of(live)}" failed to fully initialize '
                f"or become live: {_explained(error, manager)}",
                identity=identity_of(live),
                outputs=outputs(kind, inputs, live, manager, state, sent),
            ) from None
        return outputs(kind, inputs, applied, manager, state, sent)

    def _adopt(self, kind: Kind, live: Object, manager: str, *, preview: bool) -> tuple[Object, bool]:
        """`live` with the fields of our own create and of kubectl in our name; in a preview we are to force instead."""
        adopted = [] if kind.patch else _adopted(live, manager)
        if not adopted or preview:
            return live, bool(adopted)
        return self.api.set_managers(kind, live, adopted), False

    def _forced(self, body: Object) -> bool:
        return wants_force(body) or "enablePatchForce" in self.settings.flags

    def read(self, subject: Subject, identity: str, state: Object, declared: Object) -> tuple[Object, Object] | None:
        """Outputs and inputs of the live object, or None when it is gone."""
        kind = subject.kind
        try:
            live = self.api.get(kind, *split_identity(kind, identity))
        except ApiError as error:
            if error.missing:
                return None
            raise
        live = {"apiVersion": kind.api_version, "kind": kind.name} | live
        plain = as_declared(live, reveal(declared)) if declared else imported_inputs(live)
        inputs = with_secrets_of(plain, declared, kind.secret)
        found = outputs(kind, inputs, live, field_manager(declared, state), state)
        if declared and jobs.is_awaited(kind, inputs):
            try:
                jobs.check_complete(self.api, live)
            except jobs.NotCompleteError as error:
                raise PartialError(str(error), identity, found, inputs) from None
        return found, inputs

    def is_unready(self, kind: Kind, inputs: Object) -> bool:
        """Whether this is a Job that the program wants replaced as long as it is not complete, and it is not."""
        if not kind.awaited or annotation_of(inputs, "pulumi.com/replaceUnready") != "true":
            return False
        try:
            return not jobs.is_complete(self.api.get(kind, namespace_of(reveal(inputs)) or "default", name_of(inputs)))
        except PluginError:
            return False

    def delete(self, subject: Subject, identity: str, state: Object) -> None:
        """Delete the object; of a patch only our fields, the object stays."""
        kind = subject.kind
        namespace, name = split_identity(kind, identity)
        try:
            if kind.patch:
                self._relinquish(kind, namespace, name, field_manager(inputs_in(state), state))
                return
            self.api.delete(kind, namespace, name)
        except ApiError as error:
            if not error.missing:
                raise
        else:
            self._wait_until_gone(subject, namespace, name)

    def _relinquish(self, kind: Kind, namespace: str, name: str, manager: str) -> None:
        live = self.api.get(kind, namespace, name)
        # Applying nothing gives up everything. The uid keeps it from making the object anew if it goes meanwhile.
        metadata = {key: live["metadata"][key] for key in ("name", "namespace", "uid") if key in live["metadata"]}
        self.api.apply(kind, {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}, manager)

    def _wait_until_gone(self, subject: Subject, namespace: str, name: str) -> None:
        deadline = time.monotonic() + _GONE_SECONDS
        while not self._is_gone(subject.kind, namespace, name):
            if time.monotonic() > deadline or self.cancelled.wait(0.1):
                where = "/".join(part for part in (namespace, name) if part)
                raise PluginError(f'{subject.kind.name} "{where}" was told to go but is still there')

    def _is_gone(self, kind: Kind, namespace: str, name: str) -> bool:
        try:
            self.api.get(kind, namespace, name)
        except ApiError as error:
            return error.missing
        return False


def _explained(error: PluginError, manager: str) -> str:
    if not isinstance(error, ApiError):
        return str(error)
    if error.reason == "AlreadyExists":
        return (
            f"{error}. If it shall belong to this stack, import it; to own only some of its fields, use a Patch "
            "resource; if it was renamed in the program, add an alias"
        )
    if error.reason == "Conflict":
        return (
            f"Server-Side Apply field conflict detected. See {_CONFLICT_HELP} for troubleshooting help.\n"
            f'The resource managed by field manager "{manager}" had an apply conflict: {error}'
        )
    return str(error)


def _adopted(live: Object, manager: str) -> list[Object]:
    """`managedFields` of `live` with everything in `_ADOPTED` given to our applies; empty when there is nothing."""
    kept: list[Object] = []
    ours: Object = {}
    taken = 0
    for entry in live["metadata"].get("managedFields") or []:
        if entry.get("subresource"):
            kept.append(entry)
        elif (entry["manager"], entry["operation"]) == (manager, "Apply"):
            ours = _union(entry, ours)
        elif any(entry["manager"].startswith(name) and entry["operation"] == how for name, how in _ADOPTED):
            ours, taken = _union(ours, entry), taken + 1
        else:
            kept.append(entry)
    return [*kept, ours | {"manager": manager, "operation": "Apply"}] if taken else []


def _union(one: Object, other: Object) -> Object:
    """Two entries, or two sets of fields, as one."""
    merged = dict(other)
    for key, value in one.items():
        merged[key] = _union(value, other[key]) if isinstance(value, dict) and key in other else value
    return merged
