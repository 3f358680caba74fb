"""Repositories that are there before the first `up`, on the real engine: adopted, changed in place, and none deleted.

The API is moto's, the plugin for AWS a stand-in of the lab; ECR's registry is the lab's, under its real name.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.state import load
from lab.workspace import Workspace
from pulumi_chaosreg.provision.ecr import lifecycle
from tests.support.company_on_ecr import company_on_ecr
from tests.support.lab_aws import Crane, client

pytestmark = pytest.mark.engine

THEIR_RULES = {
    "rules": [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 100},
            "action": {"type": "expire"},
        }
    ]
}
THEIR_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Old",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
            "Action": ["ecr:BatchGetImage"],
        }
    ],
}
KEPT = "1.0.0-of-theirs"
REPOSITORY = "aws:ecr/repository:Repository"


@pytest.fixture
def company(tmp_path: Path, label: str, ecr_server: str) -> Workspace:
    return company_on_ecr(tmp_path / "company", label, ecr_server)


@pytest.fixture
def theirs(label: str, tmp_path: Path) -> list[str]:
    """What a team has made: a repository in which everything differs, one nearly like ours, and one of its own."""
    lab = load()
    assert lab.aws
    assert lab.upstream
    ecr, names = client(lab.aws, "ecr"), [f"{label}/{name}" for name in ("chaos-ddcr", "chaos-ddcr-faults", "tools")]
    ecr.create_repository(repositoryName=names[0], tags=[{"Key": "team", "Value": "platform"}])
    ecr.put_lifecycle_policy(repositoryName=names[0], lifecyclePolicyText=json.dumps(THEIR_RULES))
    ecr.set_repository_policy(repositoryName=names[0], policyText=json.dumps(THEIR_POLICY))
    ecr.create_repository(repositoryName=names[1], imageScanningConfiguration={"scanOnPush": True})
    ecr.put_lifecycle_policy(repositoryName=names[1], lifecyclePolicyText=lifecycle(14))
    ecr.create_repository(repositoryName=names[2])
    crane = Crane(lab.aws, tmp_path)
    crane.login()
    source = next(path for path in lab.upstream.digests if "chaos-ddcr:" in path)
    for name in names[:2]:
        done = crane("copy", "--insecure", f"{lab.upstream.host}/harness/{source}", f"{lab.aws.registry}/{name}:{KEPT}")
        assert done.returncode == 0, done.stderr
    return names


def adopt(company: Workspace) -> None:
    """As the command's last lines say."""
    company.run("chaosreg", "adopt", "acme", "--file", "import.json")
    company.run(
        "pulumi",
        "import",
        "--file",
        "import.json",
        "--stack",
        "acme",
        "--generate-code=false",
        "--yes",
        "--skip-preview",
    )


def described(label: str) -> dict[str, dict[str, Any]]:
    """The account's repositories of this test, with the tags and digests of their images."""
    ecr = client(load().aws, "ecr")
    found = (one for one in ecr.describe_repositories()["repositories"] if one["repositoryName"].startswith(label))
    return {
        one["repositoryName"].removeprefix(f"{label}/"): {
            **one,
            "images": {
                (tag, image["imageDigest"])
                for image in ecr.describe_images(repositoryName=one["repositoryName"])["imageDetails"]
                for tag in image.get("imageTags", ())
            },
        }
        for one in found
    }


def test_what_was_there_before_the_first_up_becomes_the_stack_s_in_place(
    company: Workspace, theirs: list[str], label: str
) -> None:
    before = described(label)
    told = company.json("chaosreg", "adopt", "acme", "-o", "json")
    adopt(company)

    # `up` does what was told, and makes what is new: nothing is replaced or deleted
    repositories = {one["repository"]: one for one in told["registries"][0]["repositories"]}
    steps = [step for step in company.preview("acme") if step.type.startswith("aws:")]
    assert {step.op for step in steps} == {"create", "update"}
    updated = {step.name.rpartition("/")[2]: set(step.diff) for step in steps if step.op == "update"}
    settings = {each["setting"]: each["effect"] for each in repositories[theirs[0]]["differences"]}
    assert settings == {
        "immutable_tags": "changed in place",
        "scan_on_push": "changed in place",
        "expire_untagged_after_days": "overwritten",
        "tags.team": "removed",
        "pullers": "changed in place",
    }
    assert set(updated) == {"chaos-ddcr", "chaos-ddcr-faults"}
    assert [each["setting"] for each in repositories[theirs[1]]["differences"]] == ["immutable_tags", "pullers"]
    assert {path.partition("[")[0] for path in updated["chaos-ddcr-faults"]} == {
        "imageTagMutability",
        "imageTagMutabilityExclusionFilters",
    }

    company.up("acme")
    company.up("acme", "--expect-no-changes")
    adopted = company.resources("acme", REPOSITORY)
    assert {(one.get("protect", False), one.get("retainOnDelete")) for one in adopted} == {(False, True)}

    after = described(label)
    assert {one["createdAt"] for name, one in after.items() if name in before} == {
        one["createdAt"] for one in before.values()
    }
    assert all(before[name]["images"] < after[name]["images"] for name in ("chaos-ddcr", "chaos-ddcr-faults"))
    assert after["tools"] == before["tools"]
    ecr = client(load().aws, "ecr")
    rules = ecr.get_lifecycle_policy(repositoryName=theirs[0])["lifecyclePolicyText"]
    assert json.loads(rules) == json.loads(lifecycle(14))

    # nothing is left to adopt
    assert company.json("chaosreg", "adopt", "acme", "-o", "json")["import"]["resources"] == []


@pytest.mark.nightly
def test_an_up_that_stopped_at_what_is_there_goes_on_after_it_was_adopted(
    company: Workspace, theirs: list[str], label: str
) -> None:
    stopped = company.up("acme", check=False)
    assert stopped.returncode
    assert "RepositoryAlreadyExistsException" in stopped.stdout + stopped.stderr

    adopt(company)
    assert "replace" not in {step.op for step in company.preview("acme")}
    company.up("acme")
    company.up("acme", "--expect-no-changes")
    assert KEPT in {tag for tag, _ in described(label)["chaos-ddcr"]["images"]}
