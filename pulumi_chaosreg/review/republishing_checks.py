"""Whose images become everybody's: a vendor's, mirrored into a registry that the whole internet can pull from."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.demand import Demand, by_images
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedImage
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY


def check_republished(catalogue: Catalogue, demands: Iterable[Demand]) -> Iterator[Finding]:
    """CHR0341, once for each registry. What a company built itself it may publish."""
    told: set[str] = set()
    for demand in by_images(demands):
        registry, kind = demand.registry, demand.registry.kind
        if registry.path in told or not kind.is_open_to_all(registry.server.value, registry.type.value):
            continue
        if not _says_type(registry):
            continue  # which is told
        sources = list(_of_vendors(demand.images, registry, catalogue))
        if not sources:
            continue
        told.add(registry.path)
        more = f" and {len(sources) - 1} more" if len(sources) > 1 else ""
        private = "" if kind.is_public else "write `type: private` with an `authentication`, or "
        yield Finding(
            "CHR0341",
            f"`{sources[0].name}`{more} would be published again: everybody on the internet can pull from "
            f"`{registry.path}`",
            registry.place if kind.is_public else registry.type_place,
            help=f"{private}mirror into a registry that asks for a login, or pull from the vendor without a mirror: "
            "its terms say whether you may publish copies",
            severity="warning",
            follows=registry.is_unclear(IMAGE_REGISTRY.type) or registry.is_unclear(IMAGE_REGISTRY.server),
        )


def _says_type(registry: Registry) -> bool:
    if registry.owner and registry.name:
        return registry.owner.value_at((*registry.base, IMAGE_REGISTRY.type.key)) is not None
    return registry.type.origin.path == IMAGE_REGISTRY.type.path


def _of_vendors(images: Iterable[ResolvedImage], registry: Registry, catalogue: Catalogue) -> Iterator[Reference]:
    """Sources that are copied: what infrastructures need, and all that comes from Harness's own registries."""
    policy = registry.policy
    beginnings = [*catalogue.sources, *([policy.source.value] if policy and policy.source else [])]
    for image in images:
        source = image.source if policy else None
        if source and any(f"{source.name}/".startswith(f"{one}/") for one in beginnings):
            yield source
