"""A cluster that carries out Jobs: the lab's node with the parts that other tests do without."""

import uuid
from collections.abc import Iterator

import pytest

from lab import kubeapi
from lab.bringup import bring_up
from lab.deadline import wait_for
from lab.parts import BY_NAME
from lab.state import LabState, load
from tests.support.shared_cluster import cluster


@pytest.fixture(scope="module")
def lab() -> Iterator[LabState]:
    """With controllers and scheduler, as long as a module needs them."""
    missing = load().node.missing or load().mirror_image.missing
    if missing:
        pytest.skip(missing)  # the last lines of the run say it too
    with cluster(alone=True), bring_up(BY_NAME) as session:
        yield session.state
        # Those that are being removed would wait for controllers until the lab ends.
        gone = wait_for(lambda: not _leaving(session.state), 60, interval=0.2)
        session.stop(*BY_NAME)
        assert gone, _leaving(session.state)


@pytest.fixture
def namespace(lab: LabState) -> Iterator[str]:
    """A new one whose Pods must keep to the `restricted` standard."""
    name = f"fleet-{uuid.uuid4().hex[:8]}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    kubeapi.call(lab.kubernetes, "POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
    yield name
    kubeapi.call(lab.kubernetes, "DELETE", f"/api/v1/namespaces/{name}")


def _leaving(lab: LabState) -> list[str]:
    namespaces = kubeapi.call(lab.kubernetes, "GET", "/api/v1/namespaces")["items"]
    return [each["metadata"]["name"] for each in namespaces if each["metadata"]["name"].startswith("fleet-")]
