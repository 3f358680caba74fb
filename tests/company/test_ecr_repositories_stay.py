"""No repository of ECR goes by surprise: not by a setting that ECR cannot change, nor by one that is taken back."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lab.state import load
from lab.workspace import Workspace
from tests.support.company_on_ecr import company_on_ecr
from tests.support.lab_aws import client

pytestmark = pytest.mark.engine

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CREATE = "repositories: {create: true,"


@pytest.fixture
def company(tmp_path: Path, label: str, ecr_server: str) -> Workspace:
    return company_on_ecr(tmp_path / "company", label, ecr_server)


def repositories(label: str) -> dict[str, dict[str, Any]]:
    every = client(load().aws, "ecr").describe_repositories()["repositories"]
    return {each["repositoryName"]: each for each in every if each["repositoryName"].startswith(f"{label}/")}


def policies(label: str) -> int:
    """How many of the repositories have one."""
    ecr, found = client(load().aws, "ecr"), 0
    for name in repositories(label):
        with suppress(ecr.exceptions.RepositoryPolicyNotFoundException):
            found += bool(ecr.get_repository_policy(repositoryName=name))
    return found


def test_another_key_stops_the_preview_and_changes_nothing(company: Workspace, label: str) -> None:
    company.up("acme")
    before = repositories(label)

    company.edit("stacks/Pulumi.acme.yaml", CREATE, f"{CREATE} kms_key: '{KEY}',")
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        refused = company.run("pulumi", *command, "--stack", "acme", check=False)
        said = re.sub(r"\s+", " ", refused.stdout + refused.stderr)
        assert refused.returncode != 0
        assert "error[CHR0482]: repository `" in said
        assert "is encrypted with ECR's own key (AES256)" in said
        assert f"the key should be `{KEY}`: ECR never changes it" in said
        assert "Pulumi.acme.yaml:" in said
        assert "replace" not in said
    assert repositories(label) == before

    # and the way back is the setting as it was
    company.edit("stacks/Pulumi.acme.yaml", f"{CREATE} kms_key: '{KEY}',", CREATE)
    company.up("acme", "--expect-no-changes")


def test_who_may_pull_no_more_may_not_although_the_repositories_are_kept(company: Workspace, label: str) -> None:
    company.up("acme")
    assert policies(label) == len(repositories(label)) > 0

    company.edit("stacks/Pulumi.acme.yaml", ", pullers: {organization: o-a1b2c3d4e5}", "")
    company.up("acme")
    assert policies(label) == 0


@pytest.mark.nightly
def test_what_destroy_keeps_goes_on_being_pulled_by_others(company: Workspace, label: str) -> None:
    company.up("acme")
    kept = repositories(label)

    company.run("pulumi", "destroy", "--stack", "acme", "--yes", "--skip-preview")
    assert set(repositories(label)) == set(kept)
    assert policies(label) == len(kept)


@pytest.mark.nightly
def test_a_protected_repository_is_not_destroyed(company: Workspace, label: str) -> None:
    company.edit("stacks/Pulumi.acme.yaml", CREATE, f"{CREATE} protect: true,")
    company.up("acme")
    kept = repositories(label)

    refused = company.run("pulumi", "destroy", "--stack", "acme", "--yes", "--skip-preview", check=False)
    assert refused.returncode != 0
    assert "protected" in refused.stdout + refused.stderr
    assert repositories(label) == kept


@pytest.mark.nightly
def test_what_others_pushed_keeps_a_repository_from_being_deleted(company: Workspace, label: str) -> None:
    company.edit("stacks/Pulumi.acme.yaml", CREATE, f"on_destroy: delete\n    {CREATE}")
    company.up("acme")
    ecr, name = client(load().aws, "ecr"), next(iter(repositories(label)))
    (ours, *_) = ecr.batch_get_image(
        repositoryName=name,
        imageIds=[{"imageDigest": ecr.describe_images(repositoryName=name)["imageDetails"][0]["imageDigest"]}],
    )["images"]
    ecr.put_image(repositoryName=name, imageManifest=ours["imageManifest"].replace("{", "{ ", 1), imageTag="theirs")

    refused = company.run("pulumi", "destroy", "--stack", "acme", "--yes", "--skip-preview", check=False)
    assert refused.returncode != 0
    assert f"ECR Repository ({name}) not empty" in refused.stdout + refused.stderr
    (kept,) = repositories(label)
    assert kept == name
    assert "theirs" in [
        tag for image in ecr.describe_images(repositoryName=name)["imageDetails"] for tag in image.get("imageTags", ())
    ]

    # and with the setting taken back it is only forgotten
    company.edit("stacks/Pulumi.acme.yaml", "on_destroy: delete\n    ", "")
    company.up("acme")
    company.run("pulumi", "destroy", "--stack", "acme", "--yes", "--skip-preview")
    assert name in repositories(label)
