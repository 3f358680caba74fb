"""examples/ecr as it stands in the project, with what only the lab has in the place of the internet."""

from pathlib import Path

from lab.state import LabState
from lab.workspace import Workspace
from tests.support.example_company import STACKS, example_company
from tests.support.expected_previews import EXAMPLES

__all__ = ["EXAMPLE", "STACKS", "STANDS_FOR", "ecr_example"]

EXAMPLE = EXAMPLES / "ecr"
STANDS_FOR = {"staging": "plant"}
"""The lab's cluster → the example's."""


def ecr_example(folder: Path, lab: LabState, image: str = "") -> Workspace:
    """Locked, its stacks initialised; upstream, the factory's cluster and the refresher's image are the lab's."""
    assert lab.aws
    edits = [
        ("acme", "https://issuer.plant.acme.example", lab.kubernetes.issuer),
        ("prod", "context: plant", "context: staging"),
    ]
    if image:
        edits.append(("prod", "pull_secret: {", f"pull_secret: {{refresher_image: {image}, "))
    workspace = example_company("ecr", folder, lab, edits)
    workspace.environment |= lab.aws.environment
    return workspace
