"""Small Pulumi programs of pulumi-aws' typed classes, as data, run by the real engine against the lab's AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.state import AwsState
from tests.support.engine_stack import EngineStack, Run

# `$output` is an output of an earlier resource, so it is unknown until that one exists.
_PROGRAM = """
import json, operator, pathlib
import pulumi
import pulumi_aws as aws

program = json.loads(pathlib.Path(__file__).with_name("program.json").read_text())
providers = {name: aws.Provider(name, **arguments) for name, arguments in program["providers"].items()}
made = {}

def resolved(value):
    if isinstance(value, dict):
        if "$output" in value:
            name, output = value["$output"]
            return getattr(made[name], output)
        if "$secret" in value:
            return pulumi.Output.secret(value["$secret"])
        return {key: resolved(inner) for key, inner in value.items()}
    return value

for resource in program["resources"]:
    options = pulumi.ResourceOptions(provider=providers.get(resource["provider"]), **resource["options"])
    make = operator.attrgetter(resource["kind"])(aws)
    made[resource["name"]] = make(resource["name"], opts=options, **resolved(resource["arguments"]))
if program["caller"]:
    pulumi.export("account", aws.get_caller_identity().account_id)
"""


@dataclass(frozen=True)
class Resource:
    """One resource of a program; `provider` names an explicit one, None is the default provider."""

    name: str
    kind: str
    arguments: Mapping[str, Any]
    provider: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def resource(kind: str, called: str, /, *, provider: str | None = None, **arguments: Any) -> Resource:
    """A resource by its class below `pulumi_aws`, with the arguments of its constructor (`name` is one of them)."""
    options = arguments.pop("options", {})
    return Resource(called, kind, arguments, provider, options)


class Stack(EngineStack):
    """A project with one stack in a folder of its own."""

    def __init__(self, folder: Path, aws: AwsState, environment: Mapping[str, str] | None = None) -> None:
        super().__init__(folder, _PROGRAM, {**aws.environment, **(environment or {})})

    def preview(self, *resources: Resource, **program: Any) -> Run:
        self._write(resources, program)
        return self.run("preview")

    def up(self, *resources: Resource, **program: Any) -> Run:
        self._write(resources, program)
        return self.run("up", "--yes", "--skip-preview")

    def _write(self, resources: tuple[Resource, ...], program: Mapping[str, Any]) -> None:
        described = [vars(one) | {"arguments": dict(one.arguments), "options": dict(one.options)} for one in resources]
        self.write({"resources": described, "providers": {}, "caller": False, **program})
