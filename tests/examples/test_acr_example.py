"""examples/acr on the engine: what its previews show of a company that has nothing yet."""

import shutil
from pathlib import Path

import pytest

from lab.state import load
from lab.workspace import Workspace
from tests.support.expected_previews import EXAMPLES, as_expected, expected

pytestmark = [pytest.mark.engine, pytest.mark.extra("acr")]


def test_each_preview_is_as_the_example_says(tmp_path: Path) -> None:
    lab = load()
    assert lab.upstream
    workspace = Workspace(tmp_path / "company")
    workspace.add_project()
    shutil.copytree(EXAMPLES / "acr" / "stacks", workspace.folder / "stacks")
    upstream = f"{lab.upstream.host}/harness"
    source = "mirror: {source: docker.io/harness"
    workspace.edit("stacks/Pulumi.acme.yaml", source, f"mirror: {{source: {upstream}, allow_sources: [{upstream}]")
    workspace.edit("stacks/Pulumi.prod.yaml", "context: plant", "context: staging")
    workspace.run("chaosreg", "lock")
    workspace.init("acme", "prod")
    workspace.run(
        "pulumi", "config", "set", "--stack", "prod", "--secret", "chaosreg-credentials:acr-token", "pull-canary"
    )
    assert workspace.run("chaosreg", "validate", "--strict", check=False).returncode == 0
    for stack in ("acme", "prod"):
        assert as_expected(workspace.preview(stack), {"staging": "plant"}) == expected("acr", stack)
