"""A company on JFrog Artifactory: examples/artifactory from nothing, through each setting and the turns of its tokens.

JFrog's API is a stand-in that records (lab/plugins/artifactory) and can revoke nothing; images go to a real registry
where Artifactory would be, and clusters get the tokens that were recorded.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab.registry import RegistryServer
from lab.state import LabState
from lab.workspace import Workspace
from tests.support.artifactory_example import ADMIN, SERVER, STACKS, artifactory_example
from tests.support.crane import crane
from tests.support.expected_previews import as_expected, expected
from tests.support.pull_secret import login_of

pytestmark = pytest.mark.engine

PROVIDER = "pulumi:providers:artifactory"
REPOSITORY = "artifactory:index/dockerV2Repository:DockerV2Repository"
TOKEN = "artifactory:index/scopedToken:ScopedToken"
FILE = "stacks/Pulumi.acme.yaml"


@pytest.fixture
def company(tmp_path: Path, label: str, lab: LabState) -> Workspace:
    return artifactory_example(tmp_path / "company", lab, label)


def of(company: Workspace, type_: str) -> list[dict[str, Any]]:
    return company.resources("acme", type_)


def ops(company: Workspace) -> list[tuple[str, str]]:
    """(what the preview would do, with what) of JFrog's resources."""
    steps = company.preview("acme")
    return sorted((step.op, step.name) for step in steps if step.type in (PROVIDER, REPOSITORY, TOKEN))


def image(target: RegistryServer) -> str:
    return f"{target.host}/docker-local/chaos/chaos-ddcr:1.93.0"


def days_later(company: Workspace, days: int) -> None:
    day = datetime.now(UTC).date() + timedelta(days)
    company.set_day(day.isoformat())


def test_from_nothing_to_a_cluster_that_pulls_with_a_token_of_its_own(
    company: Workspace, lab: LabState, label: str, private_target: RegistryServer
) -> None:
    said: list[str] = []
    for stack in STACKS:
        assert as_expected(company.preview(stack), {private_target.host: SERVER}) == expected("artifactory", stack)
        done = company.up(stack)
        said.append(done.stdout + done.stderr)

    # the repository is there before its images, and tokens may only read it
    assert "this is the lab's stand-in for the official plugin (lab/plugins/artifactory)" in said[0]
    (repository,) = of(company, REPOSITORY)
    assert (repository["id"], repository["inputs"]["maxUniqueTags"]) == ("docker-local", 0)
    assert {tuple(one["inputs"]["scopes"]) for one in of(company, TOKEN)} == {("artifact:docker-local:r",)}
    assert crane(company, lab, "digest", image(private_target), "--insecure").startswith("sha256:")

    # the cluster pulls with this turn's token, which no output and no state shows
    user, token = login_of(lab, label)
    assert user == "chaos-pull.acme.prod"
    assert re.fullmatch(
        r"lab-jwt/chaos-pull\.acme\.prod/pulumi-chaosreg: acme for stack prod pulls from .*, [ab]\d+", token
    )
    said += [json.dumps(company.state(stack)) for stack in STACKS]
    said.append(company.up("acme", "--expect-no-changes", "--diff").stdout)
    assert [text for text in said if ADMIN in text or "lab-jwt" in text] == []


@pytest.mark.nightly
def test_a_failure_turns_settings_and_destroy(
    company: Workspace, lab: LabState, label: str, private_target: RegistryServer
) -> None:
    # a failure in the middle leaves a state that goes on
    days_later(company, 0)
    company.environment["LAB_ARTIFACTORY_FAILS"] = "Create ScopedToken"
    failed = company.up("acme", check=False)
    assert failed.returncode
    assert "Error 503" in failed.stdout + failed.stderr
    assert ADMIN not in failed.stdout + failed.stderr
    assert len(of(company, REPOSITORY)) == 1
    del company.environment["LAB_ARTIFACTORY_FAILS"]
    for stack in STACKS:
        company.up(stack)
        company.up(stack, "--expect-no-changes")
    user, first = login_of(lab, label)

    # when half of a life is over, the older token is made anew, and the one in use stays
    days_later(company, 45)
    ((_, name),) = [one for one in ops(company) if one[0] == "replace"]
    company.up("acme")
    assert login_of(lab, label) == (user, first)
    company.up("prod")
    _, second = login_of(lab, label)
    assert second != first
    assert name.endswith(f"/prod/{second.rstrip('0123456789')[-1]}")

    # each setting updates, or replaces nothing
    company.edit(FILE, "create: true,", "create: true, scan_on_push: true,")
    assert [op for op, _ in ops(company)] == ["update"]
    company.edit(FILE, "scan_on_push: true,", "immutable_tags: false,")
    assert ops(company) == []

    # and what is destroyed leaves the repository, and tokens that end by themselves
    for stack in reversed(STACKS):
        company.run("pulumi", "destroy", "--yes", "--skip-preview", "--stack", stack)
    assert crane(company, lab, "digest", image(private_target), "--insecure").startswith("sha256:")
