"""Probes for chaos experiments that watch the registry's path to the cluster. Litmus's ChaosEngines and Harness's
experiments spell them alike: an entry of a fault's list `probe`.
"""

from typing import Any

from pulumi_chaosreg.manifests.target import Target

_RUN = {"probeTimeout": "10s", "interval": "5s", "attempt": 3}
_PULL_ERRORS = 'sum(increase(kubelet_runtime_operations_errors_total{operation_type="pull_image"}[10m])) or vector(0)'
_PULL_SECONDS = (
    "histogram_quantile(0.95, sum by (le) (rate(kubelet_image_pull_duration_seconds_bucket[10m]))) > 0 or vector(0)"
)
_SLOW = "120"


def probes(target: Target, prometheus: str) -> list[dict[str, Any]]:
    """What to put under `probe`: the registry answers, nothing of the namespace waits for an image, pulls are quick and
    do not fail. `prometheus` is the address that the last two ask.
    """
    server = target.registry.partition("/")[0]
    host = "registry-1.docker.io" if server == "docker.io" else server
    return [
        {
            "name": "registry-answers",
            "type": "httpProbe",
            "mode": "Continuous",
            "runProperties": dict(_RUN),
            "httpProbe/inputs": {
                "url": f"https://{host}/v2/",
                # 401 is a registry that asks who one is: it is there
                "method": {"get": {"criteria": "oneOf", "responseCode": "[200,401]"}},
            },
        },
        {
            "name": "no-pod-waits-for-an-image",
            "type": "k8sProbe",
            "mode": "Edge",
            "runProperties": dict(_RUN),
            # A Pod in ImagePullBackOff is Pending; a reason of its containers is nothing that a selector can name.
            "k8sProbe/inputs": {
                "group": "",
                "version": "v1",
                "resource": "pods",
                "namespace": target.namespace,
                "fieldSelector": "status.phase=Pending",
                "operation": "absent",
            },
        },
        _of_prometheus("pulls-do-not-fail", prometheus, _PULL_ERRORS, "0"),
        _of_prometheus("pulls-are-quick", prometheus, _PULL_SECONDS, _SLOW),
    ]


def _of_prometheus(name: str, endpoint: str, query: str, most: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "promProbe",
        "mode": "Edge",
        "runProperties": dict(_RUN),
        "promProbe/inputs": {
            "endpoint": endpoint,
            "query": query,
            "comparator": {"type": "float", "criteria": "<=", "value": most},
        },
    }
