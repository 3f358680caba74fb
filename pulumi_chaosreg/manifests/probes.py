"""Probes for chaos experiments that watch the registry's path to the cluster: as entries of a fault's list `probe`, as
Litmus's ChaosEngines have them, and as Harness's probe templates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_chaosreg.images.server_address import base_url
from pulumi_chaosreg.manifests.target import Target

# Litmus puts a query between double quotes of a shell, so there are none inside.
_PULL_ERRORS = "sum(increase(kubelet_runtime_operations_errors_total{operation_type='pull_image'}[10m])) or vector(0)"
_PULL_SECONDS = (
    "histogram_quantile(0.95, sum by (le) (rate(kubelet_image_pull_duration_seconds_bucket[10m]))) > 0 or vector(0)"
)
_SLOW = "120"
_TIMEOUT, _INTERVAL, _ATTEMPTS = "10s", "5s", 3


@dataclass(frozen=True, slots=True)
class _Answers:
    """The address answers a GET with one of these."""

    name: str
    about: str
    url: str
    codes: Sequence[int]


@dataclass(frozen=True, slots=True)
class _NoPods:
    """No Pod of the namespace is like this."""

    name: str
    about: str
    namespace: str
    selector: str


@dataclass(frozen=True, slots=True)
class _AtMost:
    """What Prometheus answers is at most this."""

    name: str
    about: str
    query: str
    most: str


_Probe = _Answers | _NoPods | _AtMost


def probes(target: Target, prometheus: str) -> list[dict[str, Any]]:
    """What to put under `probe` of a fault of a ChaosEngine: the registry answers, nothing of the namespace waits for
    an image, pulls are quick and do not fail. `prometheus` is the address that the last two ask.
    """
    return [_for_litmus(one, prometheus) for one in _probes(target)]


def probe_templates(target: Target, project: Mapping[str, str], connector: str) -> dict[str, Any]:
    """The same as a program of Pulumi YAML that makes them templates of a ChaosHub: Harness knows no YAML of probes, it
    makes them from templates. `project` is where the hub is, `orgId` and `projectId`; `connector` is Harness's one to
    Prometheus.
    """
    infrastructure = target.infrastructure.rpartition("/")[2]
    named = {f"{infrastructure}-{one.name}": one for one in _probes(target)}  # a hub may have those of several
    return {
        "name": "chaos-registry-probes",
        "runtime": "yaml",
        "config": {"chaosHub": {"type": "string"}},
        "resources": {
            name: {
                "type": "harness:chaos:ProbeTemplate",
                "properties": {
                    **project,
                    "hubIdentity": "${chaosHub}",
                    "identity": name,
                    "name": name,
                    "description": one.about,
                    "infrastructureType": "Kubernetes" if target.type == "dedicated" else "KubernetesV2",
                    **_for_harness(one, connector),
                },
            }
            for name, one in named.items()
        },
    }


def _probes(target: Target) -> Iterator[_Probe]:
    server = target.registry.partition("/")[0]
    # 401 is a registry that asks who one is: it is there
    yield _Answers("registry-answers", f"{server} answers", f"{base_url(server)}/v2/", (200, 401))
    # A Pod in ImagePullBackOff is Pending; a reason of its containers is nothing that a selector can name.
    yield _NoPods(
        "no-pod-waits-for-an-image",
        f"no Pod of {target.namespace} is Pending",
        target.namespace,
        "status.phase=Pending",
    )
    yield _AtMost("pulls-do-not-fail", "no pull failed in ten minutes", _PULL_ERRORS, "0")
    yield _AtMost("pulls-are-quick", f"95 of 100 pulls take at most {_SLOW} s", _PULL_SECONDS, _SLOW)


def _for_litmus(probe: _Probe, prometheus: str) -> dict[str, Any]:
    """Field by field as chaos-operator defines it, api/litmuschaos/v1alpha1."""
    running: dict[str, Any] = {"probeTimeout": _TIMEOUT, "interval": _INTERVAL, "attempt": _ATTEMPTS}
    inputs: dict[str, Any]
    mode = "Edge"
    match probe:
        case _Answers():
            # without a pause a continuous probe asks again at once, as long as the fault lasts
            mode, running = "Continuous", {**running, "probePollingInterval": _INTERVAL}
            kind, inputs = "httpProbe", {"url": probe.url, "method": {"get": _one_of(probe)}}
        case _NoPods():
            kind, inputs = "k8sProbe", {"group": "", **_absent(probe)}
        case _AtMost():
            comparator = {"criteria": "<=", "value": probe.most}
            kind, inputs = "promProbe", {"endpoint": prometheus, "query": probe.query, "comparator": comparator}
    return {"name": probe.name, "type": kind, "mode": mode, "runProperties": running, f"{kind}/inputs": inputs}


def _for_harness(probe: _Probe, connector: str) -> dict[str, Any]:
    """As `harness.chaos.ProbeTemplate` of pulumi-harness has it. It has no mode: that is chosen where it is used."""
    inputs: dict[str, Any]
    running: dict[str, Any] = {"timeout": _TIMEOUT, "interval": _INTERVAL, "attempt": _ATTEMPTS}
    match probe:
        case _Answers():
            running["pollingInterval"] = _INTERVAL
            kind, inputs = "httpProbe", {"url": probe.url, "method": {"getMethod": _one_of(probe)}}
        case _NoPods():
            kind, inputs = "k8sProbe", _absent(probe)
        case _AtMost():
            kind = "apmProbe"
            inputs = {
                "apmType": "Prometheus",
                "comparator": {"type": "float", "criteria": "<=", "value": probe.most},
                "prometheusInputs": {"connectorId": connector, "query": probe.query},
            }
    return {"type": kind, "runProperties": running, kind: inputs}


def _one_of(probe: _Answers) -> Mapping[str, str]:
    """Litmus takes the list apart at its commas, and knows no brackets."""
    return {"criteria": "oneOf", "responseCode": ",".join(map(str, probe.codes))}


def _absent(probe: _NoPods) -> dict[str, str]:
    return {
        "version": "v1",
        "resource": "pods",
        "namespace": probe.namespace,
        "fieldSelector": probe.selector,
        "operation": "absent",
    }
