"""The plugin reads and writes the engine's properties itself, since the SDK takes long to import: compared with it."""

import asyncio
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc

from pulumi_chaosreg.provider.properties import dump, load, plain, sealed, secret_names
from pulumi_chaosreg.provider.unknown import UNKNOWN, is_unknown

VALUES = {
    "text": "x",
    "number": 1.5,
    "flag": False,
    "list": ["a", {"b": [True]}],
    "mapping": {"c": "d"},
    "unknown": UNKNOWN,
    "secret": rpc.wrap_rpc_secret("s"),
    "holds a secret": {"inner": [rpc.wrap_rpc_secret({"deep": "s"})]},
}


def as_the_sdk_writes(values: dict[str, object]) -> Struct:
    said = {key: rpc.UNKNOWN if is_unknown(value) else value for key, value in values.items()}
    return asyncio.run(rpc.serialize_properties(said, {}))


def test_what_the_sdk_writes_is_read() -> None:
    assert load(as_the_sdk_writes(VALUES)) == VALUES


def test_what_we_write_is_what_the_sdk_writes() -> None:
    assert dump({**VALUES, "none": None}) == as_the_sdk_writes(VALUES)


def test_an_unknown_flag_is_as_unknown_as_an_unknown_text() -> None:
    """The SDK knows the mark of texts only."""
    struct = Struct()
    struct.update({"a": "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7"})
    assert load(struct) == {"a": UNKNOWN}


@pytest.mark.parametrize(
    ("said", "value", "secret"),
    [
        ({"value": "x"}, "x", set()),
        ({"value": "x", "secret": True, "dependencies": ["urn:x"]}, "x", {"a"}),
        ({"dependencies": []}, UNKNOWN, set()),
        ({"secret": True}, UNKNOWN, {"a"}),
    ],
)
def test_an_output_is_what_the_engine_says_of_its_value(said: dict[str, Any], value: Any, secret: set[str]) -> None:
    struct = Struct()
    struct.update({"a": {rpc._special_sig_key: rpc._special_output_value_sig, **said}})
    read = load(struct)
    assert (plain(read), secret_names(read)) == ({"a": value}, secret)


def test_what_is_sealed_the_sdk_takes_for_a_secret() -> None:
    read = rpc.deserialize_properties(dump(sealed({"a": "s", "b": "x", "c": None}, {"a", "c"})))
    assert (read["b"], rpc.is_rpc_secret(read["a"])) == ("x", True)
