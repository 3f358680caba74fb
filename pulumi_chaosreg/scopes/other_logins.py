"""Logins for custom images that are on another registry than the chosen one.

Which registry such an image is on, the names say that its infrastructure sees: the one whose server and path begin the
reference. `pull_secret.delivery` and `pull_secret.name` are about the chosen one; these follow from who one is there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.authentication import authentication_for
from pulumi_chaosreg.scopes.delivery import (
    Delivery,
    HasValue,
    How,
    deliverable,
    named_credential,
    usual,
)
from pulumi_chaosreg.scopes.made_by_owner import made_by_owner
from pulumi_chaosreg.scopes.model import Decided, Scope
from pulumi_chaosreg.scopes.moves import object_name
from pulumi_chaosreg.scopes.refresher import refresher
from pulumi_chaosreg.scopes.registry import Registry


@dataclass(frozen=True, slots=True)
class OtherLogin:
    """What one infrastructure needs for its images on another registry."""

    registry: Registry
    delivery: Delivery
    images: tuple[str, ...]
    """The references that must be pullable, without digests."""

    @property
    def key(self) -> str:
        """The server key of a docker config for it: with its path, beside a login for the whole server."""
        return self.registry.path


def registry_for(image: Reference, registries: Iterable[Registry]) -> Registry | None:
    """The one whose server and path begin the reference, the longest path first; None where none does."""
    fitting = [one for one in registries if f"{image.name}/".startswith(f"{one.path}/")]
    return max(fitting, key=lambda one: len(one.path), default=None)


def other_logins(
    infrastructure: Scope,
    chosen: Registry,
    delivery: Delivery | None,
    images: Iterable[Reference],
    registries: Sequence[Registry],
    has_value: HasValue | None,
) -> tuple[tuple[OtherLogin, ...], tuple[Reference, ...], list[Finding]]:
    """One for each private registry that these images are on, sorted by its path, and the images that are on none that
    is known. `registries` are those with names; the chosen one's login is good for all of its server, and so is a
    token that a refresher renews: there is one for each server.
    """
    wanted: dict[str, tuple[Registry, list[str]]] = {}
    unknown = []
    for image in images:
        found = registry_for(image, [chosen, *registries])
        if found is None and image.server != chosen.server.value:
            unknown.append(image)
        if found and found.path != chosen.path and found.type.value == "private":
            wanted.setdefault(found.path, (found, []))[1].append(image.tagged)
    findings: list[Finding] = []
    logins: list[OtherLogin] = []
    renewed = {chosen.server.value} if delivery and delivery.refresher else set()
    for _, (registry, names) in sorted(wanted.items()):
        found_delivery, problems = _delivery(infrastructure, registry, delivery, has_value)
        findings += problems
        if found_delivery is None or (found_delivery.refresher and registry.server.value in renewed):
            continue
        logins.append(OtherLogin(registry, found_delivery, tuple(sorted(names))))
        renewed |= {registry.server.value} if found_delivery.refresher else set()
    return tuple(logins), tuple(unknown), findings


def _delivery(
    infrastructure: Scope, registry: Registry, chosen: Delivery | None, has_value: HasValue | None
) -> tuple[Delivery | None, list[Finding]]:
    authentication, findings = authentication_for(infrastructure, registry)
    if authentication is None:
        return None, findings
    said, name = authentication.value, object_name(infrastructure)
    made = made_by_owner(registry, said)
    credential, is_theirs = named_credential(infrastructure, said, name, has_value, made)
    how = usual(infrastructure, registry, authentication, is_theirs=is_theirs)
    if problem := deliverable(infrastructure, how, registry, authentication):
        return None, [*findings, problem]
    origin = authentication.origin
    if how.value is How.NODE_IDENTITY:
        return Delivery(how, authentication), findings
    if how.value is How.REFRESHER:
        secret = Decided(f"{name}-{registry.server.value.replace(':', '-')}", origin)
        renews, problems = refresher(infrastructure, registry, authentication.origin.place)
        renewed = Delivery(how, authentication, secret, renews.keys, renews) if renews else None
        return renewed, [*findings, *problems]
    if how.value is How.THEIRS:
        return Delivery(how, authentication, Decided(said.get("secret_name") or name, origin), credential), findings
    secret = _of_all(chosen) or Decided(f"{name}-logins", origin)
    return Delivery(how, authentication, secret, credential, made=made), findings


def _of_all(chosen: Delivery | None) -> Decided[str] | None:
    """The Secret that has all logins that last; None where the chosen registry has no such."""
    return chosen.secret_name if chosen and chosen.how.value is How.SECRET else None
