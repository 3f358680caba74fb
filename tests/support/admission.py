"""Pods of a namespace of the lab's API server, tried or made, and what it says of them."""

import secrets
from collections.abc import Callable
from typing import Any

from lab.deadline import wait_for
from lab.kubeapi import ApiError, call, call_and_warnings
from lab.pods import make_service_account
from lab.state import KubernetesState


def pod(image: str, **spec: Any) -> dict[str, Any]:
    """With one container, and whatever else its spec says."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"p{secrets.token_hex(4)}"},
        "spec": {"containers": [container(image)], "automountServiceAccountToken": False, **spec},
    }


def container(image: str, name: str = "c") -> dict[str, Any]:
    return {"name": name, "image": image}


class Namespace:
    """One that the test has for itself."""

    def __init__(self, cluster: KubernetesState, name: str) -> None:
        self._cluster, self.name = cluster, name
        self._pods = f"/api/v1/namespaces/{name}/pods"

    def make(self) -> None:
        call(self._cluster, "POST", "/api/v1/namespaces", {"metadata": {"name": self.name}})

    def let_pods_in(self) -> None:
        """What a controller would do, which does not run."""
        make_service_account(self._cluster, self.name, "default")

    def refusal(self, thing: dict[str, Any]) -> str:
        """Why a Pod is not taken; empty where it is."""
        return _refusal(lambda: call(self._cluster, "POST", f"{self._pods}?dryRun=All", thing))

    def warnings(self, thing: dict[str, Any]) -> list[str]:
        return call_and_warnings(self._cluster, "POST", f"{self._pods}?dryRun=All", thing)[1]

    def add(self, thing: dict[str, Any]) -> str:
        """Make a Pod; its name."""
        return str(call(self._cluster, "POST", self._pods, thing)["metadata"]["name"])

    def refusal_of_change(self, name: str, patch: dict[str, Any], part: str = "") -> str:
        """Why a change of a Pod is not taken; empty where it is."""
        kind = "application/strategic-merge-patch+json"
        return _refusal(lambda: call(self._cluster, "PATCH", f"{self._pods}/{name}{part}", patch, kind))

    def wait_until_refused(self, image: str) -> None:
        """The API server hears of a policy a little later than who wrote it."""
        assert wait_for(lambda: bool(self.refusal(pod(image))), 30)

    def wait_until_taken(self, image: str) -> None:
        assert wait_for(lambda: not self.refusal(pod(image)), 30)


def _refusal(request: Callable[[], Any]) -> str:
    try:
        request()
    except ApiError as error:
        if error.status != 403:
            raise
        return str(error)
    return ""
