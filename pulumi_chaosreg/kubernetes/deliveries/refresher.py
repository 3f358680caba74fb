"""`refresher`: a Secret of ours whose short-lived password a CronJob in the cluster renews, and one Job at once.

Pulumi owns the Secret's frame, the Job its data: a password that ends would differ in every preview.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_chaosreg.credentials.cloud_keys import checked_keys
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.kubernetes.deliveries.delivering import Asked
from pulumi_chaosreg.kubernetes.objects import api_object, core_object, metadata, token
from pulumi_chaosreg.kubernetes.refreshing import RENEWALS, Renewal
from pulumi_chaosreg.registries.kinds import registry_kind
from pulumi_chaosreg.scopes.refresher import refresher_name

_EMPTY = b64encode(json.dumps({"auths": {}}).encode()).decode()
"""What is in the Secret until the first Job has run: it must be a docker config, and lets nobody in."""
_FOLDER, _PACKAGE, _TOKEN = "/etc/chaosreg", "refresher", "/var/run/secrets/chaosreg"
_NO_SIDECAR, _NO_PROXY = {"sidecar.istio.io/inject": "false"}, {"linkerd.io/inject": "disabled"}
"""A container that a service mesh puts beside it would never end, and the Job with it."""
_SUFFIX = "/refresher"
"""Of what an infrastructure has one more of: a ConfigMap with the script, a Secret with keys."""
_TIME_FOR_ALL = 300
"""Seconds that a Job may take, with all its tries."""


def deliver(asked: Asked) -> Sequence[pulumi.Resource]:
    """The Secret, and all that renews it. Pods wait for the first Job: before it there is no password."""
    delivery = asked.delivery
    assert delivery.secret_name is not None
    assert delivery.refresher is not None
    kind = registry_kind(asked.server)
    renewal = RENEWALS[kind.refresher](asked.server, delivery.refresher)
    secret, name = delivery.secret_name.value, refresher_name(delivery.secret_name.value)
    frame = asked.options(token("core/v1", "Secret"))
    frame.ignore_changes = ["data"]
    properties = {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": _EMPTY}}
    made = core_object("Secret", asked.name, {"metadata": _metadata(asked, secret), **properties}, frame)
    rights = _rights(asked, name, secret, renewal)
    before = [made, *rights, *_script(asked, name, renewal), *_keys(asked, name, renewal)]
    pod = _pod(asked, name, renewal)
    spec = {"backoffLimit": 3, "activeDeadlineSeconds": _TIME_FOR_ALL, "template": pod}
    interval = renewal.every or (kind.token_seconds or 0) // 3
    api_object(
        "batch/v1",
        "CronJob",
        asked.name,
        {
            "metadata": _metadata(asked, name),
            "spec": {
                "schedule": schedule(interval, f"{asked.namespace}/{name}"),
                "concurrencyPolicy": "Replace",
                "startingDeadlineSeconds": interval,
                "successfulJobsHistoryLimit": 1,
                "failedJobsHistoryLimit": 1,
                "jobTemplate": {"spec": spec},
            },
        },
        _after(asked.options(token("batch/v1", "CronJob")), before),
    )
    # nothing in a Job can change: another one has another name, and runs at once
    content = hashlib.sha256(json.dumps([spec, renewal.texts()], sort_keys=True).encode()).hexdigest()[:8]
    # …and one that failed stays so: the next `up` makes it anew, when what it lacked is there
    annotations = {**asked.annotations, "pulumi.com/replaceUnready": "true"}
    first = api_object(
        "batch/v1",
        "Job",
        asked.name,
        {"metadata": metadata(f"{name}-{content}", asked.namespace, asked.labels, annotations), "spec": spec},
        _after(asked.options(token("batch/v1", "Job")), before),
    )
    return [made, first]


def schedule(seconds: int, name: str) -> str:
    """At most so many seconds apart. Clusters of one company do not ask all in the same minute: `name` decides when."""
    minute = int(hashlib.sha256(name.encode()).hexdigest(), 16)
    if seconds < 3600:
        every = max(one for one in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30) if one * 60 <= max(seconds, 60))
        return f"{minute % every}-59/{every} * * * *"
    every = max(one for one in (1, 2, 3, 4, 6, 8, 12) if one * 3600 <= seconds)
    return f"{minute % 60} */{every} * * *"


def _rights(asked: Asked, name: str, secret: str, renewal: Renewal) -> list[pulumi.Resource]:
    """A ServiceAccount that may change this one Secret, and nothing else."""
    group = "rbac.authorization.k8s.io"
    account = core_object(
        "ServiceAccount",
        asked.name,
        {"metadata": _metadata(asked, name, renewal.account_annotations), "automountServiceAccountToken": False},
        asked.options(token("core/v1", "ServiceAccount")),
    )
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [secret], "verbs": ["patch"]}
    role = api_object(
        f"{group}/v1",
        "Role",
        asked.name,
        {"metadata": _metadata(asked, name), "rules": [rule]},
        asked.options(token(f"{group}/v1", "Role")),
    )
    binding = api_object(
        f"{group}/v1",
        "RoleBinding",
        asked.name,
        {
            "metadata": _metadata(asked, name),
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": asked.namespace}],
        },
        asked.options(token(f"{group}/v1", "RoleBinding")),
    )
    return [account, role, binding]


def _script(asked: Asked, name: str, renewal: Renewal) -> list[pulumi.Resource]:
    properties = {"metadata": _metadata(asked, name), "data": renewal.texts()}
    options = asked.options(token("core/v1", "ConfigMap"), _SUFFIX)
    return [core_object("ConfigMap", f"{asked.name}{_SUFFIX}", properties, options)]


def _keys(asked: Asked, name: str, renewal: Renewal) -> list[pulumi.Resource]:
    """The refresher's own keys, where it has some."""
    if not renewal.keys:
        return []
    assert asked.credential is not None

    def data(value: Any) -> dict[str, str]:
        try:
            keys = checked_keys(asked.delivery.credential, value, tuple(renewal.keys.values()))
        except ChaosregError as error:
            raise pulumi.RunError(str(error)) from None
        return {part: b64encode(key.encode()).decode() for part, key in keys.items()}

    properties = {
        "metadata": _metadata(asked, name),
        "type": "Opaque",
        "data": pulumi.Output.secret(asked.credential).apply(data),
    }
    options = asked.options(token("core/v1", "Secret"), _SUFFIX)
    return [core_object("Secret", f"{asked.name}{_SUFFIX}", properties, options)]


def _pod(asked: Asked, name: str, renewal: Renewal) -> dict[str, Any]:
    """By the `restricted` Pod security standard; it can write nothing."""
    delivery, renews = asked.delivery, asked.delivery.refresher
    assert delivery.secret_name is not None
    assert renews is not None
    said: Mapping[str, str] = {
        "CHAOSREG_SECRET": delivery.secret_name.value,
        "CHAOSREG_NAMESPACE": asked.namespace,
        "CHAOSREG_SERVER": asked.server,  # a token opens all that its identity may pull
        **renewal.environment,
        **({renewal.token_variable: f"{_TOKEN}/token"} if renewal.audience else {}),
        **{key: one.value for key, one in renews.environment.items()},
    }
    plain = sorted((key, value) for key, value in said.items() if key not in renewal.keys)
    environment: list[dict[str, Any]] = [{"name": key, "value": value} for key, value in plain]
    environment += [
        {"name": key, "valueFrom": {"secretKeyRef": {"name": name, "key": part}}} for key, part in renewal.keys.items()
    ]
    volumes: list[dict[str, Any]] = [{"name": "script", "configMap": {"name": name}}]
    mounts = [{"name": "script", "mountPath": f"{_FOLDER}/{_PACKAGE}", "readOnly": True}]
    if renewal.audience:
        source = {"serviceAccountToken": {"audience": renewal.audience, "expirationSeconds": 3600, "path": "token"}}
        volumes.append({"name": "token", "projected": {"sources": [source]}})
        mounts.append({"name": "token", "mountPath": _TOKEN, "readOnly": True})
    container = {
        "name": "refresher",
        "image": renews.image.value,
        "command": ["python3", "-B", "-m", f"{_PACKAGE}.{renewal.script}"],
        "workingDir": _FOLDER,
        "env": environment,
        "volumeMounts": mounts,
        # a quota of the namespace may demand a limit of each
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    spec = {
        "serviceAccountName": name,
        "automountServiceAccountToken": True,
        "restartPolicy": "Never",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": volumes,
    }
    labels = {**_NO_SIDECAR, **asked.labels, **renewal.pod_labels}
    return {"metadata": {"labels": labels, "annotations": {**_NO_PROXY, **asked.annotations}}, "spec": spec}


def _metadata(asked: Asked, name: str, annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
    return metadata(name, asked.namespace, asked.labels, {**asked.annotations, **(annotations or {})})


def _after(options: pulumi.ResourceOptions, before: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=list(before)))
