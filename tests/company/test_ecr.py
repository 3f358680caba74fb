"""Amazon ECR from nothing on the real engine: repositories, images, and clusters that need no Secret.

The API is moto's, the plugin for AWS a stand-in of the lab; ECR's registry is the lab's, under its real name.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.state import LabState, load
from lab.workspace import Workspace
from tests.support.company_on_ecr import company_on_ecr
from tests.support.lab_aws import client

pytestmark = pytest.mark.engine


@pytest.fixture
def company(tmp_path: Path, label: str, ecr_server: str) -> Workspace:
    return company_on_ecr(tmp_path / "company", label, ecr_server)


def made(company: Workspace, stack: str) -> dict[str, list[dict[str, Any]]]:
    """Type → resources in the state."""
    found: dict[str, list[dict[str, Any]]] = {}
    for resource in company.state(stack)["deployment"]["resources"]:
        found.setdefault(resource["type"], []).append(resource)
    return found


def test_from_nothing_to_clusters_that_need_no_secret(company: Workspace, label: str) -> None:
    lab: LabState = load()
    ecr = client(lab.aws, "ecr")

    # one `up` makes repositories and fills them
    company.up("acme")
    repositories = ecr.describe_repositories()["repositories"]
    ours = {each["repositoryName"]: each for each in repositories if each["repositoryName"].startswith(f"{label}/")}
    images = {f"{label}/{path}": digest for path, digest in lab.upstream.digests.items()}
    filled = {
        f"{name}:{image['imageTags'][0]}": image["imageDigest"]
        for name in ours
        for image in ecr.describe_images(repositoryName=name)["imageDetails"]
        if image.get("imageTags")
    }
    assert filled
    assert filled.items() <= images.items()
    assert {name.partition(":")[0] for name in filled} == set(ours)
    assert f"{label}/chaos-exporter" in ours  # which no infrastructure needs: `mirror.also` lists it
    assert {each["imageTagMutability"] for each in ours.values()} == {"IMMUTABLE_WITH_EXCLUSION"}
    assert {each["imageScanningConfiguration"]["scanOnPush"] for each in ours.values()} == {True}
    company.up("acme", "--expect-no-changes")

    # whoever attaches the policies has just these rights
    (policies,) = json.loads(
        company.run("pulumi", "stack", "output", "policies", "--json", "--stack", "acme").stdout
    ).values()
    assert set(policies) == {"pull", "push", "delete"}
    assert "ecr:PutImage" not in policies["pull"]

    # and a cluster on EKS has a ConfigMap and no Secret
    company.up("prod")
    types = made(company, "prod")
    assert "kubernetes:core/v1:ConfigMap" in types
    assert "kubernetes:core/v1:Secret" not in types
    assert "chaosreg:index:ImagePullSecretEntry" not in types
    company.up("prod", "--expect-no-changes")

    # `destroy` forgets what holds images
    company.run("pulumi", "destroy", "--stack", "prod", "--yes", "--skip-preview")
    company.run("pulumi", "destroy", "--stack", "acme", "--yes", "--skip-preview")
    kept = {each["repositoryName"] for each in ecr.describe_repositories()["repositories"]}
    assert set(ours) <= kept


def test_a_setting_of_repositories_that_changes_is_an_update_in_place(company: Workspace) -> None:
    company.up("acme")

    company.edit("stacks/Pulumi.acme.yaml", "{create: true,", "{create: true, scan_on_push: false, tags: {team: x},")
    steps = company.preview("acme")

    of_repositories = [step for step in steps if step.type == "aws:ecr/repository:Repository"]
    assert {step.op for step in steps} == {"update"}
    assert {path for step in of_repositories for path in step.diff} >= {"imageScanningConfiguration.scanOnPush"}
