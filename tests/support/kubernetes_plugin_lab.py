"""Small Pulumi programs as data, run by the real engine against the lab's API server; what happened comes back as data.

Nothing here knows which Kubernetes plugin answers: the engine finds one in PULUMI_HOME.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SDK_VERSION = importlib.metadata.version("pulumi_kubernetes")
SLOWEST_COMMAND = 120  # seconds; the official plugin waits 63 of them for a missing namespace

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
        "kubernetes:core/v1:" + resource["kind"],
        resource["name"],
        resolved(resource["properties"]),
        pulumi.ResourceOptions(version=program["version"], **options),
    )
"""


@dataclass(frozen=True)
class Resource:
    """One resource of a program; `provider` names an explicit one, None is the default provider."""

    name: str
    kind: str
    properties: Mapping[str, Any]
    provider: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def resource(kind: str, name: str, *, provider: str | None = None, **properties: Any) -> Resource:
    """A resource with the apiVersion and kind that the typed classes of the SDK would add."""
    options = properties.pop("options", {})
    manifest = {"apiVersion": "v1", "kind": kind.removesuffix("Patch"), **properties}
    return Resource(name, kind, manifest, provider, options)


@dataclass(frozen=True)
class Run:
    """One finished command: what it printed and the events that the engine logged."""

    code: int
    output: str
    events: list[dict[str, Any]]

    def operations(self, name: str) -> list[str]:
        """What the engine did, or planned, with the resource of that name, in this order."""
        return [step["op"] for step in self._steps(name)]

    def differences(self, name: str) -> dict[str, str]:
        """Path to kind of difference, as `--diff` shows them."""
        details: dict[str, str] = {}
        for step in self._steps(name):
            details |= {path: item["diffKind"] for path, item in (step.get("detailedDiff") or {}).items()}
        return details

    def messages(self, severity: str = "") -> str:
        """Everything said to the user, status lines included."""
        said = [event["diagnosticEvent"] for event in self.events if "diagnosticEvent" in event]
        wanted = [one for one in said if one["severity"] == severity or (not severity and one["severity"] != "debug")]
        return "\n".join(one["message"] for one in wanted)

    def _steps(self, name: str) -> list[dict[str, Any]]:
        steps = [event["resourcePreEvent"]["metadata"] for event in self.events if "resourcePreEvent" in event]
        return [step for step in steps if step["urn"].endswith(f"::{name}")]


class Stack:
    """A project with one stack in a folder of its own."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        state = folder / "state"
        state.mkdir(parents=True)
        self._environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
            "PULUMI_DEBUG_COMMANDS": "1",  # what makes `--event-log` known
            "LAB_K8S_RETRY_SECONDS": "1",  # the stand-in's patience; the official plugin has its own
            **(environment or {}),
        }
        (folder / "Pulumi.yaml").write_text("name: plugin\nruntime: python\n")
        (folder / "__main__.py").write_text(_PROGRAM)
        self._call("stack", "init", "test")  # and select it

    def preview(self, *resources: Resource, providers: Mapping[str, Any] | None = None) -> Run:
        self._write(resources, providers or {})
        return self._logged("preview")

    def up(self, *resources: Resource, providers: Mapping[str, Any] | None = None, flags: tuple[str, ...] = ()) -> Run:
        self._write(resources, providers or {})
        return self._logged("up", "--yes", "--skip-preview", *flags)

    def refresh(self) -> Run:
        return self._logged("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Run:
        return self._logged("destroy", "--yes", "--skip-preview")

    def state(self) -> dict[str, dict[str, Any]]:
        """The stack's resources by name, secrets encrypted."""
        exported = json.loads(self._call("stack", "export").stdout)
        return {entry["urn"].rpartition("::")[2]: entry for entry in exported["deployment"]["resources"]}

    def _write(self, resources: tuple[Resource, ...], providers: Mapping[str, Any]) -> None:
        program = {
            "version": SDK_VERSION,
            "providers": dict(providers),
            "resources": [vars(one) | {"properties": dict(one.properties)} for one in resources],
        }
        (self._folder / "program.json").write_text(json.dumps(program))

    def _logged(self, *words: str) -> Run:
        log = self._folder / "events.json"
        log.unlink(missing_ok=True)
        finished = self._call(*words, "--event-log", str(log), check=False)
        events = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return Run(finished.returncode, finished.stdout + finished.stderr, events)

    def _call(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *words, "--non-interactive"],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=SLOWEST_COMMAND,
        )
