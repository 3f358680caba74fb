"""The ConfigMap with a resolved config, as a component for programs of one's own: `Infrastructure` makes its own."""

from collections.abc import Mapping

import pulumi

from pulumi_chaosreg.kubernetes.config_map import config_map


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
        self.config_map = config_map(
            name,
            config_map_name=config_map_name,
            namespace=namespace,
            data=data,
            labels=labels or {},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
