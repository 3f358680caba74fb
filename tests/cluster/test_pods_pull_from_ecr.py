"""On EKS nobody needs a Secret: Pods of a real kubelet run images of ECR by the node's identity."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import node
from lab.pods import delete_pod, make_service_account, run_pod, wait_running
from lab.state import LabState, load
from tests.support.company_on_ecr import company_on_ecr
from tests.support.lab_aws import registry_in

pytestmark = [pytest.mark.node, pytest.mark.nightly]  # by day: test_ecr_from_nothing.py


@pytest.fixture
def lab() -> Iterator[LabState]:
    state = load()
    if state.node.missing or not (state.aws and state.aws.registry):
        pytest.skip(state.node.missing or "no ECR under its real name here")  # the last lines of the run say it too
    yield state
    node.set_identity(on=False)


def test_pods_run_without_any_secret(lab: LabState, label: str, tmp_path: Path) -> None:
    # given repositories, images and an environment, all made by us
    server = registry_in(lab.aws, "us-east-1")  # a kubelet keeps what it knows of a host: each test has one of its own
    company = company_on_ecr(tmp_path / "company", label, server)
    company.up("acme")
    company.up("prod")
    node.trust(server, lab.aws.authority)
    node.set_identity(on=True)
    node.remove_images()

    # when Pods use an account without any Secret
    namespace = f"{label}-h"
    fields = company.json("chaosreg", "resolve", "prod-eu", "-o", "json")[0]["fields"]
    images = {name.removeprefix("image."): said["value"] for name, said in fields.items() if name.startswith("image.")}
    make_service_account(lab.kubernetes, namespace, "chaos")
    for name, reference in images.items():
        run_pod(lab.kubernetes, lab.node, namespace, name, reference, service_account="chaos")

    # then all of them run what the lockfile says
    for name, reference in images.items():
        status = wait_running(lab.kubernetes, namespace, name)["status"]["containerStatuses"][0]
        assert status["imageID"].partition("@")[2] == reference.partition("@")[2]
        delete_pod(lab.kubernetes, namespace, name)
