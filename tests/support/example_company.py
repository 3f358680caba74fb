"""A company of examples/ as it stands in the project, with what only the lab has in the place of the internet."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from lab.state import LabState
from lab.workspace import Workspace

EXAMPLES = Path(__file__).parents[2] / "examples"
STACKS = ("acme", "prod")


def example_company(name: str, folder: Path, lab: LabState, edits: Iterable[tuple[str, str, str]] = ()) -> Workspace:
    """Locked, its stacks initialised; images come from the lab's upstream. An edit: stack, old and new text."""
    assert lab.upstream
    workspace = Workspace(folder)
    workspace.add_project()
    shutil.copytree(EXAMPLES / name / "stacks", folder / "stacks")
    upstream = f"{lab.upstream.host}/harness"
    source = (
        "acme",
        "mirror: {source: docker.io/harness",
        f"mirror: {{source: {upstream}, allow_sources: [{upstream}]",
    )
    for stack, old, new in (source, *edits):
        workspace.edit(f"stacks/Pulumi.{stack}.yaml", old, new)
    workspace.run("chaosreg", "lock")
    workspace.init(*STACKS)
    return workspace
