"""Which cluster an infrastructure is in, and what reaches it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi
from pulumi_kubernetes.provider import Provider

from pulumi_chaosreg.components.argument_types import FLAG, TEXT, ArgumentType, wrong_types
from pulumi_chaosreg.components.calls import called_from
from pulumi_chaosreg.components.reporting import report
from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.settings.kubeconfig import is_content

ClusterProvider = Literal["eks", "gke", "gke_autopilot", "aks", "openshift", "other"]
_KUBECONFIG = ArgumentType(str, "a path, a content or an Output", 'write `kubeconfig="<path>"`', may_be_output=True)
_PROVIDER = ArgumentType(
    Provider,
    "a Provider of `pulumi_kubernetes`",
    "write `kubernetes_provider=pulumi_kubernetes.Provider(…)`; `provider=` says what runs the nodes",
    is_resource=True,
)


@dataclass(frozen=True, slots=True, init=False)
class Cluster:
    """A cluster by the context of a kubeconfig, by a kubeconfig of its own, or by a Kubernetes Provider of yours.

    One of these is always given: the current context of a machine is the wrong cluster in CI. RunError (CHR0601)
    otherwise.
    """

    context: str | None
    kubeconfig: pulumi.Input[str] | None = field(repr=False)
    identifier: str | None
    nodes: ClusterProvider | None
    """The word of `provider=`."""
    kubernetes_provider: Provider | None = field(repr=False)
    secrets_are_mutable: bool
    place: Place = field(repr=False, compare=False)
    """Where the program makes it."""

    def __init__(
        self,
        context: str | None = None,
        kubeconfig: pulumi.Input[str] | None = None,
        identifier: str | None = None,
        provider: ClusterProvider | None = None,
        kubernetes_provider: Provider | None = None,
        secrets_are_mutable: bool = False,
    ) -> None:
        """`kubeconfig` is a path or the content, and may be a secret Output; $KUBECONFIG or ~/.kube/config otherwise.

        `identifier` is the cluster's permanent name; the context otherwise. With it, a new address of the same cluster
        is an update.
        `provider` says what runs the nodes: a registry of the same cloud may trust them directly. Otherwise what a
        level above says, or `other`.
        `kubernetes_provider` is a Provider of your own, which makes the objects instead of ours. Secrets are then
        protected, because one without `enable_secret_mutable=True` replaces them by delete and create;
        `secrets_are_mutable` is your word that it changes them in place.
        """
        named = (identifier, context)
        place = called_from(next((f"cluster `{name}`" for name in named if isinstance(name, str)), "cluster"))
        values = (context, kubeconfig, identifier, provider, kubernetes_provider, secrets_are_mutable, place)
        for name, value in zip(self.__slots__, values, strict=True):
            object.__setattr__(self, name, value)
        findings = [
            *wrong_types(
                place,
                {
                    "context": (context, TEXT),
                    "kubeconfig": (kubeconfig, _KUBECONFIG),
                    "identifier": (identifier, TEXT),
                    "provider": (provider, TEXT),
                    "kubernetes_provider": (kubernetes_provider, _PROVIDER),
                    "secrets_are_mutable": (secrets_are_mutable, FLAG),
                },
            )
        ]
        if all(value is None or value == "" for value in (context, kubeconfig, kubernetes_provider)):
            findings.append(_nowhere(place))
        report(findings)

    @classmethod
    def of_settings(cls, said: Mapping[str, Any]) -> "Cluster":
        """The cluster that checked settings name."""
        return cls(**said)

    @property
    def name(self) -> str:
        """What the Provider is called: the identifier, the context, or `cluster`."""
        if self.identifier or self.context:
            return self.identifier or self.context or ""
        return self.kubernetes_provider.pulumi_resource_name if self.kubernetes_provider else "cluster"

    def provider(self) -> Provider:
        """The program's one Kubernetes Provider for it, which makes our objects there, too; `kubernetes_provider`
        where that is given. RunError (CHR0603) where another cluster has its name already.
        """
        # late: what a program has declared knows its clusters
        from pulumi_chaosreg.components.declared import declared_by_the_program

        return declared_by_the_program().providers.reach(self).provider

    def new_provider(self, opts: pulumi.ResourceOptions) -> Provider:
        """One of ours, child of the stack. Secrets and ConfigMaps change in place, never by delete and create."""
        return Provider(
            self.name,
            context=self.context,
            kubeconfig=self.kubeconfig,
            cluster_identifier=self.name,
            enable_secret_mutable=True,
            enable_config_map_mutable=True,
            opts=opts,
        )

    @property
    def settings(self) -> dict[str, str]:
        """The same as a stack file says it, as far as it can; the content of a kubeconfig stays out of settings."""
        said = {"context": self.context or self.name, "identifier": self.name, "provider": self.nodes}
        if is_path(self.kubeconfig):
            said["kubeconfig"] = str(self.kubeconfig)
        return {key: value for key, value in said.items() if value is not None}


def is_path(kubeconfig: object) -> bool:
    """Whether this is the path of a kubeconfig, and not its content nor an Output."""
    return isinstance(kubeconfig, str) and not is_content(kubeconfig)


def _nowhere(place: Place) -> Finding:
    return Finding(
        "CHR0601",
        "`Cluster()` does not say which cluster it is",
        place,
        help='write `Cluster(context="<context of your kubeconfig>")`, or give `kubeconfig` or `kubernetes_provider`; '
        "the current context of a machine is the wrong cluster in CI",
    )
