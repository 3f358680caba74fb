"""Kubernetes objects by type token: what the typed classes of pulumi-kubernetes do, without their import.

Importing `pulumi_kubernetes.core.v1` is most of the time of a small program. What its classes add for Secrets
(secret outputs, the SDK's plugin version) is done here.
"""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import pulumi

_SECRET_FIELDS = ["data", "stringData"]


def core_object(
    kind: str, name: str, properties: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> pulumi.CustomResource:
    """An object of the core API group: `Secret`, `ConfigMap`, `NamespacePatch`…"""
    return api_object("core/v1", kind, name, properties, opts)


def api_object(
    group: str, kind: str, name: str, properties: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> pulumi.CustomResource:
    """An object of an API group as the plugin's type tokens name it: `batch/v1`, `external-secrets.io/v1`."""
    ours = pulumi.ResourceOptions(
        version=_sdk_version(),
        additional_secret_outputs=_SECRET_FIELDS if kind == "Secret" else None,
    )
    inputs = {"apiVersion": group.removeprefix("core/"), "kind": kind.removesuffix("Patch"), **properties}
    return pulumi.CustomResource(token(group, kind), name, inputs, pulumi.ResourceOptions.merge(ours, opts))


def token(group: str, kind: str) -> str:
    """The type token of an object, as in `kubernetes:core/v1:Secret`."""
    return f"kubernetes:{group}:{kind}"


@cache
def _sdk_version() -> str:
    """Which plugin goes with the SDK; its package's metadata is parsed anew at every question."""
    return version("pulumi-kubernetes")


def metadata(
    name: str,
    namespace: str | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
) -> dict[str, Any]:
    """The object's metadata; its name is always ours, since Harness and charts refer to it."""
    given = {
        "name": name,
        "namespace": namespace,
        "labels": dict(labels or {}),
        "annotations": dict(annotations or {}),
    }
    return {key: value for key, value in given.items() if value}
