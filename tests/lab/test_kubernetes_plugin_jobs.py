"""What the engine and the Kubernetes plugin do with a Job: it is there when it is complete.

Read in the official plugin's source (provider/pkg/await/job.go, checker/job); the words differ a little from its own.
The tests play the controller: they write the Job's status.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lab import kubeapi
from lab.deadline import wait_for
from lab.state import KubernetesState, load
from tests.support.kubernetes_plugin_lab import NOT_AWAITED, Resource, Stack, job, resource

pytestmark = [pytest.mark.engine, pytest.mark.nightly]  # the lab's own stand-in, and no part of what users get

OUTSIDE = {"LAB_STATE": ""}  # the plugin does not know that no controller will come
NOW = "2026-11-29T08:00:00Z"
COMPLETE = {
    "startTime": NOW,
    "completionTime": NOW,
    "succeeded": 1,
    "conditions": [
        {"type": kind, "status": "True", "lastTransitionTime": NOW} for kind in ("SuccessCriteriaMet", "Complete")
    ],
}
FAILED = {
    "startTime": NOW,
    "failed": 1,
    "conditions": [
        {
            "type": kind,
            "status": "True",
            "lastTransitionTime": NOW,
            "reason": "BackoffLimitExceeded",
            "message": "Job has reached the specified backoff limit",
        }
        for kind in ("FailureTarget", "Failed")
    ],
}


@pytest.fixture(scope="module")
def cluster() -> KubernetesState:
    lab = load()
    assert lab.kubernetes, "the lab runs without its part `kubernetes`"
    if lab.controller_manager:
        pytest.skip("the lab's own controllers would write the Jobs' status")
    return lab.kubernetes


@pytest.fixture
def room(cluster: KubernetesState) -> Iterator[str]:
    """The path of a new namespace's Jobs."""
    name = f"jobs-{secrets.token_hex(4)}"
    kubeapi.call(cluster, "POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    yield f"/apis/batch/v1/namespaces/{name}/jobs"
    kubeapi.call(cluster, "DELETE", f"/api/v1/namespaces/{name}")


def a_job(room: str, annotations: dict[str, str] | None = None) -> Resource:
    metadata = {"name": "one", "namespace": room.split("/")[-2], "annotations": annotations or {}}
    return resource("batch/v1:Job", "one", metadata=metadata, **job())


def written(cluster: KubernetesState, room: str, status: dict[str, Any]) -> bool:
    """Whether there was a Job to write this status to."""
    if kubeapi.get(cluster, f"{room}/one") is None:
        return False
    kubeapi.call(cluster, "PATCH", f"{room}/one/status", {"status": status}, "application/merge-patch+json")
    return True


@contextmanager
def controller(write: Callable[[], bool]) -> Iterator[None]:
    """Somebody who writes the status as soon as there is a Job."""
    thread = threading.Thread(target=wait_for, args=(write, 60), kwargs={"interval": 0.1})
    thread.start()
    yield
    thread.join()


def test_a_job_is_there_when_it_is_complete(cluster: KubernetesState, room: str, tmp_path: Path) -> None:
    stack = Stack(tmp_path / "stack", OUTSIDE)
    with controller(lambda: written(cluster, room, COMPLETE)):
        run = stack.up(a_job(room))
    assert run.code == 0, run.output
    assert stack.state()["one"]["outputs"]["status"]["succeeded"] == 1
    assert stack.preview(a_job(room)).operations("one") == ["same"]
    assert stack.refresh().code == 0
    assert stack.preview(a_job(room)).operations("one") == ["same"]
    assert stack.destroy().code == 0
    assert kubeapi.get(cluster, f"{room}/one") is None


def test_a_job_that_fails_is_told_with_its_reason_kept_and_waited_for_again(
    cluster: KubernetesState, room: str, tmp_path: Path
) -> None:
    stack = Stack(tmp_path / "stack", OUTSIDE)
    with controller(lambda: written(cluster, room, FAILED)):
        run = stack.up(a_job(room))
    assert run.code != 0
    assert "[BackoffLimitExceeded] Job has reached the specified backoff limit" in run.messages("error")
    assert stack.state()["one"]["id"] == f"{room.split('/')[-2]}/one"  # it exists
    assert stack.preview(a_job(room)).operations("one") == ["update"]
    replaced = {"pulumi.com/replaceUnready": "true"}
    assert "replace" in stack.preview(a_job(room, replaced)).operations("one")


def test_a_job_that_nobody_runs_ends_with_the_time_that_the_program_gives_it(
    cluster: KubernetesState, room: str, tmp_path: Path
) -> None:
    run = Stack(tmp_path / "stack", OUTSIDE).up(a_job(room, {"pulumi.com/timeoutSeconds": "1"}))
    assert run.code != 0
    assert "timed out waiting to be Ready" in run.messages("error")


def test_in_a_lab_without_controllers_a_job_fails_at_once_and_says_why(room: str, tmp_path: Path) -> None:
    stack = Stack(tmp_path / "stack")
    run = stack.up(a_job(room))
    assert run.code != 0
    assert "this lab has no controllers" in run.messages("error")
    assert "controller-manager" in run.messages("error")
    assert "pulumi.com/skipAwait" in run.messages("error")


def test_who_does_not_wait_for_a_job_has_it_at_once(cluster: KubernetesState, room: str, tmp_path: Path) -> None:
    stack = Stack(tmp_path / "stack")
    assert stack.up(a_job(room, NOT_AWAITED)).code == 0
    assert stack.refresh().code == 0
    assert stack.preview(a_job(room, NOT_AWAITED)).operations("one") == ["same"]
    assert kubeapi.get(cluster, f"{room}/one") is not None
