"""ECR's registry of the lab under its real name, by clients that we did not write: crane, and boto3 for the API."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from lab.aws_orders import refuse, registry_requests, set_token_seconds
from lab.network import BRIDGE_ADDRESS
from lab.state import AwsState, UpstreamState, load
from lab.workspace import Workspace
from tests.support.lab_aws import Crane, client

pytestmark = pytest.mark.registry


@pytest.fixture
def aws() -> AwsState:
    found = load().aws
    assert found, "the part `aws` was not started"
    if not found.registry:
        pytest.skip("without network namespaces nobody finds the real host name of ECR")
    return found


@pytest.fixture
def upstream() -> UpstreamState:
    found = load().upstream
    assert found
    return found


@pytest.fixture
def ecr(aws: AwsState) -> Any:
    return client(aws, "ecr")


@pytest.fixture
def name(ecr: Any) -> str:
    """A repository of the test's own, with immutable tags."""
    made = f"t{secrets.token_hex(4)}/harness/app"
    ecr.create_repository(repositoryName=made, imageTagMutability="IMMUTABLE")
    return made


@pytest.fixture
def crane(aws: AwsState, tmp_path: Path) -> Crane:
    return Crane(aws, tmp_path)


def images_of(upstream: UpstreamState) -> list[str]:
    """References of two images that differ."""
    by_digest = {digest: f"{upstream.host}/harness/{tagged}" for tagged, digest in upstream.digests.items()}
    return list(by_digest.values())[:2]


def test_the_real_name_leads_to_the_lab_for_its_commands(aws: AwsState) -> None:
    assert socket.gethostbyname(aws.registry) == BRIDGE_ADDRESS


def test_an_image_is_pushed_and_pulled_as_in_ecr(
    aws: AwsState, ecr: Any, name: str, crane: Crane, upstream: UpstreamState
) -> None:
    one, two = images_of(upstream)
    there = f"{aws.registry}/{name}"
    assert "401 Unauthorized" in crane("copy", one, f"{there}:1").stderr

    crane.login()
    pushed = crane("copy", one, f"{there}:1")
    assert pushed.returncode == 0, pushed.stderr
    assert crane("validate", "--remote", f"{there}:1").returncode == 0
    assert crane("digest", f"{there}:1").stdout == crane("digest", one).stdout
    assert crane("ls", there).stdout.split() == ["1"]
    images = ecr.describe_images(repositoryName=name)["imageDetails"]
    assert [each["imageDigest"] for each in images if each.get("imageTags")] == [crane("digest", one).stdout.strip()]
    assert "tag is immutable" in crane("copy", two, f"{there}:1").stderr
    assert "does not exist in the registry" in crane("copy", one, f"{there}-other:1").stderr
    with pytest.raises(ClientError, match="RepositoryNotEmptyException"):
        ecr.delete_repository(repositoryName=name)

    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "1"}])
    assert "MANIFEST_UNKNOWN" in crane("manifest", f"{there}:1").stderr
    answered = [each for each in registry_requests(aws) if f"/v2/{name}/" in each["path"]]
    assert {each["host"] for each in answered} == {aws.registry}
    assert {"GET", "POST", "PUT"} <= {each["method"] for each in answered}


def test_a_password_ends(aws: AwsState, ecr: Any, name: str, crane: Crane) -> None:
    set_token_seconds(aws, -1)
    try:
        crane.login()
    finally:
        set_token_seconds(aws, 12 * 3600)
    assert "Your authorization token has expired" in crane("ls", f"{aws.registry}/{name}").stderr


def test_our_mirror_fills_it_by_the_identity_of_the_machine(
    aws: AwsState, ecr: Any, upstream: UpstreamState, tmp_path: Path
) -> None:
    space = f"t{secrets.token_hex(4)}"
    company = Workspace.of_company(tmp_path / "company", load())
    settings = {
        "id": "acme",
        "allow_overrides": True,
        "image_registry": {
            "server": aws.registry,
            "account": space,
            "type": "private",
            "authentication": {"secret_name": "ecr-login"},
        },
        "images": {"release": "1.93.0"},
        "mirror": {"source": f"{upstream.host}/harness", "allow_sources": [f"{upstream.host}/harness"]},
    }
    account = {"config": {"chaosreg:account": settings}}
    (company.folder / "stacks/Pulumi.acme.yaml").write_text(yaml.safe_dump(account))
    company.environment |= aws.environment
    ecr.create_repository(repositoryName=f"{space}/chaos-ddcr", imageTagMutability="IMMUTABLE")
    company.run("chaosreg", "lock")

    company.run("chaosreg", "mirror", "chaos-ddcr")

    images = ecr.describe_images(repositoryName=f"{space}/chaos-ddcr")["imageDetails"]
    (image,) = [each for each in images if each.get("imageTags")]
    assert image["imageDigest"] == upstream.digests[f"chaos-ddcr:{image['imageTags'][0]}"]
    assert "is there" in company.run("chaosreg", "mirror", "chaos-ddcr").stdout


def test_aws_refuses_what_a_test_has_ordered(aws: AwsState, ecr: Any) -> None:
    name = f"t{secrets.token_hex(4)}"
    refuse(aws, "CreateRepository", "ThrottlingException", times=2)
    ecr.create_repository(repositoryName=name)  # the SDK tries again

    refuse(aws, "CreateRepository", "ServerException", done=True)
    with pytest.raises(ClientError, match="ServerException"):
        ecr.create_repository(repositoryName=f"{name}-half")
    assert ecr.describe_repositories(repositoryNames=[f"{name}-half"])["repositories"]
