"""Properties on the wire: the engine wraps secrets and marks unknown values; resources see plain values.

Whatever was secret, or is by its resource's table, goes back wrapped: no verb gives it away.
"""

from collections.abc import Collection, Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc


def load(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Properties with their wrappers."""
    return dict(rpc.deserialize_properties(struct, keep_unknowns=True) or {})


async def dump(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Properties for the engine, as they are: seal them first."""
    return await rpc.serialize_properties(dict(values), {})


def plain(value: Any) -> Any:
    """Without the wrappers."""
    if rpc.is_rpc_secret(value):
        return plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def secret_names(*properties: Mapping[str, Any]) -> frozenset[str]:
    """What the engine has sent wrapped, or with something wrapped in it."""
    return frozenset(key for each in properties for key, value in each.items() if _holds_secret(value))


def sealed(values: Mapping[str, Any], secret: Collection[str]) -> dict[str, Any]:
    """The values, with wrappers around those of these names."""
    return {key: _secret(value) if key in secret and value is not None else value for key, value in values.items()}


def _holds_secret(value: Any) -> bool:
    if rpc.is_rpc_secret(value):
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_holds_secret, inner))


def _secret(value: Any) -> dict[str, Any]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}
