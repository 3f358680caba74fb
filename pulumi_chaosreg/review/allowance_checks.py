"""What may be pulled at all: `allow_images`, and images that pass by a demand for signatures."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.registries.servers import identity
from pulumi_chaosreg.scopes.demand import by_images
from pulumi_chaosreg.scopes.mirror_policy import own_or_inherited
from pulumi_chaosreg.scopes.model import Origin, Scope, nearest
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, MIRROR, PULL_SECRET, SECTION
from pulumi_chaosreg.settings.yaml_file import Lines


def check_allowances(configs: Iterable[ResolvedConfig]) -> Iterator[Finding]:
    """CHR0334 and CHR0335."""
    lines, every = Lines(), list(configs)
    yield from dict.fromkeys(refusal for config in every for refusal in _of_refreshers(config, lines))
    for config in by_images(every):
        refused = [image for image in config.images if not is_allowed(image, config)]
        for image in refused:
            yield _refusal(image.reference, image.origin.place, config, lines)
        passing = [image for image in config.unverified if image not in refused]
        yield from _of_custom_images([image for image in passing if image.is_custom], config, lines)
        if others := [image for image in passing if not image.is_custom]:
            yield _of_registry(others, config, lines)


def begins(reference: Reference, beginnings: Iterable[str]) -> bool:
    """Whether it is at one of these, or below."""
    name = f"{identity(reference.server)}/{reference.repository}/"
    return any(name.startswith(f"{_of_registry_itself(text)}/") for text in beginnings)


def _of_registry_itself(beginning: str) -> str:
    """The same whichever of its names the registry is called by."""
    server, slash, path = beginning.partition("/")
    return identity(server) + slash + path


def is_allowed(image: ResolvedImage, config: ResolvedConfig) -> bool:
    """Whether nobody says where images may come from, or this comes from there."""
    return _is_place_allowed(image.reference, config)


def _is_place_allowed(reference: Reference, config: ResolvedConfig) -> bool:
    return config.allow_images is None or begins(reference, (config.registry.path, *config.allow_images.value))


def _of_refreshers(config: ResolvedConfig, lines: Lines) -> Iterator[Finding]:
    """The image of what renews a Secret is pulled, too; where nobody says one, it is ours."""
    for delivery in config.deliveries:
        image = delivery.refresher.image if delivery.refresher else None
        reference = Reference.parse(image.value) if image else None
        if image and reference and config.allow_images and not _is_place_allowed(reference, config):
            place = image.origin.place if image.origin.scope else config.allow_images.origin.place
            refusal = _refusal(reference, place, config, lines)
            yield replace(
                refusal,
                help=f"{refusal.help}; set it as `pull_secret.refresher_image`",
                follows=refusal.follows or config.infrastructure.is_unclear(PULL_SECRET.refresher_image),
            )


def _refusal(reference: Reference, place: Place, config: ResolvedConfig, lines: Lines) -> Finding:
    said = config.allow_images
    assert said is not None
    assert said.origin.scope is not None
    allowed = ", ".join((*said.value, "the chosen registry"))  # the same for every registry: it is one mistake
    return Finding(
        "CHR0334",
        f"`{reference.tagged}` may not be pulled: it is not in `allow_images`",
        place,
        notes=(("allowed", allowed), ("by", _where(said.origin, lines))),
        help=f"use one of these, or add `{reference.name}` to `allow_images` in {said.origin.scope.title}",
        follows=config.infrastructure.is_unclear(SECTION.allow_images)
        or config.infrastructure.is_unclear(IMAGE_REGISTRY.server),
    )


def _of_custom_images(images: list[ResolvedImage], config: ResolvedConfig, lines: Lines) -> Iterator[Finding]:
    for image in images:
        allowed = _knowingly_allowed([image], config)
        what, origin = f"`{image.reference.tagged}`", image.origin
        yield _unverified(what, origin, origin.place, is_known=allowed, config=config, lines=lines)


def _of_registry(images: list[ResolvedImage], config: ResolvedConfig, lines: Lines) -> Finding:
    """Nothing is mirrored into the registry: that is one cause, whatever is pulled from there."""
    registry = config.registry
    origin = registry.off or Origin(registry.owner)
    place = registry.off.place if registry.off else registry.place
    what = f"the {len(images)} images of `{registry.path}`" if len(images) > 1 else f"`{images[0].reference.tagged}`"
    is_meant = registry.off is not None and not _is_below(registry.off.scope, config)
    is_known = is_meant or _knowingly_allowed(images, config)
    finding = _unverified(what, origin, place, is_known=is_known, config=config, lines=lines)
    if registry.owner and not registry.off and not own_or_inherited(registry.owner, registry.base, MIRROR.source):
        return replace(
            finding, follows=finding.follows or finding.severity != "error"
        )  # that nobody mirrors anything is told
    return finding


def _unverified(
    what: str, decided: Origin, place: Place, *, is_known: bool, config: ResolvedConfig, lines: Lines
) -> Finding:
    demand = config.signatures
    assert demand is not None
    assert demand.origin.scope is not None
    by, said = demand.origin.scope, config.infrastructure
    unclear = (SECTION.allow_images, MIRROR.signatures, MIRROR.source, MIRROR.also, IMAGE_REGISTRY.server)
    return Finding(
        "CHR0335",
        f"nobody verifies {what}: `signatures: require` covers mirrored images only",
        place,
        notes=(("required by", _where(demand.origin, lines)),),
        help="" if is_known else f"mirror it (`mirror.also`), or add it to `allow_images` in {by.title}",
        severity="hint" if is_known else "error" if _is_below(decided.scope, config) else "warning",
        follows=any(said.is_unclear(setting) or config.registry.is_unclear(setting) for setting in unclear),
    )


def _knowingly_allowed(images: list[ResolvedImage], config: ResolvedConfig) -> bool:
    """Whether who demands signatures, or somebody above, names the place: a level below may not excuse itself."""
    by = config.signatures.origin.scope if config.signatures else None
    said = nearest(by, SECTION.allow_images) if by else None
    return said is not None and all(begins(image.reference, said.value) for image in images)


def _is_below(scope: Scope | None, config: ResolvedConfig) -> bool:
    """Whether this is below who demands signatures."""
    by = config.signatures.origin.scope if config.signatures else None
    return scope is not None and by is not None and scope is not by and scope.within(by)


def _where(origin: Origin, lines: Lines) -> str:
    return str(replace(lines.located(origin.place), scope=origin.scope.title if origin.scope else ""))
