"""The ConfigMap with a resolved config: one short string per key, so that a diff reads as a sentence."""

from collections.abc import Mapping

import pulumi

from pulumi_chaosreg.kubernetes.objects import core_object, metadata


class ResolvedConfigMap(pulumi.ComponentResource):
    """`chaos-image-registry-<infrastructure>`. Never a credential."""

    config_map_name: str

    def __init__(
        self,
        name: str,
        *,
        config_map_name: str,
        namespace: str,
        data: Mapping[str, pulumi.Input[str]],
        labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("chaosreg:index:ResolvedConfigMap", name, {}, opts)
        self.config_map_name = config_map_name
        self.config_map = core_object(
            "ConfigMap",
            name,
            {"metadata": metadata(config_map_name, namespace, labels or {}), "data": dict(data)},
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
