"""A cluster of the lab pulls from the lab's private registry with a pull Secret, and does not without."""

import base64
import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import kubeapi, node
from lab.deadline import wait_for
from lab.registry import read_requests
from lab.state import KubernetesState, LabState, Login, RegistryState, UpstreamState
from tests.support.lab_aws import Crane, client, password, registry_in

pytestmark = pytest.mark.node


@pytest.fixture
def cluster(lab_state: LabState) -> KubernetesState:
    if lab_state.node.missing:
        pytest.skip(f"no node: {lab_state.node.missing}")
    assert lab_state.kubernetes
    return lab_state.kubernetes


@pytest.fixture
def namespace(cluster: KubernetesState) -> Iterator[str]:
    name = f"lab-{uuid.uuid4().hex[:8]}"
    kubeapi.call(cluster, "POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    account = {"metadata": {"name": "default"}}
    kubeapi.call(cluster, "POST", f"/api/v1/namespaces/{name}/serviceaccounts", account)
    yield name
    for pod in kubeapi.call(cluster, "GET", f"/api/v1/namespaces/{name}/pods")["items"]:
        path = f"/api/v1/namespaces/{name}/pods/{pod['metadata']['name']}?gracePeriodSeconds=0"
        kubeapi.call(cluster, "DELETE", path)
    kubeapi.call(cluster, "DELETE", f"/api/v1/namespaces/{name}")


def test_a_pod_pulls_with_the_secret_and_runs(lab_state: LabState, cluster: KubernetesState, namespace: str) -> None:
    registry, image = private_image(lab_state)
    create_secret(cluster, namespace, registry.host, registry.pull)
    node.remove_images()

    create_pod(cluster, namespace, image, secrets=["pull"])

    assert wait_for(lambda: container_state(cluster, namespace).get("running") is not None, 60)
    pulls = [each for each in read_requests(Path(registry.log)) if each.user == registry.pull.username]
    assert any("/manifests/" in each.path for each in pulls)


def test_a_pod_without_the_secret_is_refused(lab_state: LabState, cluster: KubernetesState, namespace: str) -> None:
    _, image = private_image(lab_state)

    create_pod(cluster, namespace, image, secrets=[])

    assert wait_for(lambda: is_refused(cluster, namespace), 60)
    events = kubeapi.call(cluster, "GET", f"/api/v1/namespaces/{namespace}/events")["items"]
    assert any("401" in event["message"] or "no basic auth" in event["message"] for event in events)


@pytest.fixture
def ecr_image(lab_state: LabState, namespace: str, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Region → an image there, in a registry that the node trusts; it has no identity afterwards.

    The kubelet keeps passwords for each host name, so that tests must not share one.
    """
    aws, upstream = lab_state.aws, lab_state.upstream
    assert aws
    assert upstream

    def pushed(region: str) -> str:
        host, repository = registry_in(aws, region), f"{namespace}/chaos-ddcr"
        client(aws, "ecr", region).create_repository(repositoryName=repository)
        crane, image = Crane(aws, tmp_path, region), f"{host}/{repository}:1"
        crane.login()
        name = next(name for name in upstream.digests if name.startswith("chaos-ddcr:"))
        copied = crane("copy", f"{upstream.host}/harness/{name}", image)
        assert copied.returncode == 0, copied.stderr
        node.trust(host, aws.authority)
        return image

    yield pushed
    node.set_identity(on=False)


def test_a_pod_pulls_from_ecr_under_its_real_name_with_a_secret(
    ecr_image: Callable[[str], str], lab_state: LabState, cluster: KubernetesState, namespace: str
) -> None:
    assert lab_state.aws
    image = ecr_image("eu-west-1")
    create_secret(cluster, namespace, image.partition("/")[0], Login("AWS", password(lab_state.aws)))

    create_pod(cluster, namespace, image, secrets=["pull"])

    assert wait_for(lambda: container_state(cluster, namespace).get("running") is not None, 60)


def test_a_node_with_an_identity_pulls_from_ecr_without_a_secret(
    ecr_image: Callable[[str], str], cluster: KubernetesState, namespace: str
) -> None:
    node.set_identity(on=True)

    create_pod(cluster, namespace, ecr_image("us-east-1"), secrets=[])

    assert wait_for(lambda: container_state(cluster, namespace).get("running") is not None, 60)


def test_a_node_without_an_identity_does_not_pull_from_ecr_without_a_secret(
    ecr_image: Callable[[str], str], cluster: KubernetesState, namespace: str
) -> None:
    create_pod(cluster, namespace, ecr_image("eu-central-1"), secrets=[])

    assert wait_for(lambda: is_refused(cluster, namespace), 60)


def private_image(lab_state: LabState) -> tuple[RegistryState, str]:
    registry, upstream = lab_state.registry, lab_state.upstream
    assert isinstance(registry, RegistryState)
    assert isinstance(upstream, UpstreamState)
    name = "harness/" + next(name for name in upstream.digests if name.startswith("chaos-ddcr:"))
    login = ["crane", "auth", "login", registry.host, "-u", registry.push.username, "-p", registry.push.password]
    subprocess.run(login, check=True, capture_output=True)
    target = f"{registry.host}/{name}"
    subprocess.run(["crane", "copy", "--insecure", f"{upstream.host}/{name}", target], check=True, capture_output=True)
    return registry, target


def create_secret(cluster: KubernetesState, namespace: str, host: str, login: Login) -> None:
    entry = {"auth": base64.b64encode(f"{login.username}:{login.password}".encode()).decode()}
    document = base64.b64encode(json.dumps({"auths": {host: entry}}).encode()).decode()
    secret = {
        "metadata": {"name": "pull"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": document},
    }
    kubeapi.call(cluster, "POST", f"/api/v1/namespaces/{namespace}/secrets", secret)


def create_pod(cluster: KubernetesState, namespace: str, image: str, secrets: list[str]) -> None:
    pod = {
        "metadata": {"name": "ddcr"},
        "spec": {
            "nodeName": "lab",
            "automountServiceAccountToken": False,
            "imagePullSecrets": [{"name": name} for name in secrets],
            "containers": [{"name": "main", "image": image, "imagePullPolicy": "Always"}],
        },
    }
    kubeapi.call(cluster, "POST", f"/api/v1/namespaces/{namespace}/pods", pod)


def container_state(cluster: KubernetesState, namespace: str) -> dict[str, Any]:
    pod = kubeapi.call(cluster, "GET", f"/api/v1/namespaces/{namespace}/pods/ddcr")
    statuses = pod["status"].get("containerStatuses") or [{"state": {}}]
    state: dict[str, Any] = statuses[0]["state"]
    return state


def is_refused(cluster: KubernetesState, namespace: str) -> bool:
    waiting = container_state(cluster, namespace).get("waiting") or {}
    return waiting.get("reason") in {"ErrImagePull", "ImagePullBackOff"}
