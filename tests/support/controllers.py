"""A cluster that carries out Jobs: the lab's node with the parts that other tests do without."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from lab import kubeapi
from lab.bringup import bring_up
from lab.deadline import wait_for
from lab.parts import BY_NAME
from lab.state import LabState
from tests.support.shared_cluster import cluster

_PREFIX = "fleet-"


@contextmanager
def controllers() -> Iterator[LabState]:
    """Controllers, scheduler and kube-proxy run; nobody else uses the cluster meanwhile."""
    with cluster(alone=True), bring_up(BY_NAME) as session:
        yield session.state
        # Those that are being removed would wait for controllers until the lab ends.
        gone = wait_for(lambda: not _leaving(session.state), 60, interval=0.2)
        session.stop(*BY_NAME)
        assert gone, _leaving(session.state)


@contextmanager
def own_namespace(lab: LabState) -> Iterator[str]:
    """A new one whose Pods must keep to the `restricted` standard."""
    name = f"{_PREFIX}{uuid.uuid4().hex[:8]}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    kubeapi.call(lab.kubernetes, "POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
    yield name
    kubeapi.call(lab.kubernetes, "DELETE", f"/api/v1/namespaces/{name}")


def _leaving(lab: LabState) -> list[str]:
    namespaces = kubeapi.call(lab.kubernetes, "GET", "/api/v1/namespaces")["items"]
    return [each["metadata"]["name"] for each in namespaces if each["metadata"]["name"].startswith(_PREFIX)]
