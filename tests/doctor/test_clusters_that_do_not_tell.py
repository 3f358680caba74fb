"""A cluster that does not answer, forbids, or answers oddly: what could not be looked at is told (exit code 2)."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from lab.kubeapi import call
from lab.ports import free_port
from lab.registry import RegistryServer
from lab.state import KubernetesState
from pulumi_chaosreg.kubernetes.client import Cluster
from tests.doctor.conftest import Admit, kubeconfig_to, named


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    """Secrets, and nothing else."""
    return [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]


@pytest.mark.registry
def test_a_cluster_that_is_down(admit: Admit, target: RegistryServer, tmp_path: Path, monkeypatch) -> None:
    # given a public registry that has everything, so that no step needs the cluster
    patient = admit(target.host)
    patient.push()
    monkeypatch.setenv("KUBECONFIG", kubeconfig_to(f"http://127.0.0.1:{free_port('127.0.0.1')}", tmp_path))
    report = patient.examined()
    assert (report.code, report.failed) == (2, {})
    assert (report.result("Pods"), report.codes("Pods")) == ("unseen", ["CHR0605"])
    assert "not everything could be looked at" in report.text


@pytest.mark.registry
@pytest.mark.engine
def test_a_login_that_may_read_secrets_alone(
    private, target: RegistryServer, cluster: KubernetesState, namespace: str, request
) -> None:
    config = json.dumps({"auths": {target.host: {"username": "a", "password": "b"}}}).encode()
    body = {
        "metadata": {"name": named(request)},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(config).decode()},
    }
    call(cluster, "POST", f"/api/v1/namespaces/{namespace}/secrets", body)
    patient = private(target.host, service_accounts=["litmus"])
    patient.push()
    report = patient.examined()
    assert (report.code, report.failed) == (2, {})
    assert report.result("images") == "passed"
    assert (report.codes("accounts"), report.codes("Pods")) == (["CHR0605"], ["CHR0605"])
    assert f"who runs this needs `get` on ServiceAccounts of `{namespace}`" in report.text
    assert f"who runs this needs `list` on Pods of `{namespace}`" in report.text


def test_answers_that_no_cluster_should_give(admit: Admit, monkeypatch) -> None:
    # a stand-in for an API server that puts nulls where objects belong, and for a Secret of nothing but brackets
    waiting = {"reason": "ErrImagePull"}
    pod = {
        "metadata": None,
        "spec": {"imagePullSecrets": [None]},
        "status": {"containerStatuses": [None, {"image": "127.0.0.1:1/chaos/chaos-ddcr:1.94.0"} | {"state": None}]},
    }
    worse = {**pod, "status": {"containerStatuses": [{"image": None, "state": {"waiting": waiting}}]}}
    brackets = base64.b64encode(b"[" * 200_000).decode()
    answers = {
        "serviceaccounts/litmus": {"imagePullSecrets": [None]},
        "pods": {"items": [None, pod, worse], "metadata": None},
        "secrets/odd": {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": brackets}},
    }

    def answer(_: Cluster, __: str, path: str, *___: object, **____: str) -> dict[str, Any]:
        return answers[path.partition("/namespaces/")[2].partition("/")[2]]

    monkeypatch.setattr(Cluster, "request", answer)
    registry = {"type": "private", "authentication": {"secret_name": "odd"}}
    report = admit("127.0.0.1:1", registry, service_accounts=["litmus"]).examined()
    assert report.failed == {"accounts": ["CHR0908"], "TCP": ["CHR0401"], "pull Secret": ["CHR0903"]}
    assert "its `.dockerconfigjson` is not JSON" in report.text
