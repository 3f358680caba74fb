"""A project with one `MirroredImage` whose inputs a test can change; no stack files, no cluster."""

import json
from pathlib import Path
from typing import Any

from lab.workspace import Workspace

_PROGRAM = """\
import json, os
import pulumi, pulumi_chaosreg

inputs = json.loads(os.environ["IMAGE_INPUTS"])
if inputs:
    opts = pulumi.ResourceOptions(import_=inputs.pop("import", None))
    image = pulumi_chaosreg.MirroredImage("image", **inputs, opts=opts)
    pulumi.export("reference", image.reference)
"""


class OneImage:
    """The stack `one`; `inputs` are the arguments of its only resource."""

    def __init__(self, folder: Path, **inputs: Any) -> None:
        self.workspace = Workspace(folder)
        self.workspace.add_project()
        (folder / "__main__.py").write_text(_PROGRAM, "utf-8")
        (folder / "stacks").mkdir()
        self.inputs = inputs
        self.workspace.init("one")

    def up(self, *flags: str, check: bool = True) -> str:
        """The output of `pulumi up`."""
        self._set()
        done = self.workspace.up("one", *flags, check=check)
        return done.stdout + done.stderr

    def change(self, **inputs: Any) -> tuple[str, tuple[str, ...]]:
        """(operation, differing paths) that a preview shows for the resource when these inputs change."""
        self.inputs |= inputs
        self._set()
        steps = [step for step in self.workspace.preview("one") if step.type == "chaosreg:index:MirroredImage"]
        return (steps[0].op, steps[0].diff) if steps else ("same", ())

    def refresh(self, *flags: str, check: bool = True) -> str:
        """The output of `pulumi refresh`."""
        self._set()
        done = self.workspace.run("pulumi", "refresh", "--stack", "one", "--yes", "--skip-preview", *flags, check=check)
        return done.stdout + done.stderr

    def outputs(self) -> dict[str, Any] | None:
        """The resource's outputs in the state; None where it is not in it."""
        resources = self.workspace.state("one")["deployment"].get("resources") or []
        found = [r["outputs"] for r in resources if r["type"] == "chaosreg:index:MirroredImage"]
        return found[0] if found else None

    def _set(self) -> None:
        self.workspace.environment["IMAGE_INPUTS"] = json.dumps(self.inputs)
