"""Elsewhere than on EKS a Job in the cluster renews the Secret: Pods of a real kubelet pull with what it wrote."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from lab import kubeapi, node
from lab.pods import delete_pod, run_pod, wait_running
from lab.python_image import python_image
from lab.state import LabState
from lab.workspace import Workspace
from tests.support.company_on_ecr import company_on_ecr, set_keys
from tests.support.lab_aws import registry_in

pytestmark = [pytest.mark.node, pytest.mark.engine, pytest.mark.controllers, pytest.mark.nightly]


@pytest.fixture
def lab(lab_on_aws: LabState) -> LabState:
    return lab_on_aws


@pytest.fixture
def company(lab: LabState, label: str, tmp_path: Path) -> Workspace:
    """Whose environment pulls by the lab's keys of AWS."""
    pulls = f"pull_secret: {{identity: keys, refresher_image: {python_image(lab)}}}"
    made = company_on_ecr(tmp_path / "company", label, registry_in(lab.aws, "eu-central-1"), pulls)
    set_keys(made, lab)
    return made


def test_pods_run_with_the_secret_that_a_job_has_filled(lab: LabState, company: Workspace, label: str) -> None:
    namespace, server = f"{label}-h", registry_in(lab.aws, "eu-central-1")
    company.up("acme")
    company.up("prod")

    # the first Job has run
    secret = read(lab, namespace, "secrets", "chaos-image-registry-prod-eu")
    assert list(auths(secret)) == [server]
    assert secret["metadata"]["annotations"].keys() >= {"chaosreg/last-success", "chaosreg/expires"}

    # Pods pull with it
    node.trust(server, lab.aws.authority)
    node.remove_images()
    fields = company.json("chaosreg", "resolve", "prod-eu", "-o", "json")[0]["fields"]
    images = [said["value"] for name, said in fields.items() if name.startswith("image.")]
    for number, reference in enumerate(images):
        run_pod(lab.kubernetes, lab.node, namespace, f"p{number}", reference, service_account="litmus")
    for number in range(len(images)):
        wait_running(lab.kubernetes, namespace, f"p{number}")
        delete_pod(lab.kubernetes, namespace, f"p{number}")

    # no key stands in the state, nor the password that it has got
    state = json.dumps(company.state("prod"))
    (entry,) = auths(secret).values()
    password = base64.b64decode(entry["auth"]).decode().partition(":")[2]
    for kept in (lab.aws.environment["AWS_SECRET_ACCESS_KEY"], password):
        assert kept not in state
        assert base64.b64encode(kept.encode()).decode() not in state

    # and the engine has nothing to say about what the Job wrote
    company.up("prod", "--expect-no-changes")
    assert auths(read(lab, namespace, "secrets", "chaos-image-registry-prod-eu")) == auths(secret)


def read(lab: LabState, namespace: str, kind: str, name: str) -> dict[str, Any]:
    return kubeapi.call(lab.kubernetes, "GET", f"/api/v1/namespaces/{namespace}/{kind}/{name}")


def auths(secret: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"]
    return found
