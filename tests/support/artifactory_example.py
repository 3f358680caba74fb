"""examples/artifactory as it stands in the project, with what only the lab has in the place of the internet."""

import json
from pathlib import Path

from lab.state import LabState
from lab.workspace import Workspace
from tests.support.example_company import STACKS, example_company
from tests.support.expected_previews import EXAMPLES

__all__ = ["ADMIN", "EXAMPLE", "SERVER", "STACKS", "artifactory_example"]

EXAMPLE = EXAMPLES / "artifactory"
SERVER = "acme.jfrog.io"
ADMIN = "canary-of-jfrogs-admin"


def artifactory_example(folder: Path, lab: LabState, space: str) -> Workspace:
    """Locked, its stacks initialised with their credentials; upstream and the registry are the lab's, which stands for
    JFrog's as the path of a host of one's own. `space` is the namespace.
    """
    assert lab.registry
    edits = (
        ("acme", f"server: {SERVER}", f"server: {lab.registry.host}\n      kind: artifactory"),
        ("prod", "context: prod-eu}", f"context: prod-eu}}\n      namespace: {space}"),
    )
    workspace = example_company("artifactory", folder, lab, edits)
    push = f"chaosreg-credentials:jfrog-push={json.dumps(vars(lab.registry.push))}"
    admin = f"chaosreg-credentials:jfrog-admin={ADMIN}"
    workspace.run("pulumi", "config", "set-all", "--stack", "acme", "--secret", push, "--secret", admin)
    return workspace
