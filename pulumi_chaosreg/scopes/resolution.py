"""What one infrastructure ends up with: the nearest level wins, field by field, and every value keeps its origin."""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope, nearest
from pulumi_chaosreg.scopes.pinning import Pin, pin_of
from pulumi_chaosreg.scopes.pull_secret import HasValue, authentication_for, pull_secret
from pulumi_chaosreg.scopes.registry import Registry, registry_of
from pulumi_chaosreg.scopes.required_images import required_images
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage
from pulumi_chaosreg.settings.table import LOCKABLE

DEFAULT_NAMESPACE = "hce"
"""Harness's own default for the namespace of an infrastructure."""
DEFAULT_TYPE = "ddcr"

_DECIDING = (*LOCKABLE, "type")
"""What the registry and the images depend on."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all infrastructures have in common below a scope when they say nothing of registry and images themselves."""

    registry: Registry
    infrastructure_type: Decided[str]
    images: tuple[ResolvedImage, ...]
    authentication: Decided[Mapping[str, str]] | None
    pin: Decided[Pin] | None


class Resolver:
    """Resolves the infrastructures of one company; what siblings share is found once."""

    def __init__(self, catalogue: Catalogue, locked: Mapping[str, str], has_value: HasValue | None = None) -> None:
        """`has_value(scope, name)` tells whether a stack file of the chain holds `chaosreg-credentials:<name>`; without
        it every named credential counts as there.
        """
        self.catalogue, self.locked, self.has_value = catalogue, locked, has_value
        self._shared: dict[Scope, _Shared] = {}

    def resolve(self, infrastructure: Scope) -> tuple[ResolvedConfig, list[Finding]]:
        """The resolved config of an infrastructure, and what is wrong with it. What is wrong with something shared is
        told with the first one.
        """
        findings: list[Finding] = []
        chain = infrastructure.chain()
        decider = next((scope for scope in reversed(chain) if _decides(scope)), chain[0])
        shared = self._shared.get(decider)
        if shared is None:
            shared = self._shared[decider] = self._share(decider, findings)
        namespace = nearest(infrastructure, ("namespace", "name")) or Decided(DEFAULT_NAMESPACE, Origin())
        service_accounts = nearest(infrastructure, ("service_accounts",))
        resolved = ResolvedConfig(
            infrastructure=infrastructure,
            server=shared.registry.server,
            account=shared.registry.account,
            type=shared.registry.type,
            infrastructure_type=shared.infrastructure_type,
            images=shared.images,
            secret=pull_secret(infrastructure, namespace, shared.authentication, self.has_value, findings),
            namespace=namespace,
            create_namespace=nearest(infrastructure, ("namespace", "create")) or Decided(value=True, origin=Origin()),
            service_accounts=Decided(tuple(service_accounts.value), service_accounts.origin)
            if service_accounts
            else Decided((), Origin()),
            cluster=_cluster(infrastructure, findings),
            pin=shared.pin,
        )
        return resolved, findings

    def _share(self, decider: Scope, findings: list[Finding]) -> _Shared:
        registry = registry_of(decider, self.catalogue, findings)
        kind = nearest(decider, ("type",)) or Decided(DEFAULT_TYPE, Origin())
        pin = pin_of(decider)
        pinning = pin.value if pin else Pin.UNSAID
        locked = self.locked if pinning.uses_lockfile else {}
        images = tuple(required_images(decider, registry, kind, self.catalogue, locked, pinning, findings))
        return _Shared(registry, kind, images, authentication_for(decider, registry, findings), pin)


def _decides(scope: Scope) -> bool:
    """Whether the scope says something, right or wrong, of what is shared."""
    said = any(key in scope.settings for key in _DECIDING)
    return said or any(path and path[0] in _DECIDING for path in scope.left_out)


def _cluster(infrastructure: Scope, findings: list[Finding]) -> dict[str, Decided[str]]:
    found = {key: nearest(infrastructure, ("cluster", key)) for key in ("kubeconfig", "context", "identifier")}
    cluster = {key: decided for key, decided in found.items() if decided}
    if "context" not in cluster and "kubeconfig" not in cluster and not infrastructure.is_unclear("cluster"):
        findings.append(
            Finding(
                "CHR0601",
                f"{infrastructure.title} does not say which cluster it is in",
                infrastructure.place,
                help="add `cluster: {context: <context of your kubeconfig>}`; the current context of a machine is "
                "the wrong cluster in CI",
            )
        )
    return cluster
