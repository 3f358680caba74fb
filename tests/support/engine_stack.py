"""A Pulumi program that reads what to make from a file, run by the real engine; what happened comes back as data."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SLOWEST_COMMAND = 120  # seconds; the official Kubernetes plugin waits 63 of them for a missing namespace


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


class EngineStack:
    """A project with one stack in a folder of its own; its program finds `program.json` beside itself."""

    def __init__(self, folder: Path, program: str, environment: Mapping[str, str]) -> None:
        self._folder = folder
        state = folder / "state"
        state.mkdir(parents=True)
        self._environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
            "PULUMI_DEBUG_COMMANDS": "1",  # what makes `--event-log` known
            **environment,
        }
        (folder / "Pulumi.yaml").write_text("name: plugin\nruntime: python\n")
        (folder / "__main__.py").write_text(program)
        self._call("stack", "init", "test")  # and select it

    def write(self, program: Mapping[str, Any]) -> None:
        """Let the program find this."""
        (self._folder / "program.json").write_text(json.dumps(program))

    def configure(self, key: str, value: str) -> None:
        """`pulumi config set`."""
        self._call("config", "set", key, value)

    def run(self, *words: str) -> Run:
        """A command of the engine."""
        log = self._folder / "events.json"
        log.unlink(missing_ok=True)
        finished = self._call(*words, "--event-log", str(log), check=False)
        events = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return Run(finished.returncode, finished.stdout + finished.stderr, events)

    def refresh(self) -> Run:
        return self.run("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Run:
        return self.run("destroy", "--yes", "--skip-preview")

    def state(self) -> dict[str, dict[str, Any]]:
        """The stack's resources by name, secrets encrypted."""
        exported = json.loads(self._call("stack", "export").stdout)
        return {entry["urn"].rpartition("::")[2]: entry for entry in exported["deployment"]["resources"]}

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
