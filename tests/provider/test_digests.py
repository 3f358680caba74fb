"""What the real engine makes of `images.pin`, of tags that move and of a subset of the platforms."""

import json
import subprocess
from pathlib import Path

import pytest

from lab.kubeapi import get
from lab.registry import RegistryServer
from lab.state import LabState
from lab.workspace import Workspace
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.unique_tag import unique_tag
from pulumi_chaosreg.mirror import Mirror
from tests.support.one_image import OneImage
from tests.support.workspaces import PUSH_CANARY

pytestmark = pytest.mark.engine

PUSH = {"username": "pusher", "password": PUSH_CANARY}


@pytest.mark.nightly
def test_a_moving_tag_of_some_platforms_from_its_first_copy_to_its_end(
    tmp_path: Path, lab: LabState, private_target: RegistryServer
) -> None:
    with RegistryServer(tmp_path / "source") as source:
        # given an image that upstream calls `latest`, of which one platform is wanted
        latest = f"{source.host}/app:latest"
        _crane("copy", f"{lab.upstream.host}/harness/chaos-ddcr:1.93.0", latest)
        kept = ["linux/amd64"]
        image = OneImage(
            tmp_path / "one",
            source=latest,
            target=f"{private_target.host}/app:latest",
            push=PUSH,
            platforms=kept,
            unique_tag=True,
            on_destroy="delete",
        )
        image.up()
        # then both tags stand for what the subset becomes, and nobody finds anything to do
        first = _becomes(latest, kept)
        assert image.outputs()["digest"] == first != _crane("digest", latest)
        assert image.outputs()["uniqueReference"] == f"{private_target.host}/app:{unique_tag('latest', first)}"
        assert _tags(private_target) == {"latest": first, unique_tag("latest", first): first}
        image.up("--expect-no-changes")
        image.refresh("--expect-no-changes")
        assert image.change(platforms=["linux/amd64", "linux/arm64"]) == ("update", ("platforms",))
        assert image.change(platforms=kept, unique_tag=False) == ("update", ("uniqueTag",))
        assert image.change(unique_tag=True) == ("same", ())

        # when the tag moves upstream, nothing follows it; when its digest is asked for, the former one keeps a tag
        _crane("copy", f"{lab.upstream.host}/harness/chaos-ddcr:1.94.0", latest)
        image.up("--expect-no-changes")
        second = _becomes(latest, kept)
        assert image.change(digest=second) == ("update", ("digest",))
        image.up()
        former = {unique_tag("latest", first): first}
        assert _tags(private_target) == {"latest": second, unique_tag("latest", second): second, **former}

        # when it goes, what it wrote last goes
        image.workspace.run("pulumi", "destroy", "--stack", "one", "--yes", "--skip-preview")
        assert _tags(private_target) == former


def test_each_way_of_pinning_from_the_stack_file_to_the_cluster(company: Workspace, lab: LabState) -> None:
    release, tagged = 'release: "1.93.0"', f"{lab.registry.host}/chaos-engineering/chaos-log-watcher:1.93.0"
    lockfile = company.folder / "stacks/chaosreg.lock.yaml"

    # the one custom image is pinned by itself
    company.edit("stacks/Pulumi.checkout-prod.yaml", "log-watcher:2.1.0", f"log-watcher:2.1.0@sha256:{'a' * 64}")

    # off: no lockfile; a preview says what it does not know; clusters get tags
    lockfile.unlink()
    company.edit("stacks/Pulumi.acme.yaml", release, f"{release}, pin: off")
    said = company.run("pulumi", "preview", "--stack", "acme").stdout
    assert "`images.pin` lets `up` resolve the digests of these tags" in said
    company.up("acme")
    company.up("checkout-prod")
    assert _image(company, lab) == tagged
    assert _crane("digest", tagged, company=company, lab=lab)

    # record: what is there stays, now locked, and clusters still get tags
    company.edit("stacks/Pulumi.acme.yaml", "pin: off", "pin: record")
    company.run("chaosreg", "lock")
    company.up("acme", "--expect-no-changes")
    company.up("checkout-prod", "--expect-no-changes")

    # strict: the reference gets its digest, in place, and what is not locked stops the run
    company.edit("stacks/Pulumi.acme.yaml", "pin: record", "pin: strict")
    steps = company.preview("checkout-prod")
    assert {(step.op, step.type) for step in steps} == {("update", "kubernetes:core/v1:ConfigMap")}
    company.up("checkout-prod")
    assert _image(company, lab) == f"{tagged}@{_crane('digest', tagged, company=company, lab=lab)}"
    lockfile.write_text(lockfile.read_text().splitlines()[0] + "\n")
    refused = company.run("pulumi", "preview", "--stack", "checkout-prod", check=False)
    assert "error[CHR0304]" in refused.stdout


def _becomes(source: str, platforms: list[str]) -> str:
    with Mirror() as mirror:
        return mirror.subset_digest(Reference.parse(source), platforms)


def _tags(server: RegistryServer) -> dict[str, str]:
    """Tag → digest in the repository `app`, by the registry's own files: it wants a login."""
    folder = server.storage / "docker/registry/v2/repositories/app/_manifests/tags"
    return {tag.name: (tag / "current/link").read_text() for tag in folder.iterdir() if (tag / "current/link").exists()}


def _image(company: Workspace, lab: LabState) -> str:
    outputs = json.loads(company.run("pulumi", "stack", "output", "--stack", "checkout-prod", "--json").stdout)
    namespace = outputs["infrastructures"]["payments/checkout/prod-eu"]["namespace"]
    path = f"/api/v1/namespaces/{namespace}/configmaps/chaos-image-registry-prod-eu"
    return str(get(lab.kubernetes, path)["data"]["image.chaos-log-watcher"])


def _crane(*arguments: str, company: Workspace | None = None, lab: LabState | None = None) -> str:
    environment = None
    if company and lab and lab.registry:
        docker = company.folder / "crane"
        docker.mkdir(exist_ok=True)
        (docker / "config.json").write_text(json.dumps({"auths": {lab.registry.host: vars(lab.registry.push)}}))
        environment = {**company.environment, "DOCKER_CONFIG": str(docker)}
    command = ["crane", *arguments, "--insecure"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
