"""examples/ecr as it stands in the project, with what only the lab has in the place of the internet."""

import shutil
from pathlib import Path

from lab.state import LabState
from lab.workspace import Workspace
from tests.support.expected_previews import EXAMPLES

EXAMPLE = EXAMPLES / "ecr"
STACKS = ("acme", "prod")
STANDS_FOR = {"staging": "plant"}
"""The lab's cluster → the example's."""


def ecr_example(folder: Path, lab: LabState, image: str = "") -> Workspace:
    """Locked, its stacks initialised; upstream, the factory's cluster and the refresher's image are the lab's."""
    assert lab.upstream
    assert lab.aws
    workspace = Workspace(folder)
    workspace.add_project()
    shutil.copytree(EXAMPLE / "stacks", folder / "stacks")
    upstream = f"{lab.upstream.host}/harness"
    source = "mirror: {source: docker.io/harness"
    workspace.edit("stacks/Pulumi.acme.yaml", source, f"mirror: {{source: {upstream}, allow_sources: [{upstream}]")
    workspace.edit("stacks/Pulumi.acme.yaml", "https://issuer.plant.acme.example", lab.kubernetes.issuer)
    workspace.edit("stacks/Pulumi.prod.yaml", "context: plant", "context: staging")
    if image:
        workspace.edit("stacks/Pulumi.prod.yaml", "pull_secret: {", f"pull_secret: {{refresher_image: {image}, ")
    workspace.environment |= lab.aws.environment
    workspace.run("chaosreg", "lock")
    workspace.init(*STACKS)
    return workspace
