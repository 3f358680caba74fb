"""The ConfigMap with a resolved config, as an object of Kubernetes: one short string per key, so that a diff reads as a
sentence.
"""

from collections.abc import Mapping

import pulumi

from pulumi_chaosreg.kubernetes.objects import core_object, metadata


def config_map(
    name: str,
    *,
    config_map_name: str,
    namespace: str,
    data: Mapping[str, pulumi.Input[str]],
    labels: Mapping[str, str],
    opts: pulumi.ResourceOptions,
    annotations: Mapping[str, str] | None = None,
) -> pulumi.CustomResource:
    """A ConfigMap; never a credential in it."""
    properties = {"metadata": metadata(config_map_name, namespace, labels, annotations), "data": dict(data)}
    return core_object("ConfigMap", name, properties, opts)
