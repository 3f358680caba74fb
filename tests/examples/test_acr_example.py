"""examples/acr on the engine: what its previews show of a company that has nothing yet."""

from pathlib import Path

import pytest

from lab.state import load
from tests.support.example_company import STACKS, example_company
from tests.support.expected_previews import as_expected, expected

pytestmark = [pytest.mark.engine, pytest.mark.extra("acr")]


def test_each_preview_is_as_the_example_says(tmp_path: Path) -> None:
    lab = load()
    workspace = example_company("acr", tmp_path / "company", lab, [("prod", "context: plant", "context: staging")])
    workspace.run(
        "pulumi", "config", "set", "--stack", "prod", "--secret", "chaosreg-credentials:acr-token", "pull-canary"
    )
    assert workspace.run("chaosreg", "validate", "--strict", check=False).returncode == 0
    for stack in STACKS:
        assert as_expected(workspace.preview(stack), {"staging": "plant"}) == expected("acr", stack)
