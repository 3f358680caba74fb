"""Settings that are right in themselves and that nothing below takes: images nobody needs, somebody else's mirror."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding, listed
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.scopes.demand import by_images
from pulumi_chaosreg.scopes.locks import lock_on
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import IMAGES, LOCKABLE, SECTION

_OF_OWNER = (SECTION.mirror, SECTION.on_destroy)
"""What counts for a registry where its owner is, or above."""
_OF_IMAGES = (SECTION.custom_images, IMAGES.tags)
_UNCLEAR = (SECTION.type, SECTION.images, SECTION.custom_images, SECTION.required_images, SECTION.image_registry)


def check_vain(scopes: Iterable[Scope], configs: Iterable[ResolvedConfig], catalogue: Catalogue) -> Iterator[Finding]:
    """CHR0329 and CHR0336."""
    said = [scope for scope in scopes if any(scope.get(row) is not None for row in (*_OF_OWNER, *_OF_IMAGES))]
    below: dict[Scope, list[ResolvedConfig]] = {scope: [] for scope in said}
    for config in configs:
        for above in config.infrastructure.chain():
            if above in below:
                below[above].append(config)
    for scope, every in below.items():
        findings = [*_images(scope, every, catalogue), *_of_owner(scope, every)]
        if findings and not any(config.infrastructure.is_unclear(row) for config in every for row in _UNCLEAR):
            yield from findings


def _images(scope: Scope, below: list[ResolvedConfig], catalogue: Catalogue) -> Iterator[Finding]:
    names = {image.name for config in by_images(below) for image in config.images}
    needed = names | {name.partition(".")[0] for name in names}  # of a release's second tag of an image
    if not needed:
        return  # what they need is not known, which is told
    custom, tags = scope.get(SECTION.custom_images) or (), scope.get(IMAGES.tags) or ()
    said = [(catalogue.image_of(key), (*SECTION.custom_images.path, key)) for key in custom]
    said += [(name, (*IMAGES.tags.path, name)) for name in tags if name in catalogue.names]  # others are told
    for image, path in said:
        if image and image not in needed and not _is_locked(scope, path):
            yield Finding(
                "CHR0329",
                f"`{'.'.join(path)}` has no effect: nothing at {scope.title} or below needs `{image}`",
                scope.at(*path),
                notes=(("needed", ", ".join(sorted(names))),),
                help="remove it, or correct the image's name",
                severity="warning",
            )


def _of_owner(scope: Scope, below: list[ResolvedConfig]) -> Iterator[Finding]:
    owned = {(config.owner, config.registry.base): config.registry for config in by_images(below) if config.owner}
    if not owned or any(owner.within(scope) for owner, _ in owned):
        return
    asked = [row for row in _OF_OWNER if scope.get(row) is not None and not _is_locked(scope, row.path)]
    for row in asked[:1]:
        (owner, base), registry = next(iter(owned.items()))
        where = f"under `{'.'.join((*base, row.key))}`" if registry.name and row is SECTION.mirror else f"as `{row}`"
        what = listed(f"`{one}`" for one in asked) + (" has" if len(asked) == 1 else " have")
        yield Finding(
            "CHR0336",
            f"{what} no effect here: {owner.title} owns `{registry.path}` and decides how it is filled",
            scope.at(row),
            help=f"write it {where} in {owner.title}, or give this level a registry of its own",
            severity="warning",
        )


def _is_locked(scope: Scope, path: Path) -> bool:
    return path[0] in LOCKABLE and lock_on(scope, path, scope.value_at(path)) is not None
