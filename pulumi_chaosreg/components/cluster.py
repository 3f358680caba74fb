"""Which cluster an infrastructure is in, and the Kubernetes Provider that reaches it."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.provider import Provider


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster by the context of a kubeconfig, or by a kubeconfig of its own.

    Always given: the current context of a machine is the wrong cluster in CI.
    """

    context: str | None = None
    kubeconfig: pulumi.Input[str] | None = None
    """Path or content; $KUBECONFIG or ~/.kube/config otherwise. May be a secret Output."""
    identifier: str | None = None
    """The cluster's lasting name; the context otherwise. With it, a new address of the same cluster is an update."""

    @property
    def name(self) -> str:
        """What the Provider is called: the identifier, the context, or `cluster`."""
        return self.identifier or self.context or "cluster"

    def provider(self) -> Provider:
        """A new Provider, child of the stack. Secrets and ConfigMaps change in place, never by delete and create."""
        return Provider(
            self.name,
            context=self.context,
            kubeconfig=self.kubeconfig,
            cluster_identifier=self.name,
            enable_secret_mutable=True,
            enable_config_map_mutable=True,
        )
