"""From the arguments of a program's call to a scope, checked like a section of a stack file."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from pulumi_chaosreg.components.argument_types import CREDENTIALS, OPTIONS, TEXT, wrong_types
from pulumi_chaosreg.components.arguments import ClusterArgs
from pulumi_chaosreg.components.cluster import Cluster, is_path
from pulumi_chaosreg.components.plain_values import plain_values
from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.scopes.linking import linked
from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.settings.checking import check_settings


def declared_scope(
    level: Level, name: str, parent: Scope | None, said: Mapping[str, Any], place: Place
) -> tuple[Scope, list[Finding]]:
    """The scope, without what is wrong, and what is wrong with its settings."""
    plain = plain_values(said, place)
    settings, findings, left_out = check_settings(plain.settings, place)
    scope, unlinked = linked(Scope(level, name, settings, parent, place, "", left_out | plain.left_out))
    return scope, [*plain.findings, *findings, *unlinked]


def cluster_and_settings(cluster: Cluster | ClusterArgs | None) -> tuple[Cluster | None, dict[str, Any]]:
    """What an infrastructure says of its cluster: taken whole where it is a `Cluster` or has a kubeconfig that may not
    stand in settings, and as settings, which are checked.
    """
    if cluster is None:
        return None, {}
    if isinstance(cluster, Cluster):
        return cluster, {"cluster": cluster.settings}
    if not isinstance(cluster, Mapping):
        return None, {"cluster": cluster}  # what it is instead is found where settings are checked
    said: dict[str, Any] = {**cluster}
    if "kubeconfig" not in said or is_path(said["kubeconfig"]):
        return None, {"cluster": said}
    kubeconfig = said.pop("kubeconfig")
    own = Cluster(
        kubeconfig=kubeconfig, **{key: said[key] for key in ("context", "identifier", "provider") if key in said}
    )
    return own, {"cluster": {**own.settings, **said}}


def wrong_arguments(
    name: object, credentials: object, opts: pulumi.ResourceOptions | None, place: Place
) -> Iterator[Finding]:
    """What is wrong beside the settings (CHR0106, CHR0120, CHR0608)."""
    yield from wrong_types(
        place, {"name": (name, TEXT), "credentials": (credentials, CREDENTIALS), "opts": (opts, OPTIONS)}
    )
    for key in credentials if isinstance(credentials, Mapping) else ():
        yield from wrong_types(place, {"NAME": (key, TEXT)})
    for provider in _given(opts if isinstance(opts, pulumi.ResourceOptions) else None):
        if provider.package != "chaosreg":
            yield Finding(
                "CHR0608",
                f"`opts` has the {provider.package} Provider `{provider.pulumi_resource_name}`, which would be ignored",
                place,
                help="give a Kubernetes Provider as `cluster=Cluster(kubernetes_provider=…)`"
                if provider.package == "kubernetes"
                else "remove it: nothing here is made with that Provider",
            )


def _given(opts: pulumi.ResourceOptions | None) -> list[pulumi.ProviderResource]:
    if opts is None:
        return []
    more: Any = opts.providers
    if isinstance(more, pulumi.ProviderResource):
        more = [more]
    listed = more.values() if isinstance(more, Mapping) else more or ()
    return [provider for provider in (opts.provider, *listed) if provider is not None]
