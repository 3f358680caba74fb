"""One Kubernetes Provider for each cluster of a program: under one name there is one way to one cluster."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.provider import Provider

from pulumi_chaosreg.components.cluster import Cluster
from pulumi_chaosreg.components.plain_values import is_plain
from pulumi_chaosreg.components.reporting import refusal, report
from pulumi_chaosreg.errors import Finding


@dataclass(frozen=True, slots=True)
class Reached:
    """A cluster that objects can be made in."""

    provider: Provider
    secrets_are_mutable: bool
    """Whether the Provider changes Secrets in place; one that does not makes a Secret anew to change it."""
    before: tuple[pulumi.Output[Any], ...] = ()
    """What must have turned out well before an object is made there."""


class Providers:
    """Those of one program."""

    def __init__(self, gate: list[pulumi.Input[pulumi.Resource]]) -> None:
        """`gate`: what each Provider waits for."""
        self._gate = gate
        self._first: dict[str, Cluster] = {}
        self._ours: dict[str, Provider] = {}

    def reach(self, cluster: Cluster) -> Reached:
        """The cluster's Provider, made when it is first asked for. RunError (CHR0603) where another cluster has its
        name already.
        """
        given = cluster.kubernetes_provider
        names = (cluster.name, given.pulumi_resource_name) if given else (cluster.name,)
        first = next((self._first[name] for name in names if name in self._first), cluster)
        if first.kubernetes_provider is not given or not (given or _may_be_one(first, cluster)):
            report([_two(cluster, first)])
        for name in names:
            self._first.setdefault(name, cluster)
        if given:
            return Reached(given, cluster.secrets_are_mutable)
        if cluster.name not in self._ours:
            self._ours[cluster.name] = cluster.new_provider(pulumi.ResourceOptions(depends_on=[*self._gate]))
        before = () if _is_same(first.kubeconfig, cluster.kubeconfig) else (_one_kubeconfig(first, cluster),)
        return Reached(self._ours[cluster.name], secrets_are_mutable=True, before=before)


def _may_be_one(first: Cluster, other: Cluster) -> bool:
    """Whether the two may be one cluster. Two Outputs are taken for one kubeconfig where an identifier says so, and
    compared as soon as they are known: a program that makes its Cluster in a loop has a new Output each time.
    """
    if first.context != other.context:
        return False
    if _is_same(first.kubeconfig, other.kubeconfig):
        return True
    outputs = [not is_plain(kubeconfig) for kubeconfig in (first.kubeconfig, other.kubeconfig)]
    return all(outputs) and first.identifier is not None and first.identifier == other.identifier


def _is_same(one: object, other: object) -> bool:
    return one is other or (is_plain(one) and is_plain(other) and one == other)


def _one_kubeconfig(first: Cluster, other: Cluster) -> pulumi.Output[None]:
    """Fails where the two turn out to be different."""

    def compare(both: list[str]) -> None:
        if both[0] != both[1]:
            raise refusal(_two(other, first))

    return pulumi.Output.all(first.kubeconfig, other.kubeconfig).apply(compare)


def _two(cluster: Cluster, first: Cluster) -> Finding:
    outputs = not (is_plain(cluster.kubeconfig) and is_plain(first.kubeconfig))
    advice = "give each cluster its own `identifier`, or share one `Cluster` if both are the same"
    return Finding(
        "CHR0603",
        f"two different `Cluster`s are named `{cluster.name}`",
        cluster.place,
        notes=(("the other one", str(first.place)),),
        help=f"{advice}{' (two Outputs cannot be compared before `up`)' if outputs else ''}",
    )
