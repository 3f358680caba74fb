"""A working copy of the project's Pulumi side: `stacks/` with the lab's hosts filled in, and a backend of its own.

The demo and the engine tests work here, so that the checkout stays as it is.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.state import LabState

_PROJECT = Path(__file__).resolve().parent.parent
PASSPHRASE = "the-lab's-passphrase"


@dataclass(frozen=True)
class Step:
    """One resource in a preview: what will happen to it, and the property paths that differ."""

    op: str
    urn: str
    diff: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The resource's own type token."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        """The resource's name."""
        return self.urn.split("::", 3)[3]


_ON_A_DAY = """\
from datetime import date

import pulumi_chaosreg.clock

pulumi_chaosreg.clock.now = lambda: date.fromisoformat("{day}")

from pulumi_chaosreg.program import run

run()
"""


class Workspace:
    """A folder with Pulumi.yaml, `__main__.py` and `stacks/`, and the commands that people run in it."""

    def __init__(self, folder: Path, *, passphrase: str = PASSPHRASE) -> None:
        self.folder = folder
        backend = folder / ".backend"
        backend.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_CONFIG_PASSPHRASE": passphrase,
            "NO_COLOR": "1",
        }

    @classmethod
    def of_company(cls, folder: Path, lab: LabState) -> "Workspace":
        """A copy of this project's own example company, whose registries are the lab's."""
        if lab.registry is None or lab.upstream is None:
            raise LabError("the parts `registry` and `upstream` are needed")
        workspace = cls(folder)
        workspace.add_project()
        shutil.copytree(_PROJECT / "stacks", folder / "stacks")
        for path in (folder / "stacks").glob("*.yaml"):
            text = path.read_text("utf-8")
            for ours, theirs in (
                ("harbor.company.com", lab.registry.host),
                ("docker.io/harness", f"{lab.upstream.host}/harness"),
                ("chaos-user", lab.registry.pull.username),
            ):
                text = text.replace(ours, theirs)
            path.write_text(text, "utf-8")
        allowed = f"allow_sources: [{lab.upstream.host}/harness]"
        workspace.edit("stacks/Pulumi.acme.yaml", "push: harbor-push", f"push: harbor-push\n      {allowed}")
        return workspace

    @classmethod
    def of_files(cls, folder: Path) -> "Workspace":
        """A copy of the same company as its files have it, for commands that need neither lab nor network."""
        workspace = cls(folder)
        workspace.environment["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
        workspace.add_project()
        shutil.copytree(_PROJECT / "stacks", folder / "stacks")
        return workspace

    def copy_of_project(self) -> Path:
        """Pulumi.yaml and the stack files as they are now, to compare with later."""
        copy = self.folder / ".before"
        copy.mkdir()
        shutil.copy(self.folder / "Pulumi.yaml", copy)
        shutil.copytree(self.folder / "stacks", copy / "stacks")
        return copy

    def add_project(self) -> None:
        """Pulumi.yaml and the program; the plugin's path is this checkout's."""
        text = (_PROJECT / "Pulumi.yaml").read_text("utf-8")
        (self.folder / "Pulumi.yaml").write_text(text.replace(".venv", str(_PROJECT / ".venv")), "utf-8")
        shutil.copy(_PROJECT / "__main__.py", self.folder)

    def add_stacks(self, **texts: str) -> None:
        """Stack files, by stack."""
        (self.folder / "stacks").mkdir(exist_ok=True)
        for stack, text in texts.items():
            (self.folder / "stacks" / f"Pulumi.{stack}.yaml").write_text(text, "utf-8")

    def set_day(self, day: str) -> None:
        """Let the program believe that it is this day (`2026-12-10`); what it makes with others keeps their clocks."""
        (self.folder / "__main__.py").write_text(_ON_A_DAY.format(day=day), "utf-8")

    def init(self, *stacks: str) -> None:
        """`pulumi stack init` for each."""
        for stack in stacks:
            self.run("pulumi", "stack", "init", "--stack", stack)

    def set_credentials(self, stack: str, lab: LabState) -> None:
        """The two credentials of the example company, as a user would set them."""
        assert lab.registry is not None
        push = f"chaosreg-credentials:harbor-push={json.dumps(vars(lab.registry.push))}"
        pull = f"chaosreg-credentials:harbor-credentials={lab.registry.pull.password}"
        self.run("pulumi", "config", "set-all", "--stack", stack, "--secret", pull, "--secret", push)

    def run(self, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run it here and return its output; LabError with all of it when it fails and `check` is on."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            raise LabError(f"`{' '.join(command)}` ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def json(self, *command: str) -> Any:
        """What a command prints as JSON."""
        return json.loads(self.run(*command).stdout)

    def show(self, *command: str) -> int:
        """Run it here, its output straight to the terminal; returns its exit code."""
        return subprocess.run(command, cwd=self.folder, env=self.environment, check=False).returncode

    def up(self, stack: str, *flags: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """`pulumi up` without questions."""
        return self.run("pulumi", "up", "--stack", stack, "--yes", "--skip-preview", *flags, check=check)

    def preview(self, stack: str, *flags: str) -> list[Step]:
        """What `pulumi preview` says would happen, without what stays the same."""
        done = self.run("pulumi", "preview", "--stack", stack, "--json", *flags)
        return [step for step in _steps(json.loads(done.stdout)["steps"]) if step.op not in ("same", "read")]

    def state(self, stack: str) -> dict[str, Any]:
        """The stack's state as it is stored, secrets encrypted."""
        exported: dict[str, Any] = json.loads(self.run("pulumi", "stack", "export", "--stack", stack).stdout)
        return exported

    def resources(self, stack: str, type_: str) -> list[dict[str, Any]]:
        """Those of this type in the stack's state."""
        return [one for one in self.state(stack)["deployment"]["resources"] if one["type"] == type_]

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace one piece of text in a file that must have it."""
        path = self.folder / file
        text = path.read_text("utf-8")
        if old not in text:
            raise LabError(f"{file} does not have: {old}")
        path.write_text(text.replace(old, new), "utf-8")


def _steps(raw: Sequence[dict[str, Any]]) -> Iterator[Step]:
    for step in raw:
        diff = step.get("detailedDiff") or dict.fromkeys(step.get("diffReasons") or ())
        yield Step(step["op"], step["urn"], tuple(sorted(diff)))
