"""Kubernetes objects as Pulumi sees them: names, ids, declared inputs, and the form in which they lie in the state."""

import base64
import binascii
import hashlib
import secrets

from lab.plugins.kubernetes.kinds import Kind
from lab.plugins.protocol.errors import PluginError
from lab.plugins.protocol.values import Object, Unknown, Value, reveal, with_secrets_of

_AUTONAMED = "pulumi.com/autonamed"
_FIELD_MANAGER_ANNOTATION = "pulumi.com/patchFieldManager"
_FORCE_ANNOTATION = "pulumi.com/patchForce"
_INPUTS = "__inputs"
_FIELD_MANAGER = "__fieldManager"
_API_VERSION = "__initialApiVersion"
# What the server fills in: never an input, even when a program copied it from a live object.
_SERVER_METADATA = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)


def name_of(item: Object) -> str:
    return _text(item, "name")


def namespace_of(item: Object) -> str:
    return _text(item, "namespace")


def annotation_of(item: Object, key: str) -> str:
    """The text of an annotation; empty where there is none, or where nobody knows it yet."""
    metadata = reveal(item.get("metadata"))
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    value = annotations.get(key) if isinstance(annotations, dict) else None
    return "" if value is None or isinstance(value, Unknown) else str(value)


def identity_of(item: Object) -> str:
    """Pulumi's id: `namespace/name`, or `name` of a cluster-scoped object."""
    return "/".join(part for part in (namespace_of(item), name_of(item)) if part)


def split_identity(kind: Kind, identity: str) -> tuple[str, str]:
    """Namespace and name in a Pulumi id, which a user may have typed for an import."""
    namespace, _, name = identity.rpartition("/")
    if not name:
        raise PluginError(f"{identity!r} is not an id of a {kind.name}: expected `namespace/name` or `name`")
    return (namespace or "default") if kind.namespaced else "", name


def checked_inputs(kind: Kind, urn: str, new: Object, old: Object, namespace: str, seed: bytes) -> Object:
    """`new` with everything that the program left to us: apiVersion, kind, name and namespace."""
    inputs: Object = {"apiVersion": kind.api_version, "kind": kind.name} | reveal(new)
    metadata = inputs.setdefault("metadata", {})
    if isinstance(metadata, dict):
        inputs["metadata"] = metadata = {key: metadata[key] for key in metadata if key not in _SERVER_METADATA}
        if "generateName" in metadata:
            raise PluginError("the `.metadata.generateName` field is not supported in Server-Side Apply mode")
        if not metadata.get("name"):
            if kind.patch:
                raise PluginError("patch resources require the `.metadata.name` field to be set")
            _autoname(metadata, reveal(old), urn.rpartition("::")[2], seed)
        if kind.namespaced and namespace and not metadata.get("namespace"):
            metadata["namespace"] = namespace
    return with_secrets_of(inputs, new, kind.secret)


def _autoname(metadata: Object, old: Object, resource_name: str, seed: bytes) -> None:
    """Keep the name that we gave before, or make one. A replacement arrives without `old` and so gets a new one."""
    random = hashlib.sha256(seed).hexdigest()[:8] if seed else secrets.token_hex(4)
    metadata["name"] = name_of(old) if is_autonamed(old) else f"{resource_name}-{random}"
    metadata["annotations"] = (metadata.get("annotations") or {}) | {_AUTONAMED: "true"}


def is_autonamed(item: Object) -> bool:
    return bool(name_of(item)) and annotation_of(item, _AUTONAMED) == "true"


def wants_force(inputs: Object) -> bool:
    """Whether the program asked to take over fields that belong to others."""
    return annotation_of(inputs, _FORCE_ANNOTATION) == "true"


def field_manager(inputs: Object, state: Object) -> str:
    """Who we are to the API server: named by the program, or the same as ever, or new."""
    named = annotation_of(inputs, _FIELD_MANAGER_ANNOTATION) or state.get(_FIELD_MANAGER)
    return str(named) if named else f"pulumi-kubernetes-{secrets.token_hex(4)}"


def outputs(
    kind: Kind, inputs: Object, live: Object, manager: str, state: Object | None = None, sent: Object | None = None
) -> Object:
    """What goes into the state: the live object, what the program declared (secret as it was), and who we are.

    `sent`, where it differs from the inputs, is what of them went to the server.
    """
    plain = reveal(inputs) if sent is None else sent
    return with_secrets_of(live, inputs, kind.secret) | {
        _INPUTS: with_secrets_of(plain, inputs, kind.secret),
        _API_VERSION: (state or {}).get(_API_VERSION, kind.api_version),
        _FIELD_MANAGER: manager,
    }


def live_in(state: Object) -> Object:
    """The object as it was when the state was written, without secret marks."""
    return {key: value for key, value in reveal(state).items() if not key.startswith("__")}


def inputs_in(state: Object) -> Object:
    """What the program had declared when the state was written, without secret marks."""
    return dict(reveal(state.get(_INPUTS) or {}))


def as_declared(live: Object, declared: Object) -> Object:
    """`live` cut down to the fields that `declared` names: the server adds many that are nobody's business."""
    texts = declared.get("stringData")
    if isinstance(texts, dict):  # write-only: the server returns it as `data`
        live = live | {"stringData": {key: _decoded(live.get("data") or {}, key) for key in texts}}
    pruned = _prune(live, declared)
    return dict(pruned)


def imported_inputs(live: Object) -> Object:
    """Inputs for an object that no program declared yet: everything that the server did not make up."""
    metadata = {key: value for key, value in live["metadata"].items() if key not in _SERVER_METADATA}
    return {key: value for key, value in live.items() if key != "status"} | {"metadata": metadata}


def without_empty(value: Value) -> Value:
    """`value` without empty objects and lists, which the server drops."""
    if isinstance(value, dict):
        kept = {key: without_empty(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in ({}, [])}
    return [without_empty(inner) for inner in value] if isinstance(value, list) else value


def _prune(live: Value, declared: Value) -> Value:
    if isinstance(live, dict) and isinstance(declared, dict):
        return {key: _prune(value, declared[key]) for key, value in live.items() if key in declared}
    if isinstance(live, list) and isinstance(declared, list):
        return [_prune(value, declared[i]) if i < len(declared) else value for i, value in enumerate(live)]
    return live


def _decoded(data: Object, key: str) -> str | None:
    try:
        return base64.b64decode(data[key]).decode()
    except (KeyError, TypeError, binascii.Error, UnicodeDecodeError):
        return None


def _text(item: Object, field: str) -> str:
    metadata = item.get("metadata")
    value = metadata.get(field) if isinstance(metadata, dict) else None
    return value if isinstance(value, str) else ""
