"""What a real cluster says of ServiceAccounts and Pods. No kubelet runs: what it would say is written by the test."""

from collections.abc import Callable
from typing import Any

import pytest

from lab.kubeapi import call
from lab.state import KubernetesState
from pulumi_chaosreg.kubernetes import workloads
from tests.doctor.conftest import Patient, Report, named

pytestmark = pytest.mark.engine

SERVER = "127.0.0.1:1"
"""Nobody listens there."""
DDCR = f"{SERVER}/chaos/chaos-ddcr:1.94.0"
DIGEST = f"sha256:{'a' * 64}"
SAID = "failed to pull and unpack image: unexpected status from HEAD request: 401 Unauthorized"


@pytest.fixture
def account(cluster: KubernetesState, namespace: str, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Make a ServiceAccount of the test's own name."""

    def account(*secrets: str) -> str:
        body = {"metadata": {"name": named(request)}, "imagePullSecrets": [{"name": one} for one in secrets]}
        call(cluster, "POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", body)
        return named(request)

    return account


@pytest.fixture
def waiting(cluster: KubernetesState, namespace: str, account: Callable[..., str]) -> Any:
    """Make a Pod that waits for an image, as the kubelet would say it; it is gone with the test."""
    path = f"/api/v1/namespaces/{namespace}/pods"

    def waiting(image: str, *secrets: str, list_: str = "containerStatuses") -> None:
        spec = {
            "containers": [{"name": "a", "image": image}],
            "imagePullSecrets": [{"name": one} for one in secrets],
            "serviceAccountName": account(),
        }
        call(cluster, "POST", path, {"metadata": {"name": "waits"}, "spec": spec})
        state = {"waiting": {"reason": "ImagePullBackOff", "message": SAID}}
        said = {"name": "a", "image": image, "imageID": "", "ready": False, "restartCount": 0, "state": state}
        status = {"status": {"phase": "Pending", list_: [said]}}
        call(cluster, "PATCH", f"{path}/waits/status", status, "application/merge-patch+json")

    yield waiting
    call(cluster, "DELETE", f"{path}?gracePeriodSeconds=0")


def locked(patient: Patient) -> Patient:
    """With digests in the lockfile, all the same."""
    lines = [f"{one.reference.tagged}: {DIGEST}\n" for one in patient.config.images]
    (patient.project.stacks / "chaosreg.lock.yaml").write_text("".join(sorted(lines)))
    return patient


def examined(patient: Patient) -> Report:
    report = patient.examined()
    assert report.failed["TCP"] == ["CHR0401"]  # evidence of the cluster needs no registry
    return report


def test_an_account_that_names_its_secret_and_one_that_is_not_there(private, account, request) -> None:
    there = account(named(request))
    report = examined(private(SERVER, service_accounts=[there, "absent"]))
    assert report.result("accounts") == "passed"
    assert "1 of 2 name their Secrets; not there: absent" in report.text
    assert report.result("Pods") == "passed"


def test_an_account_that_does_not_name_the_secret(private, account) -> None:
    report = examined(private(SERVER, service_accounts=[account("another")]))
    assert report.failed["accounts"] == ["CHR0908"]
    assert "`pulumi up` of the stack `i` adds it" in report.text


def test_of_accounts_that_nobody_listed_nothing_is_promised(private) -> None:
    report = examined(private(SERVER))
    assert "none is listed in `service_accounts`: Pods need `imagePullSecrets` of their own" in report.text


def test_a_pod_that_is_older_than_its_account_s_entry(private, waiting) -> None:
    waiting(DDCR)
    report = examined(private(SERVER))
    assert report.failed["Pods"] == ["CHR0909"]
    assert f"= kubelet: {SAID}" in report.text
    assert "the Pod does not name the Secret" in report.text


def test_a_pod_with_the_secret_is_explained_by_the_other_steps(private, waiting, request) -> None:
    waiting(DDCR, named(request))
    assert "the steps below say why" in examined(private(SERVER)).text


def test_a_pod_of_the_locked_digest_alone_is_explained_by_the_other_steps(private, waiting, request) -> None:
    waiting(f"{DDCR.rpartition(':')[0]}@{DIGEST}", named(request))
    assert "the steps below say why" in examined(locked(private(SERVER))).text


@pytest.mark.parametrize(
    "image",
    ["docker.io/harness/chaos-ddcr:main-latest", DDCR, f"{DDCR}@sha256:{'b' * 64}"],
    ids=["elsewhere", "tag", "old"],
)
def test_a_pod_of_another_image(image: str, private, waiting, request) -> None:
    waiting(image, named(request))
    report = examined(locked(private(SERVER)))
    assert report.failed["Pods"] == ["CHR0909"]
    assert f"this infrastructure pulls `{DDCR}@{DIGEST}`" in report.text


def test_a_pod_of_somebody_else_is_a_warning(private, waiting, request) -> None:
    waiting("docker.io/library/nginx:nowhere", named(request))
    report = examined(private(SERVER))
    assert (report.result("Pods"), report.codes("Pods")) == ("passed", ["CHR0909"])
    assert "warning[CHR0909]: Pod `waits` waits for `docker.io/library/nginx:nowhere`" in report.text


@pytest.mark.parametrize("list_", ["initContainerStatuses", "ephemeralContainerStatuses"])
def test_other_containers_of_a_pod(list_: str, private, waiting) -> None:
    waiting(DDCR, list_=list_)
    assert examined(private(SERVER)).failed["Pods"] == ["CHR0909"]


def test_a_pod_on_the_last_page(private, waiting, cluster: KubernetesState, namespace: str, monkeypatch) -> None:
    monkeypatch.setattr(workloads, "_PAGE", 1)
    waiting(DDCR)
    spec = {"containers": [{"name": "a", "image": DDCR}]}
    account = call(cluster, "GET", f"/api/v1/namespaces/{namespace}/pods/waits")["spec"]["serviceAccountName"]
    for name in ("a", "b"):  # before `waits`
        body = {"metadata": {"name": name}, "spec": {**spec, "serviceAccountName": account}}
        call(cluster, "POST", f"/api/v1/namespaces/{namespace}/pods", body)
    assert examined(private(SERVER)).failed["Pods"] == ["CHR0909"]


def test_a_node_of_autopilot_is_told_where_nobody_says_so(
    private, cluster: KubernetesState, namespace: str, account, request
) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    spec = {"containers": [{"name": "a", "image": "a.example/x:1"}], "serviceAccountName": account()}
    body = {"metadata": {"name": named(request)}, "spec": spec | {"nodeName": "gk3-prod-pool-2-0a1b"}}
    call(cluster, "POST", path, body)
    try:
        report = examined(private(SERVER))
        assert (report.result("Pods"), report.codes("Pods")) == ("passed", ["CHR0613"])
        assert "run on GKE Autopilot (`gk3-prod-pool-2-0a1b`), but nobody says `cluster.provider`" in report.text
        said = {"context": "prod-eu", "provider": "gke_autopilot"}
        assert examined(locked(private(SERVER, cluster=said))).codes("Pods") == []
    finally:
        call(cluster, "DELETE", f"{path}/{named(request)}?gracePeriodSeconds=0")
