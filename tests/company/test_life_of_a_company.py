"""The whole main job on the real engine: preview, up, no change, an edit, refresh, destroy."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from lab.kubeapi import get
from lab.registry import RegistryServer, read_requests
from lab.state import LabState
from lab.workspace import Workspace
from tests.support.crane import crane

pytestmark = pytest.mark.engine


def test_from_the_first_preview_to_destroy(company: Workspace, lab: LabState, private_target: RegistryServer) -> None:
    # when the account comes up, its mirror fills the registry
    images = [step for step in company.preview("acme") if step.type == "chaosreg:index:MirroredImage"]
    assert {step.op for step in images} == {"create"}
    up = company.up("acme")
    assert "from $PATH" not in up.stdout + up.stderr

    # then every image is there, byte for byte, by another implementation's word
    locked = _lockfile(company)
    assert len(images) == len(locked)
    for source, digest in locked.items():
        mirrored = f"{private_target.host}/chaos-engineering/{source.rpartition('/')[2]}"
        assert crane(company, lab, "digest", mirrored, "--insecure") == digest
        assert crane(company, lab, "manifest", mirrored, "--insecure") == crane(
            company, lab, "manifest", source, "--insecure"
        )

    # when an environment comes up
    company.up("checkout-prod")
    resolved = {name: _config_map(company, lab, name) for name in ("prod-eu", "prod-us")}

    # then its clusters have the digests of the lockfile, and a Secret that only the pull user's password is in
    assert resolved["prod-eu"]["image.chaos-ddcr"].startswith(
        f"{private_target.host}/chaos-engineering/chaos-ddcr:1.94.0@sha256:"
    )
    assert resolved["prod-eu"]["origin.image.chaos-ddcr"] == "project/checkout"
    assert resolved["prod-us"]["origin.image.chaos-log-watcher"] == "infrastructure/prod-us"
    auths = _secret(company, lab, "prod-eu")["auths"]
    assert list(auths) == [private_target.host]
    assert auths[private_target.host]["username"] == "puller"

    # and a second up changes nothing
    for stack in ("acme", "checkout-prod"):
        company.up(stack, "--expect-no-changes")

    # when one line changes at the account
    company.edit("stacks/Pulumi.acme.yaml", 'release: "1.93.0"', 'release: "1.94.4"')
    company.run("chaosreg", "lock")

    # then the reviewer of the environment sees exactly those keys, in place, and no change of a provider
    steps = {step.name: step for step in company.preview("checkout-prod")}
    assert {(step.op, step.type) for step in steps.values()} == {("update", "kubernetes:core/v1:ConfigMap")}
    assert steps["payments/checkout/prod-eu"].diff == (
        'data["image.chaos-ddcr-faults"]',
        'data["image.chaos-log-watcher"]',
        'data["image.service-discovery-collector"]',
    )
    assert steps["payments/checkout/prod-us"].diff == (
        'data["image.chaos-ddcr-faults"]',
        'data["image.service-discovery-collector"]',
    )
    # and at the account three new images beside three old ones, which stay in the registry
    changes = sorted((step.op, step.name) for step in company.preview("acme") if "Stack" not in step.type)
    assert [op for op, _ in changes] == ["create"] * 3 + ["delete"] * 3
    company.up("acme")
    assert crane(
        company, lab, "digest", f"{private_target.host}/chaos-engineering/chaos-ddcr-faults:1.93.0", "--insecure"
    )
    company.up("checkout-prod")
    assert ":1.94.0@" in _config_map(company, lab, "prod-eu")["image.chaos-log-watcher"]

    # then refresh finds everything as it should be, and destroy leaves the images and the namespaces
    for stack in ("acme", "checkout-prod"):
        company.run("pulumi", "refresh", "--stack", stack, "--yes", "--skip-preview", "--expect-no-changes")
    for stack in ("checkout-prod", "acme"):
        company.run("pulumi", "destroy", "--stack", stack, "--yes", "--skip-preview")
    assert _find(company, lab, "configmaps", "prod-eu") is None
    assert _find(company, lab, "secrets", "prod-eu") is None
    assert get(lab.kubernetes, f"/api/v1/namespaces/{_namespace(company, 'prod-eu')}")["status"]["phase"] == "Active"
    assert crane(company, lab, "digest", f"{private_target.host}/chaos-engineering/chaos-ddcr:1.94.0", "--insecure")


@pytest.mark.nightly
def test_a_renamed_infrastructure_takes_its_service_account_over(company: Workspace, lab: LabState) -> None:
    company.up("acme")
    company.up("checkout-prod")
    namespace = _namespace(company, "prod-eu")

    company.edit("stacks/Pulumi.checkout-prod.yaml", "    prod-eu:", "    prod-west:")
    company.up("checkout-prod")

    account = get(lab.kubernetes, f"/api/v1/namespaces/{namespace}/serviceaccounts/litmus")
    assert account["imagePullSecrets"] == [{"name": "chaos-image-registry-prod-west"}]
    company.up("checkout-prod", "--expect-no-changes")


def test_a_credential_may_stand_between_its_owner_and_those_who_need_it(company: Workspace, lab: LabState) -> None:
    password = f"chaosreg-credentials:harbor-credentials={lab.registry.pull.password}"
    company.run("pulumi", "config", "rm", "--stack", "acme", "chaosreg-credentials:harbor-credentials")
    company.init("payments")
    company.run("pulumi", "config", "set-all", "--stack", "payments", "--secret", password)

    company.up("payments")
    company.up("checkout-prod")

    assert _secret(company, lab, "prod-eu")["auths"][lab.registry.host]["password"] == lab.registry.pull.password


@pytest.mark.alone
def test_each_unique_blob_is_read_once_from_the_source(company: Workspace, lab: LabState) -> None:
    log = lab.upstream.log
    before = len(list(read_requests(Path(log))))

    company.up("acme")

    reads = [
        request.path.rpartition("/")[2]
        for request in list(read_requests(Path(log)))[before:]
        if request.method == "GET" and "/blobs/" in request.path
    ]
    assert reads
    assert len(reads) == len(set(reads))


def _lockfile(company: Workspace) -> dict[str, str]:
    lines = (company.folder / "stacks/chaosreg.lock.yaml").read_text("utf-8").splitlines()
    return dict(line.split(": ") for line in lines if not line.startswith("#"))


def _namespace(company: Workspace, infrastructure: str) -> str:
    outputs = json.loads(company.run("pulumi", "stack", "output", "--stack", "checkout-prod", "--json").stdout)
    if not outputs:  # after destroy
        text = (company.folder / "stacks/Pulumi.checkout-prod.yaml").read_text("utf-8")
        return text.split(f"{infrastructure}:")[1].split("namespace: ")[1].split()[0]
    return outputs["infrastructures"][f"payments/checkout/{infrastructure}"]["namespace"]


def _find(company: Workspace, lab: LabState, kind: str, infrastructure: str) -> dict | None:
    namespace = _namespace(company, infrastructure)
    return get(lab.kubernetes, f"/api/v1/namespaces/{namespace}/{kind}/chaos-image-registry-{infrastructure}")


def _config_map(company: Workspace, lab: LabState, infrastructure: str) -> dict[str, str]:
    return _find(company, lab, "configmaps", infrastructure)["data"]


def _secret(company: Workspace, lab: LabState, infrastructure: str) -> dict:
    return json.loads(b64decode(_find(company, lab, "secrets", infrastructure)["data"][".dockerconfigjson"]))
