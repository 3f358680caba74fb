"""What one infrastructure ends up with: the nearest level wins, field by field, and every value keeps its origin."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.authentication import authentication_for
from pulumi_chaosreg.scopes.autopilot import autopilot, pin_of_cluster
from pulumi_chaosreg.scopes.delivery import Delivery, HasValue, delivery
from pulumi_chaosreg.scopes.demand import FurtherImages
from pulumi_chaosreg.scopes.enforcing import enforce_of
from pulumi_chaosreg.scopes.further_images import further_images
from pulumi_chaosreg.scopes.mirror_policy import MirrorPolicy, mirror_policy, own_or_inherited
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope, merged, nearest
from pulumi_chaosreg.scopes.other_logins import OtherLogin, other_logins
from pulumi_chaosreg.scopes.pinning import Pin, pin_of
from pulumi_chaosreg.scopes.publication import Publication, publication, publishes
from pulumi_chaosreg.scopes.registry import Registry, by_name, defined, registry_of
from pulumi_chaosreg.scopes.required_images import required_images
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage
from pulumi_chaosreg.settings.setting import Path, Setting
from pulumi_chaosreg.settings.table import CLUSTER, IMAGES, LOCKABLE, MIRROR, NAMESPACE, SECTION

DEFAULT_NAMESPACE = "hce"
"""Harness's own default for the namespace of an infrastructure."""
DEFAULT_TYPE = "ddcr"

_DECIDING = (*(key for key in LOCKABLE if key != SECTION.enforce.key), SECTION.type.key)
"""What the registry and the images depend on."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all infrastructures have in common below a scope when they say nothing of registry and images themselves."""

    registry: Registry
    infrastructure_type: Decided[str]
    images: tuple[ResolvedImage, ...]
    authentication: Decided[Mapping[str, Any]] | None
    pin: Decided[Pin] | None
    allow_images: Decided[tuple[str, ...]] | None
    signatures: Decided[str] | None
    elsewhere: tuple[Reference, ...] = ()
    """Custom images that are not at the registry."""


class Resolver:
    """Resolves the infrastructures of one company; what siblings share is found once."""

    def __init__(
        self,
        catalogue: Catalogue,
        locked: Mapping[str, str],
        has_value: HasValue | None = None,
        project: File | None = None,
    ) -> None:
        """`has_value(scope, name)` tells whether a stack file of the chain holds `chaosreg-credentials:<name>`; without
        it every named credential counts as there. `project` is where the key files are that mirror policies name.
        """
        self.catalogue, self.locked, self.has_value, self.project = catalogue, locked, has_value, project
        self._shared: dict[tuple[Scope, bool], _Shared] = {}
        self._policies: dict[tuple[Scope, Path, str], MirrorPolicy | None] = {}
        self._further: dict[tuple[Scope, Path], FurtherImages | None] = {}

    def resolve(self, infrastructure: Scope) -> tuple[ResolvedConfig, list[Finding]]:
        """The resolved config of an infrastructure, and what is wrong with it. What is wrong with something shared is
        told with the first one.
        """
        shared, findings = self._shared_by(infrastructure)
        namespace = _namespace(infrastructure, shared.authentication)
        accounts = nearest(infrastructure, SECTION.service_accounts)
        delivered, wrong = delivery(infrastructure, shared.registry, namespace, shared.authentication, self.has_value)
        others, unknown, missing = self._other_logins(infrastructure, shared, delivered)
        cluster, lacking = _cluster(infrastructure)
        record, _ = self.publication(infrastructure)  # what is wrong with it is told where it is asked for
        resolved = ResolvedConfig(
            infrastructure=infrastructure,
            registry=shared.registry,
            infrastructure_type=shared.infrastructure_type,
            images=shared.images,
            delivery=delivered,
            others=others,
            nowhere_known=unknown,
            harness=tuple(record.fields()) if record else (),
            namespace=namespace,
            create_namespace=nearest(infrastructure, NAMESPACE.create) or Decided(value=True, origin=Origin()),
            service_accounts=Decided(tuple(accounts.value), accounts.origin) if accounts else Decided((), Origin()),
            cluster=cluster,
            pin=shared.pin or pin_of_cluster(infrastructure, shared.registry),
            allow_images=shared.allow_images,
            signatures=shared.signatures,
            enforce=enforce_of(infrastructure),
            labels=merged(infrastructure, SECTION.labels),
            annotations=merged(infrastructure, SECTION.annotations),
        )
        return resolved, [*findings, *wrong, *missing, *lacking]

    def publication(self, scope: Scope) -> tuple[Publication | None, list[Finding]]:
        """What a level publishes in Harness, and what is wrong with that; None where it publishes nothing."""
        return self.described(scope) if publishes(scope) else (None, [])

    def described(self, scope: Scope) -> tuple[Publication | None, list[Finding]]:
        """The same of a level that need not publish it."""
        shared, findings = self._shared_by(scope)
        namespace = _namespace(scope, shared.authentication)
        # what lacks here may be said below: of this level's own credential nothing is told
        delivered, _ = delivery(scope, shared.registry, namespace, shared.authentication, self.has_value)
        release = nearest(scope, IMAGES.release)
        published, more = publication(scope, shared.registry, shared.images, delivered, release)
        return published, [*findings, *more]

    def _shared_by(self, scope: Scope) -> tuple[_Shared, list[Finding]]:
        """What is found once for all that say nothing of it themselves, and what is wrong with it, the first time."""
        chain = scope.chain()
        decider = next((each for each in reversed(chain) if _decides(each)), chain[0])
        # whose digests must be known is found list by list, so clusters that ask for them have one of their own
        by_cluster = autopilot(scope) is not None
        shared = self._shared.get((decider, by_cluster))
        if shared is not None:
            return shared, []
        is_told = (decider, not by_cluster) in self._shared
        shared, findings = self._share(decider)
        self._shared[decider, by_cluster] = shared
        return shared, [] if is_told else findings

    def _other_logins(
        self, infrastructure: Scope, shared: _Shared, delivered: Delivery | None
    ) -> tuple[tuple[OtherLogin, ...], tuple[Reference, ...], list[Finding]]:
        elsewhere = shared.elsewhere
        if not elsewhere:
            return (), (), []
        registries = by_name(infrastructure, self.policy_of)
        return other_logins(infrastructure, shared.registry, delivered, elsewhere, registries, self.has_value)

    def policy_of(self, owner: Scope, base: Path, path: str) -> MirrorPolicy | None:
        """How an owner fills its registry; its key files are read once."""
        key = (owner, base, path)
        if key not in self._policies:
            self._policies[key] = mirror_policy(owner, base, path, self.project)
        return self._policies[key]

    def further(self, owner: Scope, base: Path) -> FurtherImages | None:
        """What an owner mirrors into a registry of its own, whoever pulls it; None where that is nothing."""
        key = (owner, base)
        if key not in self._further:
            self._further[key] = self._find_further(owner, base)
        return self._further[key]

    def _find_further(self, owner: Scope, base: Path) -> FurtherImages | None:
        if own_or_inherited(owner, base, MIRROR.also) is None:
            return None
        registry, pin = defined(owner, base, self.catalogue, self.policy_of), pin_of(owner)
        pinning = pin.value if pin else Pin.UNSAID
        images = further_images(registry, self.locked if pinning.uses_lockfile else {}, pinning) if registry else ()
        return FurtherImages(owner, registry, images, pin) if registry and images else None

    def _share(self, decider: Scope) -> tuple[_Shared, list[Finding]]:
        registry, findings = registry_of(decider, self.catalogue, self.policy_of)
        kind = nearest(decider, SECTION.type) or Decided(DEFAULT_TYPE, Origin())
        pin = pin_of(decider)
        pinning = pin.value if pin else Pin.UNSAID
        locked = self.locked if pinning.uses_lockfile else {}
        further = self.further(registry.owner, registry.base) if registry.owner else None
        ours = further.images if further else ()
        images, of_images = required_images(decider, registry, kind, self.catalogue, locked, pinning, ours)
        authentication, of_login = authentication_for(decider, registry)
        allowed = nearest(decider, SECTION.allow_images)
        beginnings = Decided(tuple(allowed.value), allowed.origin) if allowed else None
        signatures = own_or_inherited(registry.owner or decider, registry.base, MIRROR.signatures)
        within = f"{registry.path}/"
        elsewhere = tuple(
            each.reference for each in images if each.is_custom and not each.reference.name.startswith(within)
        )
        shared = _Shared(registry, kind, images, authentication, pin, beginnings, signatures, elsewhere)
        return shared, [*findings, *of_images, *of_login]


def _decides(scope: Scope) -> bool:
    """Whether the scope says something, right or wrong, of what is shared."""
    said = any(key in scope.settings for key in _DECIDING)
    return said or any(path and path[0] in _DECIDING for path in scope.left_out)


def _namespace(scope: Scope, authentication: Decided[Mapping[str, Any]] | None) -> Decided[str]:
    """Where the Pods run: what is said, or else where the pull Secret is said to be, or else Harness's default."""
    if said := nearest(scope, NAMESPACE.name):
        return said
    if authentication and "namespace" in authentication.value and not scope.is_unclear(SECTION.namespace):
        origin = authentication.origin
        return Decided(authentication.value["namespace"], Origin(origin.scope, (*origin.path, "namespace")))
    return Decided(DEFAULT_NAMESPACE, Origin())


_CLUSTER: tuple[Setting[str], ...] = (CLUSTER.kubeconfig, CLUSTER.context, CLUSTER.identifier, CLUSTER.provider)


def _cluster(infrastructure: Scope) -> tuple[dict[str, Decided[str]], list[Finding]]:
    cluster = {row.key: decided for row in _CLUSTER if (decided := nearest(infrastructure, row))}
    is_reached = CLUSTER.context.key in cluster or CLUSTER.kubeconfig.key in cluster
    if is_reached or infrastructure.is_unclear(SECTION.cluster):
        return cluster, []
    finding = Finding(
        "CHR0601",
        f"{infrastructure.title} does not say which cluster it is in",
        infrastructure.place,
        help="add `cluster: {context: <context of your kubeconfig>}`; the current context of a machine is "
        "the wrong cluster in CI",
    )
    return cluster, [finding]
