"""ECR over time: what each setting's change does, and an `up` that AWS stops in the middle, and the next one."""

import secrets
from collections import Counter
from pathlib import Path

import pytest

from lab.aws_orders import refuse
from lab.state import load
from lab.workspace import Workspace
from tests.support.company_on_ecr import company_on_ecr
from tests.support.lab_aws import client

pytestmark = [pytest.mark.engine, pytest.mark.nightly]
ACME = "stacks/Pulumi.acme.yaml"
SAID = "repositories: {create: true, pullers: {organization: o-a1b2c3d4e5}}"
REPOSITORY, LIFECYCLE = "aws:ecr/repository:Repository", "aws:ecr/lifecyclePolicy:LifecyclePolicy"
POLICY, ROLE, ROLE_POLICY = (
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
)
PULLERS = "pullers: {organization: o-a1b2c3d4e5}"
CHANGES = {
    "immutable_tags": (f"create: true, immutable_tags: false, {PULLERS}", {("update", REPOSITORY)}),
    "scan_on_push": (f"create: true, scan_on_push: false, {PULLERS}", {("update", REPOSITORY)}),
    "expire_untagged_after_days": (f"create: true, expire_untagged_after_days: 3, {PULLERS}", {("replace", LIFECYCLE)}),
    "tags": (f"create: true, tags: {{team: x}}, {PULLERS}", {("update", REPOSITORY)}),
    "pullers": ('create: true, pullers: {accounts: ["210987654321"]}', {("update", POLICY)}),
    "no pullers": ("create: true", {("delete", POLICY)}),
    "identities": (
        f'create: true, {PULLERS}, identities: {{pull: {{trust: {{account: "210987654321", root: true}}}}}}',
        {("create", ROLE), ("create", ROLE_POLICY)},
    ),
    "protect": (f"create: true, protect: true, {PULLERS}", set()),  # the engine's own: nothing of a resource changes
}


@pytest.fixture(scope="module")
def space() -> str:
    """The company's path at ECR; several processes of tests have one each."""
    return f"life{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, ecr_server: str, space: str) -> Workspace:
    """Whose account is up."""
    made = company_on_ecr(tmp_path_factory.mktemp("life") / "company", space, ecr_server)
    made.up("acme")
    return made


@pytest.mark.parametrize("setting", CHANGES)
def test_a_change_is_what_the_page_says(company: Workspace, setting: str) -> None:
    said, expected = CHANGES[setting]
    company.edit(ACME, SAID, f"repositories: {{{said}}}")
    try:
        steps = company.preview("acme")
    finally:
        company.edit(ACME, f"repositories: {{{said}}}", SAID)
    assert {(step.op, step.type) for step in steps} == expected


def test_another_number_of_days_leaves_a_policy_there(company: Workspace, space: str) -> None:
    company.edit(ACME, SAID, f"repositories: {{create: true, expire_untagged_after_days: 3, {PULLERS}}}")
    company.up("acme")
    company.up("acme", "--expect-no-changes")

    ecr = client(load().aws, "ecr")
    assert '"countNumber":3' in ecr.get_lifecycle_policy(repositoryName=f"{space}/chaos-ddcr")["lifecyclePolicyText"]
    company.edit(ACME, f"repositories: {{create: true, expire_untagged_after_days: 3, {PULLERS}}}", SAID)
    company.up("acme")


def test_another_path_makes_other_repositories_and_keeps_the_old(company: Workspace, space: str) -> None:
    company.edit(ACME, f"account: {space}", "account: other")
    try:
        steps = company.preview("acme")
    finally:
        company.edit(ACME, "account: other", f"account: {space}")
    ops = Counter((step.op, step.type) for step in steps)
    assert ops[("create", REPOSITORY)] == ops[("delete", REPOSITORY)] > 0  # `delete` of what is retained forgets it
    assert not [step for step in steps if "replace" in step.op]


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ("CreateRepository", "AccessDeniedException"),
        ("PutLifecyclePolicy", "AccessDeniedException"),
        ("SetRepositoryPolicy", "AccessDeniedException"),
    ],
)
def test_an_up_that_stops_in_the_middle_goes_on_with_the_next(
    tmp_path: Path, label: str, operation: str, reason: str
) -> None:
    lab = load()
    assert lab.aws
    company = company_on_ecr(tmp_path / "company", label, lab.aws.registry)
    refuse(lab.aws, operation, reason, times=1)

    assert company.up("acme", check=False).returncode != 0
    company.up("acme")
    company.up("acme", "--expect-no-changes")

    ecr = client(lab.aws, "ecr")
    names = [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]]
    ours = [name for name in names if name.startswith(f"{label}/")]
    assert ours
    for name in ours:  # nothing is half there
        assert ecr.describe_images(repositoryName=name)["imageDetails"]
        assert ecr.get_lifecycle_policy(repositoryName=name)
        assert ecr.get_repository_policy(repositoryName=name)
