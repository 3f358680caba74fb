"""The objects of a namespace that name images, as a cluster has them now. Only reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_chaosreg.kubernetes.client import Cluster, KubernetesError

_PAGE = 500
_KINDS = (
    ("/api/v1", "pods", "Pod"),
    ("/apis/apps/v1", "deployments", "Deployment"),
    ("/apis/apps/v1", "daemonsets", "DaemonSet"),
    ("/apis/apps/v1", "statefulsets", "StatefulSet"),
    ("/apis/batch/v1", "cronjobs", "CronJob"),
    ("/apis/batch/v1", "jobs", "Job"),
    ("/api/v1", "configmaps", "ConfigMap"),
    ("/apis/argoproj.io/v1alpha1", "workflows", "Workflow"),
    ("/apis/argoproj.io/v1alpha1", "workflowtemplates", "WorkflowTemplate"),
    ("/apis/argoproj.io/v1alpha1", "cronworkflows", "CronWorkflow"),
    ("/apis/litmuschaos.io/v1alpha1", "chaosengines", "ChaosEngine"),
    ("/apis/litmuschaos.io/v1alpha1", "chaosexperiments", "ChaosExperiment"),
)
_ENDED = ("Succeeded", "Failed")


@dataclass(slots=True)
class Workloads:
    """What was found."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    """Kinds, in the plural, that we may not list."""


def workloads(cluster: Cluster, namespace: str) -> Workloads:
    """Every object that may name an image, but Pods and Jobs that have ended. A kind that the cluster does not know is
    left out.

    Raises KubernetesError where the cluster cannot be reached, or not even Pods may be listed.
    """
    found = Workloads()
    for api, plural, kind in _KINDS:
        try:
            for item in listed(cluster, f"{api}/namespaces/{namespace}/{plural}"):
                if not _has_ended(item):
                    group = api.removeprefix("/apis/").removeprefix("/api/")
                    found.objects.append({"apiVersion": group, "kind": kind, **item})
        except KubernetesError as error:
            if error.status == 403 and plural != "pods":
                found.unseen.append(plural)
            elif not error.is_missing:
                raise
    return found


def listed(cluster: Cluster, path: str) -> Iterator[dict[str, Any]]:
    """The objects of a list, page by page; KubernetesError."""
    more = {"limit": str(_PAGE)}
    while True:
        answer = cluster.request("GET", path, None, "", **more)
        yield from objects_in(answer, "items")
        token = (answer.get("metadata") or {}).get("continue")
        if not token:
            return
        more["continue"] = token


def objects_in(found: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects of the list at this key; other things than objects, which should not be there, are left out."""
    return [one for one in found.get(key) or () if isinstance(one, dict)]


def _has_ended(item: dict[str, Any]) -> bool:
    status = item.get("status") or {}
    return status.get("phase") in _ENDED or bool(status.get("completionTime"))
