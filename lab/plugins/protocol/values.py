"""Property values on their way between the engine and the plugin.

The SDK's own `pulumi.runtime.rpc` is not used: it knows one of the seven marks for an unknown value, and it lifts a
secret inside an object to the whole object, so that one secret label would hide all metadata of a diff.
"""

import base64
import binascii
import contextlib
from dataclasses import dataclass
from typing import Any, TypeAlias

from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct

Value: TypeAlias = Any  # JSON plus Secret and Unknown; spelt out recursively it costs a cast at every step
Object: TypeAlias = dict[str, Value]

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
# What the engine sends for a value that is known only after `up`, by type (sdk/go/common/resource/plugin/rpc.go).
_UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
_MIN_REDACTED_LENGTH = 4  # shorter values would make an error message unreadable and hide nothing


class Unknown:
    """A value that is known only after `up`."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the state must encrypt; its `repr` shows nothing."""

    value: Value

    def __repr__(self) -> str:
        return "Secret(…)"


def decode(struct: Struct) -> Object:
    """The properties in `struct`, without nulls: to the engine and to Kubernetes null means absent."""
    return {key: _decode(value) for key, value in MessageToDict(struct).items() if value is not None}


def _decode(value: Value) -> Value:
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET:
            return Secret(_decode(value.get("value")))
        return {key: _decode(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_decode(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # protobuf knows only doubles; the API server refuses 3.0 for an integer field
    return UNKNOWN if isinstance(value, str) and value in _UNKNOWNS else value


def encode(properties: Object) -> Struct:
    """`properties` as the engine wants them."""
    return ParseDict(_encode(properties), Struct())


def _encode(value: Value) -> Value:
    if isinstance(value, Secret):
        return {_SIGNATURE: _SECRET, "value": _encode(value.value)}
    if isinstance(value, dict):
        return {key: _encode(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_encode(inner) for inner in value]
    return _UNKNOWN_STRING if isinstance(value, Unknown) else value


def reveal(value: Value) -> Value:
    """`value` without its secret marks, for the API server and for comparisons."""
    if isinstance(value, Secret):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [reveal(inner) for inner in value]
    return value


def contains(value: Value, mark: type[Secret] | type[Unknown]) -> bool:
    """Whether a secret, or an unknown, is anywhere in `value`."""
    if isinstance(value, mark):
        return True
    if isinstance(value, Secret):
        return contains(value.value, mark)
    if isinstance(value, dict):
        return any(contains(inner, mark) for inner in value.values())
    return isinstance(value, list) and any(contains(inner, mark) for inner in value)


def with_secrets_of(target: Object, source: Object, always: tuple[str, ...] = ()) -> Object:
    """`target` with the secret marks of `source`, and with its top-level fields `always` secret.

    Objects are marked field by field; a list is marked whole as soon as one element was secret, because the server
    may return its elements in another order.
    """
    marked: Object = {}
    for key, value in target.items():
        origin = source.get(key)
        if isinstance(value, Secret):
            marked[key] = value
        elif key in always:
            marked[key] = Secret(reveal(value))
        elif isinstance(value, dict) and isinstance(origin, dict):
            marked[key] = with_secrets_of(value, origin)
        else:
            marked[key] = Secret(value) if contains(origin, Secret) else value
    return marked


def redacted(message: str, properties: Object) -> str:
    """`message` without any text that is secret in `properties`, plain or in base64: servers quote what they refuse."""
    for text in sorted(_secret_texts(properties, inside=False), key=len, reverse=True):
        message = message.replace(text, "[secret]")
    return message


def _secret_texts(value: Value, *, inside: bool) -> set[str]:
    if isinstance(value, Secret):
        return _secret_texts(value.value, inside=True)
    if isinstance(value, dict | list):
        children = value.values() if isinstance(value, dict) else value
        return {text for child in children for text in _secret_texts(child, inside=inside)}
    if not inside or not isinstance(value, str):
        return set()
    found = {value, base64.b64encode(value.encode()).decode()}
    with contextlib.suppress(binascii.Error, UnicodeDecodeError):
        found.add(base64.b64decode(value, validate=True).decode())
    return {text for text in found if len(text) >= _MIN_REDACTED_LENGTH}
