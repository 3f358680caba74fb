"""Tokens that end every few seconds, over many of their lives: no pull fails, by the node's identity or a refresher."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab import kubeapi, node
from lab.aws_orders import refused_logins, set_token_seconds
from lab.deadline import wait_for
from lab.pods import delete_pod, make_service_account, run_pod, wait_running
from lab.python_image import python_image
from lab.state import LabState
from lab.workspace import Workspace
from tests.support.company_on_ecr import ON_EKS, company_on_ecr, set_keys
from tests.support.lab_aws import registry_in

pytestmark = [
    pytest.mark.node,
    pytest.mark.engine,
    pytest.mark.controllers,
    pytest.mark.nightly,
    pytest.mark.timeout(900),
]
NAME = "chaos-image-registry-prod-eu"


@pytest.fixture
def lab(lab_on_aws: LabState) -> LabState:
    return lab_on_aws


def environment_of(lab: LabState, label: str, folder: Path, server: str, pulls: str) -> tuple[Workspace, list[str]]:
    """A company whose environment is up, and the images that its Pods run."""
    company = company_on_ecr(folder, label, server, pulls)
    set_keys(company, lab)
    company.up("acme")
    company.up("prod")
    node.trust(server, lab.aws.authority)
    fields = company.json("chaosreg", "resolve", "prod-eu", "-o", "json")[0]["fields"]
    return company, [said["value"] for name, said in fields.items() if name.startswith("image.")]


def pull_for(seconds: float, every: float, pull: Callable[[int], None]) -> int:
    """Pull so often for so long; the number of pulls."""
    count, due = 0, time.monotonic()
    end = due + seconds
    while due < end:
        pull(count)
        count, due = count + 1, due + every
        assert wait_for(lambda due=due: time.monotonic() >= due, every + 60)
    return count


def test_a_node_s_identity_outlives_twenty_tokens(lab: LabState, label: str, tmp_path: Path) -> None:
    server = registry_in(lab.aws, "us-east-1")
    _, images = environment_of(lab, label, tmp_path / "company", server, ON_EKS)
    make_service_account(lab.kubernetes, f"{label}-h", "chaos")
    node.set_identity(on=True)
    set_token_seconds(lab.aws, 20)

    pulls = pull_for(20 * 20, 8, puller(lab, f"{label}-h", images, "chaos"))

    assert pulls >= 40
    assert refused(lab, server, label) == []


def test_a_refresher_outlives_twenty_tokens(lab: LabState, label: str, tmp_path: Path) -> None:
    server, namespace = registry_in(lab.aws, "eu-central-1"), f"{label}-h"
    set_token_seconds(lab.aws, 30)
    pulls = f"pull_secret: {{identity: keys, refresher_image: {python_image(lab)}}}"
    company, images = environment_of(lab, label, tmp_path / "company", server, pulls)
    pull = puller(lab, namespace, images, "litmus")

    def refresh_and_pull(number: int) -> None:
        run_now(lab, namespace, f"refresh-{number}")
        pull(number)

    assert pull_for(20 * 10, 10, refresh_and_pull) >= 20
    assert refused(lab, server, label) == []

    # the real CronJob, when its minute comes
    last = secret_of(lab, namespace)["metadata"]["annotations"]["chaosreg/last-success"]
    path = f"/apis/batch/v1/namespaces/{namespace}/cronjobs/{NAME}-refresher"
    cron = kubeapi.call(lab.kubernetes, "GET", path)
    kubeapi.call(lab.kubernetes, "PUT", path, {**cron, "spec": {**cron["spec"], "schedule": "* * * * *"}})

    def is_newer() -> bool:
        return bool(secret_of(lab, namespace)["metadata"]["annotations"]["chaosreg/last-success"] > last)

    assert wait_for(is_newer, 120)
    pull(1000)
    kubeapi.call(lab.kubernetes, "PUT", path, {**kubeapi.call(lab.kubernetes, "GET", path), "spec": cron["spec"]})
    company.up("prod", "--expect-no-changes")


def puller(lab: LabState, namespace: str, images: list[str], account: str) -> Callable[[int], None]:
    def pull(number: int) -> None:
        node.remove_images()
        name = f"pull-{number}"
        run_pod(lab.kubernetes, lab.node, namespace, name, images[number % len(images)], service_account=account)
        wait_running(lab.kubernetes, namespace, name)
        delete_pod(lab.kubernetes, namespace, name)

    return pull


def run_now(lab: LabState, namespace: str, name: str) -> None:
    """A Job of the CronJob's own template, as `kubectl create job --from` makes it, and its end."""
    jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
    cron = kubeapi.call(lab.kubernetes, "GET", f"{jobs.replace('jobs', 'cronjobs')}/{NAME}-refresher")
    job = {"metadata": {"name": name}, "spec": cron["spec"]["jobTemplate"]["spec"]}
    kubeapi.call(lab.kubernetes, "POST", jobs, job)

    def ended() -> bool:
        status = kubeapi.call(lab.kubernetes, "GET", f"{jobs}/{name}").get("status", {})
        assert not status.get("failed"), status
        return bool(status.get("succeeded"))

    assert wait_for(ended, 60, interval=0.2)


def secret_of(lab: LabState, namespace: str) -> dict[str, Any]:
    found: dict[str, Any] = kubeapi.call(lab.kubernetes, "GET", f"/api/v1/namespaces/{namespace}/secrets/{NAME}")
    return found


def refused(lab: LabState, server: str, label: str) -> list[dict[str, Any]]:
    """Requests with a login that did not open what was asked for, of the test's own images."""
    every = refused_logins(lab.aws)
    return [each for each in every if each["host"].partition(":")[0] == server and f"/{label}/" in each["path"]]
