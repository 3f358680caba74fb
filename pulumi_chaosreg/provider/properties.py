"""Properties on the wire: the engine wraps secrets and marks unknown values; resources see plain values.

Whatever was secret, or is by its resource's table, goes back wrapped: no verb gives it away.
"""

from collections.abc import Collection, Mapping
from typing import Any

from google.protobuf import struct_pb2

from pulumi_chaosreg.provider.unknown import UNKNOWN, is_unknown

# https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/properties.go
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - what says that a value is one
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# What an unknown value is of another type than text (sdk/go/common/resource/plugin/rpc.go).
_UNKNOWNS = {
    _UNKNOWN,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
    "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
    "e48ece36-62e2-4504-bad9-02848725956a",  # archive
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
}


def load(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Properties with the wrappers of their secrets. What is null counts as left out."""
    loaded = {key: _loaded(value) for key, value in struct.fields.items()}
    return {key: value for key, value in loaded.items() if value is not None}


def dump(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Properties for the engine, as they are: seal them first."""
    struct = struct_pb2.Struct()
    struct.update({key: _dumped(value) for key, value in values.items() if value is not None})
    return struct


def plain(value: Any) -> Any:
    """Without the wrappers."""
    if _is_secret(value):
        return plain(value["value"])
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def secret_names(*properties: Mapping[str, Any]) -> frozenset[str]:
    """What the engine has sent wrapped, or with something wrapped in it."""
    return frozenset(key for each in properties for key, value in each.items() if _holds_secret(value))


def sealed(values: Mapping[str, Any], secret: Collection[str]) -> dict[str, Any]:
    """The values, with wrappers around those of these names."""
    return {key: _secret(value) if key in secret and value is not None else value for key, value in values.items()}


def _loaded(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
        case "bool_value":
            return value.bool_value
        case "number_value":
            return value.number_value
        case "list_value":
            return [_loaded(item) for item in value.list_value.values]
        case "struct_value":
            return _of_output(load(value.struct_value))
        case _:
            return None


def _of_output(value: dict[str, Any]) -> Any:
    """What an Output is, with what the engine says of it in the place of the Output."""
    if value.get(_SIGNATURE) != _OUTPUT:
        return value
    inner = value.get("value", UNKNOWN)
    return _secret(inner) if value.get("secret") else inner


def _dumped(value: Any) -> Any:
    if is_unknown(value):
        return _UNKNOWN
    if isinstance(value, Mapping):
        return {key: _dumped(item) for key, item in value.items() if item is not None}
    return [_dumped(item) for item in value] if isinstance(value, list | tuple) else value


def _holds_secret(value: Any) -> bool:
    if _is_secret(value):
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_holds_secret, inner))


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET


def _secret(value: Any) -> dict[str, Any]:
    return {_SIGNATURE: _SECRET, "value": value}
