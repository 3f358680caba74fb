"""Small Pulumi programs as data, run by the real engine against the lab's API server; what happened comes back as data.

Nothing here knows which Kubernetes plugin answers: the engine finds one in PULUMI_HOME.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.engine_stack import EngineStack, Run

SDK_VERSION = importlib.metadata.version("pulumi_kubernetes")

# Resources by type token, as the project's own components make them. `$output` is the id of an earlier resource, so it
# is unknown until that one exists; `$secret` is a secret text.
_PROGRAM = """
import json, pathlib
import pulumi
from pulumi_kubernetes import Provider

program = json.loads(pathlib.Path(__file__).with_name("program.json").read_text())
providers = {name: Provider(name, **arguments) for name, arguments in program["providers"].items()}
made = {}

def resolved(value):
    if isinstance(value, dict):
        if "$output" in value:
            return made[value["$output"]].id
        if "$secret" in value:
            return pulumi.Output.secret(value["$secret"])
        return {key: resolved(inner) for key, inner in value.items()}
    return value

for resource in program["resources"]:
    options = dict(resource["options"])
    options["depends_on"] = [made[name] for name in options.get("depends_on", [])]
    options["provider"] = providers.get(resource["provider"])
    made[resource["name"]] = pulumi.CustomResource(
        "kubernetes:" + resource["kind"],
        resource["name"],
        resolved(resource["properties"]),
        pulumi.ResourceOptions(version=program["version"], **options),
    )
"""


@dataclass(frozen=True)
class Resource:
    """One resource of a program; `provider` names an explicit one, None is the default provider.

    `kind` is the type token without `kubernetes:`.
    """

    name: str
    kind: str
    properties: Mapping[str, Any]
    provider: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def resource(kind: str, name: str, *, provider: str | None = None, **properties: Any) -> Resource:
    """A resource with the apiVersion and kind that the typed classes of the SDK would add.

    A kind without a group, as in `batch/v1:Job`, is of the core group.
    """
    options = properties.pop("options", {})
    group, _, word = kind.rpartition(":")
    manifest = {"apiVersion": group or "v1", "kind": word.removesuffix("Patch"), **properties}
    return Resource(name, f"{group or 'core/v1'}:{word}", manifest, provider, options)


NOT_AWAITED = {"pulumi.com/skipAwait": "true"}


def job(image: str = "a.example/a:1", **spec: Any) -> dict[str, Any]:
    """What a Job, or the template in a CronJob, says beside its metadata."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": image}]}
    return {"spec": {"template": {"spec": pod}, **spec}}


class Stack(EngineStack):
    """A project with one stack in a folder of its own."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        # The stand-in's patience; the official plugin has its own.
        super().__init__(folder, _PROGRAM, {"LAB_K8S_RETRY_SECONDS": "1", **(environment or {})})

    def preview(self, *resources: Resource, providers: Mapping[str, Any] | None = None) -> Run:
        self._write(resources, providers or {})
        return self.run("preview")

    def up(self, *resources: Resource, providers: Mapping[str, Any] | None = None, flags: tuple[str, ...] = ()) -> Run:
        self._write(resources, providers or {})
        return self.run("up", "--yes", "--skip-preview", *flags)

    def _write(self, resources: tuple[Resource, ...], providers: Mapping[str, Any]) -> None:
        self.write(
            {
                "version": SDK_VERSION,
                "providers": dict(providers),
                "resources": [vars(one) | {"properties": dict(one.properties)} for one in resources],
            }
        )
