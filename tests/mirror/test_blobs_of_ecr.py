"""ECR's account setting BLOB_MOUNTING is off by default: who was refused once does not ask for other repositories."""

import secrets

import pytest

from lab.aws_orders import registry_requests
from lab.registry import RegistryServer
from lab.state import load
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.mirror import Mirror
from tests.support.builder import image, layer, push
from tests.support.lab_aws import client

pytestmark = pytest.mark.registry


def test_a_registry_that_mounts_nothing_is_asked_for_it_once(
    upstream: RegistryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = load().aws
    assert aws, "the part `aws` was not started"
    if not aws.registry:
        pytest.skip("without network namespaces nobody finds the real host name of ECR")
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DOCKER_CONFIG", "/nowhere")
    space, names = f"t{secrets.token_hex(4)}", ("one", "two", "three", "four")
    for name in names:
        client(aws, "ecr").create_repository(repositoryName=f"{space}/{name}")
        push(upstream.host, name, "1", image(layer("shared"), layer(name), name=name))
    logins = MachineLogins()

    with Mirror() as mirror:
        for name in names:
            there = Reference(aws.registry, f"{space}/{name}", "1")
            mirror.copy(Reference(upstream.host, name, "1"), there, push=logins.of(there))

    asked = [one for one in registry_requests(aws) if one["path"].startswith(f"/v2/{space}/")]
    # a small blob is looked for only where a mount was refused: the session that was opened instead is used
    assert len([one for one in asked if one["method"] == "HEAD" and "/blobs/" in one["path"]]) == 1
    assert len([one for one in asked if one["method"] == "POST"]) == 3 * len(names)
