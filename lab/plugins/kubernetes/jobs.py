"""Waiting for a Job: it is there when it is complete. In the order and with the words of the official plugin."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

from lab import state
from lab.plugins.kubernetes.api import Api
from lab.plugins.kubernetes.kinds import Kind
from lab.plugins.kubernetes.objects import annotation_of, identity_of, name_of, namespace_of
from lab.plugins.protocol.errors import PluginError
from lab.plugins.protocol.values import Object

_PATIENCE = 600.0  # seconds
_PAUSE = 0.5
_FATAL = ("BackoffLimitExceeded", "DeadlineExceeded")  # other reasons of a failure end in the time-out
_NO_CONTROLLERS = (
    "this lab has no controllers, so no Job ever runs in it: start it with its part `controller-manager` (and "
    '`scheduler`, unless the Pod names its node), or annotate the Job with `pulumi.com/skipAwait: "true"`'
)

Reporter: TypeAlias = Callable[[str], None]


class NotCompleteError(PluginError):
    """The Job exists, but is not complete."""


def is_awaited(kind: Kind, inputs: Object) -> bool:
    """Whether an object is there only when it is complete."""
    return kind.awaited and annotation_of(inputs, "pulumi.com/skipAwait") != "true"


def is_complete(job: Object) -> bool:
    """Whether it has started and succeeded."""
    status = job.get("status") or {}
    return bool(status.get("startTime")) and any(
        condition["type"] == "Complete" and condition["status"] == "True" for condition in status.get("conditions", [])
    )


def await_job(
    api: Api, kind: Kind, job: Object, seconds: float, cancelled: threading.Event, report: Reporter
) -> Object:
    """The Job when it is complete; `NotCompleteError` when it failed or took longer than `seconds` (0: ten minutes)."""
    where = identity_of(job)
    patience = float(annotation_of(job, "pulumi.com/timeoutSeconds") or seconds or _PATIENCE)
    deadline = time.monotonic() + patience
    while not is_complete(job):
        if _nobody_runs_jobs():
            raise NotCompleteError(f"Job {where} does not start: {_NO_CONTROLLERS}")
        failures = [*_failures(job)]
        if failures:
            raise NotCompleteError(
                _lines(f"Resource '{where}' was created but failed to initialize", api, job, failures)
            )
        if time.monotonic() > deadline or cancelled.wait(_PAUSE):
            why = "operation was cancelled for" if cancelled.is_set() else "timed out waiting to be Ready:"
            raise NotCompleteError(_lines(f"{why} '{where}'", api, job, []))
        job = api.get(kind, namespace_of(job), name_of(job))
        report(_progress(job))
    return job


def check_complete(api: Api, job: Object) -> None:
    """`NotCompleteError` unless the Job is complete now: what a refresh asks."""
    if not is_complete(job):
        title = f"Resource '{identity_of(job)}' was created but failed to initialize"
        raise NotCompleteError(_lines(title, api, job, [*_failures(job)]))


def _nobody_runs_jobs() -> bool:
    """Whether this is the lab, without its controllers. Elsewhere nobody can know, and a Job is waited for."""
    return bool(os.environ.get("LAB_STATE")) and state.load().controller_manager is None


def _progress(job: Object) -> str:
    status = job.get("status") or {}
    counts = " | ".join(f"{name.title()}: {status.get(name, 0)}" for name in ("active", "succeeded", "failed"))
    return f'Waiting for Job "{identity_of(job)}" to succeed ({counts})'


def _failures(job: Object) -> Iterator[str]:
    for condition in (job.get("status") or {}).get("conditions", []):
        if condition["type"] == "Failed" and condition["status"] == "True" and condition.get("reason") in _FATAL:
            yield f"[{condition['reason']}] {condition.get('message', '')}"


def _lines(title: str, api: Api, job: Object, failures: list[str]) -> str:
    """What went wrong, as far as the Job and its Pods tell."""
    said = dict.fromkeys(
        [*failures, *(line for pod in api.pods_of(namespace_of(job), name_of(job)) for line in _of(pod))]
    )
    return "\n".join([title, *(f"  - {line}" for line in said)])


def _of(pod: Object) -> Iterator[str]:
    status = pod.get("status") or {}
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield f"[{condition.get('reason')}] {condition.get('message', '')}"
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        waiting = container.get("state", {}).get("waiting") or {}
        if waiting.get("message"):
            yield f"[{waiting.get('reason')}] {waiting['message']}"
        ended = container.get("state", {}).get("terminated") or container.get("lastState", {}).get("terminated") or {}
        if ended.get("exitCode"):
            text = ended.get("message") or f"container {container['name']} ended with exit code {ended['exitCode']}"
            yield f"[{ended.get('reason')}] {text}"
