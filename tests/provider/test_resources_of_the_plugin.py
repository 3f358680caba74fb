"""What holds for every custom resource: secrets stay wrapped in every verb, and components say what tables say."""

import asyncio
import inspect
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2 as pb

import pulumi_chaosreg
from pulumi_chaosreg.provider.resource import Found, Occasion, Resource
from pulumi_chaosreg.provider.resources import RESOURCES, Served
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.servicer import Servicer
from pulumi_chaosreg.resources.table import (
    Failure,
    Input,
    Output,
    Properties,
    ResourceChange,
    ResourceTable,
    Shows,
    ValueType,
)

CANARY = "canary-b1d5c0de"
TABLE = ResourceTable(
    "chaosreg:index:Robot",
    inputs=(
        Input("name", required=True, in_state=True),
        Input("admin", ValueType.ANY, Shows.NOTHING, secret=True),
        Input("note", in_state=True),
        Input("labels", ValueType.TEXTS, in_state=True),
    ),
    outputs=(Output("password", secret=True, kept=True), Output("serial")),
)
URN = f"urn:pulumi:one::x::{TABLE.type}::robot"
OUTPUTS = {"name": "r", "password": CANARY, "serial": "1"}


class Robot:
    """A resource of the tests: somebody makes it a password."""

    @classmethod
    def of_run(cls, run: Run) -> "Robot":
        return cls()

    def check(self, inputs: Properties) -> tuple[dict[str, Any], list[Failure]]:
        return TABLE.with_defaults(inputs), TABLE.failures(inputs, lambda _: False)

    def diff(self, state: Properties, inputs: Properties) -> ResourceChange:
        return TABLE.change(state, inputs)

    def preview(self, inputs: Properties) -> Mapping[str, Any]:
        return {}

    def look_ahead(self, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        pass

    def create(self, inputs: Properties, occasion: Occasion) -> tuple[str, Mapping[str, Any]]:
        return "r", {**OUTPUTS, **{key: inputs[key] for key in ("note", "labels") if key in inputs}}

    def update(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> Mapping[str, Any]:
        return self.create(inputs, occasion)[1]

    def read(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> Found | None:
        return Found(
            "r", {"name": "r", "admin": CANARY}, {**OUTPUTS, **{k: v for k, v in state.items() if k == "note"}}
        )

    def delete(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        assert state["password"] == CANARY


def secret(value: Any) -> dict[str, Any]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def call(verb: str, **fields: Any) -> Any:
    """The plugin's answer; mappings among the fields become properties."""

    async def ask() -> Any:
        servicer = Servicer("", {TABLE.type: Served(TABLE, Robot.of_run)})
        packed = {k: await rpc.serialize_properties(v, {}) if isinstance(v, dict) else v for k, v in fields.items()}
        request = getattr(pb, f"{'Check' if verb == 'Check' else verb}Request")(urn=URN, type=TABLE.type, **packed)
        return await getattr(servicer, verb)(request, None)

    return asyncio.run(ask())


def plain_texts(value: Any) -> list[str]:
    """Every text outside of secret wrappers."""
    if isinstance(value, dict):
        return [] if rpc._special_sig_key in value else [t for item in value.values() for t in plain_texts(item)]
    return [t for item in value for t in plain_texts(item)] if isinstance(value, list) else [str(value)]


INPUTS = {"name": "r", "admin": secret(CANARY)}
STATE = {"name": "r", "password": secret(CANARY), "serial": "1"}
VERBS = {
    "Check": {"news": {"name": "r", "admin": CANARY}},
    "Create": {"properties": INPUTS},
    "preview of Create": {"properties": INPUTS, "preview": True},
    "Update": {"olds": STATE, "news": INPUTS},
    "preview of Update": {"olds": STATE, "news": INPUTS, "preview": True},
    "Read": {"id": "r", "properties": STATE, "inputs": INPUTS},
    "Read of an import": {"id": "r"},
}


@pytest.mark.parametrize("what", VERBS)
def test_what_a_table_calls_secret_is_plain_in_no_verb(what: str) -> None:
    answer = call(what.rpartition(" ")[2] if "import" not in what else "Read", **VERBS[what])
    for field in ("inputs", "properties"):
        if answer.DESCRIPTOR.fields_by_name.get(field):
            values = rpc.deserialize_properties(getattr(answer, field), keep_unknowns=True)
            assert CANARY not in plain_texts(values), (what, field)
    assert CANARY in str(answer) or what == "preview of Create"


def test_a_diff_has_names_and_no_values() -> None:
    answer = call("Diff", olds=STATE, old_inputs=INPUTS, news={**INPUTS, "admin": secret("other"), "name": "s"})
    assert list(answer.diffs) == ["name"]
    assert CANARY not in str(answer)


@pytest.mark.parametrize("given", [{"note": secret(CANARY)}, {"labels": [secret(CANARY)]}], ids=["whole", "within"])
def test_an_output_is_as_secret_as_the_input_that_it_repeats(given: dict[str, Any]) -> None:
    for preview in (False, True):
        answer = call("Create", properties={**INPUTS, **given}, preview=preview)
        assert CANARY not in plain_texts(rpc.deserialize_properties(answer.properties, keep_unknowns=True))
        assert CANARY in str(answer)


def test_a_preview_knows_what_an_update_keeps_and_nothing_else_that_must_be_made() -> None:
    answer = call("Update", olds=STATE, news=INPUTS, preview=True).properties.fields
    assert answer["serial"].string_value == rpc.UNKNOWN
    assert answer["password"].struct_value.fields["value"].string_value == CANARY


def test_a_type_that_is_not_in_the_table_is_named_with_those_that_are() -> None:
    class AbortedError(Exception):
        pass

    class Context:
        async def abort(self, code: Any, text: str) -> None:
            raise AbortedError(text)

    request = pb.CheckRequest(urn=URN, type=TABLE.type)
    with pytest.raises(
        AbortedError, match=r"no resource `chaosreg:index:Robot`; it has `chaosreg:index:MirroredImage`"
    ):
        asyncio.run(Servicer("").Check(request, Context()))


@pytest.mark.parametrize("token", RESOURCES)
def test_a_resource_has_a_life_and_a_component_with_the_inputs_of_its_table(token: str) -> None:
    table, name = RESOURCES[token].table, token.rpartition(":")[2]
    served = RESOURCES[token].of_run(Run())
    verbs = [verb for verb in vars(Resource) if not verb.startswith("_")]
    assert [verb for verb in verbs if not callable(getattr(served, verb, None))] == []
    component = getattr(pulumi_chaosreg, name)
    arguments = set(inspect.signature(component).parameters) - {"name", "opts"}
    assert arguments == {one.argument for one in table.inputs}
    assert issubclass(component, pulumi.CustomResource)


def test_components_read_tables_without_the_plugins_weight() -> None:
    code = """
        import sys, importlib, pkgutil, pulumi_chaosreg.resources as room
        for module in pkgutil.iter_modules(room.__path__):
            importlib.import_module(f"{room.__name__}.{module.name}")
    """
    assert loaded_by(code, "grpc", "urllib3", "kubernetes", "pulumi") == "[]"


def test_who_only_adds_entries_loads_no_registry_client() -> None:
    code = """
        import sys
        from pulumi_chaosreg.provider.resources import RESOURCES
        from pulumi_chaosreg.provider.run import Run
        RESOURCES["chaosreg:index:ImagePullSecretEntry"].of_run(Run())
    """
    assert loaded_by(code, "pulumi_chaosreg.oci", "pulumi_chaosreg.mirror", "kubernetes") == "[]"


def loaded_by(code: str, *names: str) -> str:
    """Those of the modules that a process of its own loads for this code."""
    whole = f"{textwrap.dedent(code)}\nprint([name for name in {names} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip()
