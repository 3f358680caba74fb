"""Pods on the lab's node, straight through the API server: the scheduler need not run, so each names its node."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from lab.deadline import wait_for
from lab.errors import LabError
from lab.kubeapi import ApiError, call, get
from lab.state import KubernetesState, NodeState


def run_pod(
    cluster: KubernetesState, node: NodeState, namespace: str, name: str, image: str, *, service_account: str
) -> None:
    """Create a Pod that must pull its image (`Always`) with what its ServiceAccount has."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "nodeName": node.name,
            "serviceAccountName": service_account,
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "main", "image": image, "imagePullPolicy": "Always"}],
        },
    }
    call(cluster, "POST", f"/api/v1/namespaces/{namespace}/pods", pod)


def make_service_account(cluster: KubernetesState, namespace: str, name: str) -> None:
    """A ServiceAccount without a pull Secret; no matter if it is there already."""
    try:
        call(cluster, "POST", f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": name}})
    except ApiError as error:
        if error.status != 409:
            raise


def wait_running(cluster: KubernetesState, namespace: str, name: str, seconds: float = 60) -> dict[str, Any]:
    """The Pod once it is Running; LabError with its events when that does not come."""

    def running() -> dict[str, Any] | None:
        pod = get(cluster, f"/api/v1/namespaces/{namespace}/pods/{name}")
        return pod if pod and pod["status"].get("phase") == "Running" else None

    pod = _wait(running, seconds)
    if pod is None:
        raise LabError(f"Pod {name} is not Running: {'; '.join(events(cluster, namespace, name)) or 'no events'}")
    return pod


def wait_event(cluster: KubernetesState, namespace: str, name: str, text: str, seconds: float = 60) -> str:
    """The Pod's first event that says this; LabError with those that came when none does."""

    def found() -> str | None:
        return next((event for event in events(cluster, namespace, name) if text in event), None)

    event = _wait(found, seconds)
    if event is None:
        raise LabError(f"no event of Pod {name} says {text!r}: {events(cluster, namespace, name)}")
    return event


def events(cluster: KubernetesState, namespace: str, name: str) -> list[str]:
    """What the kubelet said about the Pod."""
    path = f"/api/v1/namespaces/{namespace}/events?fieldSelector=involvedObject.name={name}"
    return [event["message"] for event in call(cluster, "GET", path)["items"]]


def log(node: NodeState, pod: Mapping[str, Any]) -> str:
    """What the Pod's containers have written, read from the node's disk."""
    about = pod["metadata"]
    folder = Path(node.pod_logs) / f"{about['namespace']}_{about['name']}_{about['uid']}"
    texts = [path.read_text("utf-8") for path in sorted(folder.glob("*/*.log"))]
    # Each line of the kubelet's format is: time, stream, tag, and what was written.
    return "".join(line.split(" ", 3)[3] for text in texts for line in text.splitlines(keepends=True))


def delete_pod(cluster: KubernetesState, namespace: str, name: str) -> None:
    """Remove it at once; no matter if it is gone."""
    body = {"gracePeriodSeconds": 0}
    try:
        call(cluster, "DELETE", f"/api/v1/namespaces/{namespace}/pods/{name}", body)
    except ApiError as error:
        if error.status != 404:
            raise


T = TypeVar("T")


def _wait(look: Callable[[], T | None], seconds: float) -> T | None:
    """What `look` finds, as soon as it finds something; None when it did not within the time."""
    found: list[T] = []

    def try_again() -> bool:
        result = look()
        found.extend([result] if result is not None else [])
        return bool(found)

    return found[0] if wait_for(try_again, seconds, interval=0.1) else None
