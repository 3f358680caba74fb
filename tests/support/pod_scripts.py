"""A Python script that a Pod of the lab's real node runs, and what it said."""

import json
from collections.abc import Mapping
from typing import Any

from lab import kubeapi
from lab.deadline import wait_for
from lab.pods import events, log
from lab.python_image import python_image
from lab.state import LabState

_CONFINED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def said_in_a_pod(
    lab: LabState, namespace: str, script: str, *, environment: Mapping[str, str] | None = None, **spec: Any
) -> Any:
    """The JSON that the script prints, run by a Pod that names no node; `spec` is more of the Pod's.

    AssertionError with what it wrote when it fails.
    """
    container = {
        "name": "main",
        "image": python_image(lab),
        "args": ["-c", script],
        "env": [{"name": name, "value": value} for name, value in (environment or {}).items()],
        "securityContext": _CONFINED,
        "volumeMounts": [{"name": each["name"], "mountPath": f"/{each['name']}"} for each in spec.get("volumes", ())],
    }

    def account_is_there() -> bool:
        name = spec.get("serviceAccountName", "default")
        return kubeapi.get(lab.kubernetes, f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}") is not None

    assert wait_for(account_is_there, 20), "no ServiceAccount"
    return json.loads(run_to_end(lab, namespace, {"restartPolicy": "Never", "containers": [container], **spec}))


def run_to_end(lab: LabState, namespace: str, spec: Mapping[str, Any]) -> str:
    """What the containers of a Pod have written when it has succeeded; AssertionError with it when it fails."""
    pods = f"/api/v1/namespaces/{namespace}/pods"
    made = kubeapi.call(lab.kubernetes, "POST", pods, {"metadata": {"generateName": "script-"}, "spec": spec})
    name = made["metadata"]["name"]

    def now() -> dict[str, Any]:
        return kubeapi.call(lab.kubernetes, "GET", f"{pods}/{name}")

    ended = wait_for(lambda: now()["status"].get("phase") in ("Succeeded", "Failed"), 60, interval=0.2)
    assert ended, events(lab.kubernetes, namespace, name)
    assert now()["status"]["phase"] == "Succeeded", log(lab.node, now())
    return log(lab.node, now())
