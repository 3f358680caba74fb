"""What `chaosreg mirror-job` prints: a Kubernetes Indexed Job, and the ConfigMap that says what it copies."""

import argparse
import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from pulumi_chaosreg.cli.mirror.list_file import TagCopy, list_text
from pulumi_chaosreg.cli.notices import notice
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.settings.grammars import MANAGED_BY, OURS

_NAME = "chaosreg-mirror"
_CONFIG_MAP_LIMIT = 1 << 20
"""Bytes of all values together; the API server's limit."""
_MEMORY = "200Mi"
"""The copies need less than 150 MB, however large the images are. Request and limit are the same: it is kept free."""
_SCRATCH = {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "4Mi"}}
"""All that its Pods can write: for the trusted root of a policy, which is read from a file. Counts as memory."""
_DAY = 24 * 60 * 60
_LISTS, _LOGINS, _TRUST = "/etc/chaosreg/lists", "/etc/chaosreg/logins", "/etc/chaosreg/trust"
_CA_BUNDLE = "ca-bundle.crt"

Object = dict[str, Any]


def arguments(group: argparse._ArgumentGroup, *, former: bool = False) -> None:
    """What the command line may say about the Job; `former`: where `mirror --as-job` takes it, and nobody is told."""

    def add(name: str, about: str, **how: Any) -> None:
        group.add_argument(name, help=argparse.SUPPRESS if former else about, **how)

    image = "an image with the command `chaosreg`: examples/mirror-job makes one (required)"
    add("--image", image, metavar="REF", required=not former)
    add("--shards", "number of Pods that share the work (default: 4)", metavar="N", default=4, type=_positive)
    add("--retries", "how often to retry a failed shard (default: 2)", metavar="N", default=2, type=_count)
    add("--namespace", "of the Job and its ConfigMap; left out by default", metavar="NAME", type=_name)
    add("--docker-config", "logins; of type kubernetes.io/dockerconfigjson", metavar="SECRET", type=_name)
    add("--pull-secret", "the Pods pull REF with it", metavar="SECRET", type=_name)
    add("--service-account", "for a cloud identity; no token is mounted", metavar="NAME", type=_name)
    trusted = f"whose `{_CA_BUNDLE}` has the certificates of all registries' authorities"
    add("--ca-bundle", trusted, metavar="CONFIGMAP", type=_name)


def objects(copies: Sequence[TagCopy], options: argparse.Namespace) -> list[Object]:
    """The ConfigMap and the Job: the same for the same arguments, and by another name for any others.

    So one applied again changes nothing, and one that differs does not meet the old one's fields that cannot change.
    Warns on stderr where the image needs more than the one of examples/mirror-job has.
    Raises ChaosregError: CHR0461 (too much for a ConfigMap), CHR0462 (nothing to mirror), CHR0301 (the image).
    """
    Reference.parse(options.image)
    if not copies:
        advice = "set `mirror.source` where `image_registry.server` is set"
        raise ChaosregError.of("CHR0462", "there are no images to mirror, so no Job", help=advice)
    if any(copy.wanted.verify for copy in copies):
        notice(_needs_packages(options.image))
    lists = {f"{index}.yaml": list_text(shard) for index, shard in enumerate(_shards(copies, options.shards))}
    size = sum(len(text.encode()) for text in lists.values())
    if size > _CONFIG_MAP_LIMIT:
        raise ChaosregError.of(
            "CHR0461",
            f"the list of {len(copies)} images has {size} bytes, but a ConfigMap holds {_CONFIG_MAP_LIMIT}",
            help="print several Jobs, each for some scopes or images: `chaosreg mirror-job WANTED`",
        )
    spec = _job_spec(options, len(lists))
    name = f"{_NAME}-{hashlib.sha256(json.dumps([lists, spec]).encode()).hexdigest()[:10]}"
    spec["template"]["spec"]["volumes"][0]["configMap"]["name"] = name
    metadata = {"name": name, **({"namespace": options.namespace} if options.namespace else {}), "labels": _LABELS}
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "immutable": True, "data": lists}
    return [config_map, {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}]


def _needs_packages(image: str) -> Finding:
    """What verifies in the cluster is the image's, and cannot be seen from here."""
    return Finding(
        "CHR0327",
        f"`signatures: require` needs `pulumi-chaosreg[verify]` in image `{image}`",
        help="examples/mirror-job/README.md says how to put it in; without it the Pods copy no image that must be "
        "signed",
        severity="warning",
    )


_LABELS = {"app.kubernetes.io/name": _NAME, MANAGED_BY: OURS}


def _shards(copies: Sequence[TagCopy], most: int) -> list[list[TagCopy]]:
    """At most so many parts, none empty. One source repository stays together: its images are likely to share layers,
    and each Pod knows only what it has sent itself.
    """
    groups: dict[str, list[TagCopy]] = {}
    for copy in copies:
        groups.setdefault(copy.source.name, []).append(copy)
    shards: list[list[TagCopy]] = [[] for _ in range(min(most, len(groups)))]
    for group in sorted(groups.values(), key=len, reverse=True):
        min(shards, key=len).extend(group)
    return shards


def _job_spec(options: argparse.Namespace, completions: int) -> Object:
    volumes: list[Object] = [{"name": "lists", "configMap": {"name": ""}}]
    mounts = [{"name": "lists", "mountPath": _LISTS, "readOnly": True}]
    environment: list[Object] = []
    if options.docker_config:
        items = [{"key": ".dockerconfigjson", "path": "config.json"}]
        volumes.append({"name": "logins", "secret": {"secretName": options.docker_config, "items": items}})
        mounts.append({"name": "logins", "mountPath": _LOGINS, "readOnly": True})
        environment.append({"name": "DOCKER_CONFIG", "value": _LOGINS})
    if options.ca_bundle:
        items = [{"key": _CA_BUNDLE, "path": _CA_BUNDLE}]
        volumes.append({"name": "trust", "configMap": {"name": options.ca_bundle, "items": items}})
        mounts.append({"name": "trust", "mountPath": _TRUST, "readOnly": True})
        environment.append({"name": "SSL_CERT_FILE", "value": f"{_TRUST}/{_CA_BUNDLE}"})
    passed_on = [f"--{name.replace('_', '-')}" for name in ("deep", "dry_run") if getattr(options, name)]
    container: Object = {
        "name": "mirror",
        "image": options.image,
        "command": ["chaosreg"],
        # The kubelet puts the index in: no shell is needed in the image.
        "args": ["mirror", "--list", f"{_LISTS}/$(JOB_COMPLETION_INDEX).yaml", "--output", "json", *passed_on],
        **({"env": environment} if environment else {}),
        "resources": {"requests": {"cpu": "250m", "memory": _MEMORY}, "limits": {"memory": _MEMORY}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [*mounts, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108  # nobody else's: a volume
    }
    pod: Object = {
        "restartPolicy": "Never",
        **({"serviceAccountName": options.service_account} if options.service_account else {}),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        **({"imagePullSecrets": [{"name": options.pull_secret}]} if options.pull_secret else {}),
        # Which user is the image's business: some clusters (OpenShift) choose one for each namespace.
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [*volumes, _SCRATCH],
    }
    return {
        "completionMode": "Indexed",
        "completions": completions,
        "parallelism": completions,
        "backoffLimitPerIndex": options.retries,
        "podFailurePolicy": {
            "rules": [
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                # 2: the command could not run at all, and would not the next time
                {
                    "action": "FailIndex",
                    "onExitCodes": {"containerName": "mirror", "operator": "In", "values": [2]},
                },
            ]
        },
        "podReplacementPolicy": "Failed",  # never two Pods of one shard
        "ttlSecondsAfterFinished": _DAY,
        "template": {"metadata": {"labels": _LABELS}, "spec": pod},
    }


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError("write a number")
    return int(text)


def _positive(text: str) -> int:
    if not _count(text):
        raise argparse.ArgumentTypeError("write a number above 0")
    return int(text)


def _name(text: str) -> str:
    if len(text) > 253 or not re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", text):
        raise argparse.ArgumentTypeError("write a Kubernetes name: lowercase letters, digits, `-` and `.`")
    return text
