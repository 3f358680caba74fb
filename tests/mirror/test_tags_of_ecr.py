"""One of two tags of an image at ECR, whose registry deletes by digest only: AWS's own API takes it away.

The API is moto's, the registry the lab's under its real name, boto3 the real one.
"""

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.registry import RegistryServer
from lab.state import AwsState, load
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.mirror import Mirror, Removed
from pulumi_chaosreg.mirror.removal import remove_tags
from pulumi_chaosreg.mirror.untagging import untagging
from pulumi_chaosreg.oci import Registry
from pulumi_chaosreg.provider.mirrored_image import MirroredImage
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.still_wanted import StillWanted
from tests.support.builder import image, index, layer, push
from tests.support.company import write_company
from tests.support.lab_aws import client, password

pytestmark = pytest.mark.registry

OF_AWS = ("pulumi_chaosreg.machine.aws", "pulumi_chaosreg.mirror.untagging.ecr")
URN = "urn:pulumi:one::somebodys-program::chaosreg:index:MirroredImage::image"
TREE = index(image(layer("a"), name="a"), image(layer("b"), name="b"))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> AwsState:
    """The lab's AWS, as the identity of this machine."""
    found = load().aws
    assert found, "the part `aws` was not started"
    if not found.registry:
        pytest.skip("without network namespaces nobody finds the real host name of ECR")
    for name, value in found.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DOCKER_CONFIG", "/nowhere")
    return found


@pytest.fixture
def ecr(aws: AwsState) -> Any:
    return client(aws, "ecr")


@pytest.fixture
def repository(ecr: Any) -> str:
    """One with immutable tags, as we make them."""
    made = f"t{secrets.token_hex(4)}/app"
    ecr.create_repository(repositoryName=made, imageTagMutability="IMMUTABLE")
    return made


@pytest.fixture
def mirrored(aws: AwsState, repository: str, upstream: RegistryServer) -> Iterator[Mirror]:
    """Tags 1 and 2 of one image."""
    push(upstream.host, "app", "1", TREE)
    with Mirror() as mirror:
        for tag in ("1", "2"):
            there = Reference(aws.registry, repository, tag)
            mirror.copy(Reference(upstream.host, "app", "1"), there, push=MachineLogins().of(there))
        yield mirror


def remove(mirror: Mirror, aws: AwsState, repository: str, *tags: str, named: str = "") -> Removed:
    login = MachineLogins().of(Reference(aws.registry, repository, "1"))
    return mirror.remove(aws.registry, repository, tags, login, named=named)


def tags(ecr: Any, repository: str) -> dict[str, list[str]]:
    """Digest → tags, of images that have some."""
    found = ecr.describe_images(repositoryName=repository)["imageDetails"]
    return {one["imageDigest"]: sorted(one["imageTags"]) for one in found if one.get("imageTags")}


def test_one_of_two_tags_goes_alone(aws: AwsState, ecr: Any, repository: str, mirrored: Mirror) -> None:
    registry = Registry(aws.registry, MachineLogins().of(Reference(aws.registry, repository, "1")))
    with pytest.raises(ChaosregError, match=r"CHR0420.*tag `2` stands for the same image"):
        remove_tags(registry, repository, ["1"])

    removed = remove(mirrored, aws, repository, "1")

    assert removed == Removed(("1",), ())
    assert tags(ecr, repository) == {TREE.digest: ["2"]}
    there = Reference(aws.registry, repository, "2")
    assert mirrored.missing(there, MachineLogins().of(there)) == []


def test_the_last_tag_takes_its_image_along(aws: AwsState, ecr: Any, repository: str, mirrored: Mirror) -> None:
    removed = remove(mirrored, aws, repository, "1", "2")

    assert removed.tags == ("1", "2")
    assert set(removed.manifests) == {TREE.digest, *(child.digest for child in TREE.children)}
    assert ecr.describe_images(repositoryName=repository)["imageDetails"] == []


def test_a_named_login_is_no_identity_of_aws_and_says_so(
    aws: AwsState, ecr: Any, repository: str, mirrored: Mirror
) -> None:
    with pytest.raises(ChaosregError) as refused:
        remove(mirrored, aws, repository, "1", named="mirror.delete")
    assert refused.value.findings[0].code == "CHR0447"
    assert "the login of `mirror.delete` is a registry login, which that API does not accept" in str(refused.value)
    assert f"`1` of `{repository}`: tag `2` stands for the same image" in str(refused.value)
    assert tags(ecr, repository) == {TREE.digest: ["1", "2"]}
    # the registry's own way is open to it where the tag is the only one
    assert remove(mirrored, aws, repository, "1", "2", named="mirror.delete").tags == ("1", "2")
    assert tags(ecr, repository) == {}


def test_without_the_sdk_one_line_says_what_to_install(
    aws: AwsState, ecr: Any, repository: str, mirrored: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = MachineLogins().of(Reference(aws.registry, repository, "1"))
    assert mirrored.digest(Reference(aws.registry, repository, "1"), login)  # logged in before it is gone
    for name in [name for name in sys.modules if name in OF_AWS]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
    with pytest.raises(ChaosregError, match=r"CHR0447.*the extra `aws` is not installed") as refused:
        mirrored.remove(aws.registry, repository, ["1"], login)
    assert refused.value.findings[0].help == "run `pip install 'pulumi-chaosreg[aws]'`"
    assert tags(ecr, repository) == {TREE.digest: ["1", "2"]}


def test_an_identity_that_may_not_is_told_in_aws_s_words_and_without_its_key(
    aws: AwsState, ecr: Any, repository: str, mirrored: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = MachineLogins().of(Reference(aws.registry, repository, "1"))
    assert mirrored.digest(Reference(aws.registry, repository, "1"), login)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-aws-key")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(ChaosregError, match=r"CHR0447.*this machine's identity could not do it") as refused:
        mirrored.remove(aws.registry, repository, ["1"], login)
    assert "it needs `ecr:BatchDeleteImage`" in str(refused.value)
    assert "Could not connect to the endpoint URL" in str(refused.value)
    assert "canary" not in str(refused.value)


def test_a_resource_that_goes_takes_its_tag_and_leaves_the_other(
    aws: AwsState, ecr: Any, repository: str, mirrored: Mirror, tmp_path: Path
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: somebodys-program\nruntime: python\n", "utf-8")
    images = MirroredImage(mirrored, StillWanted(Run(), tmp_path))
    target = f"{aws.registry}/{repository}:1"
    state = {"target": target, "digest": TREE.digest, "onDestroy": "delete", "written": True}
    login = {"username": "AWS", "password": password(aws)}
    with pytest.raises(ChaosregError, match=r"CHR0447.*`mirror.push`"):
        images.remove(state, {"push": login}, URN)
    assert tags(ecr, repository) == {TREE.digest: ["1", "2"]}

    assert images.remove(state, {}, URN) == ""
    assert tags(ecr, repository) == {TREE.digest: ["2"]}


def test_prune_takes_an_old_release_whose_image_somebody_else_has_tagged(
    aws: AwsState, ecr: Any, upstream: RegistryServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = f"t{secrets.token_hex(4)}"
    releases = load_catalogue().releases
    old, new = (releases[version].images("ddcr")["chaos-ddcr"][0] for version in ("1.93.0", "1.94.4"))
    repository, newer = f"{space}/chaos-ddcr", index(image(layer("new")), name="new")
    ecr.create_repository(repositoryName=repository, imageTagMutability="IMMUTABLE")
    push(upstream.host, "app", "old", TREE)
    push(upstream.host, "app", "new", newer)
    with Mirror() as mirror:
        for tag, name in ((old, "old"), ("mine", "old"), (new, "new")):
            there = Reference(aws.registry, repository, tag)
            mirror.copy(Reference(upstream.host, "app", name), there, push=MachineLogins().of(there))
    write_company(
        tmp_path / "project",
        f"""\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: {aws.registry}, account: {space}, type: private, authentication: {{type: aws_ecr}}}}
    images: {{release: "1.94.4", pin: "off"}}
    mirror: {{source: docker.io/harness}}
    cluster: {{provider: eks}}
  chaosreg:infrastructures:
    eu: {{cluster: {{context: eu}}, type: ddcr}}
""",
    )

    assert main(["--project", str(tmp_path / "project"), "prune", "chaos-ddcr", "--yes"]) == 0

    assert f"  {old}  removed" in capsys.readouterr().out
    assert tags(ecr, repository) == {TREE.digest: ["mine"], newer.digest: [new]}


def test_other_kinds_of_registry_have_no_such_way() -> None:
    assert untagging(Registry("harbor.company.com"), None) is None
    assert untagging(Registry("public.ecr.aws"), None) is None
