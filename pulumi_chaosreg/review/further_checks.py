"""What is wrong with `mirror.also`: images without a tag, two that would be one, lists that no registry takes."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.review.mirror_checks import goes_onto_itself
from pulumi_chaosreg.scopes.demand import FurtherImages, by_images
from pulumi_chaosreg.scopes.locks import lock_on
from pulumi_chaosreg.scopes.mirror_policy import off
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.registry import definitions
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import MIRROR, SECTION

_SAYING = (SECTION.mirror.key, SECTION.registries.key)


def check_lists(scope: Scope) -> Iterator[Finding]:
    """What is wrong with the lists that one scope says, whichever registry takes them (CHR0337, CHR0338)."""
    for path in _said(scope) if not scope.settings.keys().isdisjoint(_SAYING) else ():
        sources: dict[str, str] = {}
        tags: set[tuple[str, str | None]] = set()
        for index, text in enumerate(scope.value_at(path)):
            source, place = Reference.parse(text), scope.at(*path, index)
            if source.tag is None:
                pin = f"@{source.digest}" if source.digest else ""
                yield Finding(
                    "CHR0337",
                    f"`{text}` has no tag, but its copy needs one",
                    place,
                    help=f"write `{source.name}:<tag>{pin}`",
                )
                continue
            first = sources.setdefault(source.image, source.name)
            if first != source.name:
                yield Finding(
                    "CHR0338",
                    f"`{first}` and `{source.name}` would both become `{source.image}`",
                    place,
                    help=_ONE_OF_THEM,
                )
            elif (source.image, source.tag) in tags:
                yield Finding("CHR0338", f"`{source.tagged}` is listed twice", place, help="remove one of the two")
            tags.add((source.image, source.tag))


_ONE_OF_THEM = "only the last part of the path goes under the registry's account: list one of them, or give it another "
_ONE_OF_THEM += "registry with a `mirror.also` of its own"


def check_targets(configs: Iterable[ResolvedConfig], further: Iterable[FurtherImages]) -> Iterator[Finding]:
    """What would be copied to where something else goes, or is already (CHR0338, CHR0340)."""
    listed = list(further)
    needed: dict[str, dict[str, ResolvedImage]] = {one.registry.path: {} for one in listed}
    for config in by_images(configs) if needed else ():
        for image in config.images:
            if image.source and not image.is_custom and config.registry.path in needed:
                needed[config.registry.path].setdefault(image.reference.repository, image)
                needed[config.registry.path].setdefault(image.reference.tagged, image)
    for one in listed:
        for image in one.images:
            yield from _target(image, needed[one.registry.path])


def _target(image: ResolvedImage, needed: dict[str, ResolvedImage]) -> Iterator[Finding]:
    source, target = image.source, image.reference
    assert source is not None
    beside, same = needed.get(target.repository), needed.get(target.tagged)
    if goes_onto_itself(image):
        yield Finding(
            "CHR0340",
            f"`{source.tagged}` would be copied onto itself",
            image.place,
            help="write its source, or remove it: it is already in the registry",
        )
    elif beside and beside.source and beside.source.name != source.name:
        yield Finding(
            "CHR0338",
            f"`{source.name}` and `{beside.source.name}` would both become `{source.image}`",
            image.place,
            notes=(("needed by", str(beside.origin)),),
            help=_ONE_OF_THEM,
        )
    elif same and image.is_pinned and same.source and same.source.digest not in (None, source.digest):
        yield Finding(
            "CHR0338",
            f"`{source}` and `{same.source}` would both become `{source.image}:{source.tag}`",
            image.place,
            notes=(("needed by", str(same.origin)),),
            help="remove the digest: the lockfile has it",
        )


def check_in_vain(scopes: Iterable[Scope], configs: Iterable[ResolvedConfig]) -> Iterator[Finding]:
    """CHR0339: lists that no registry takes. Where the registries below have an owner above, that is told."""
    every = list(scopes)
    for scope in every:
        path = MIRROR.also.path
        if SECTION.mirror.key not in scope.settings or not scope.get(MIRROR.also):
            continue
        if lock_on(scope, path, scope.value_at(path)):
            continue
        defined = [(owner, base) for owner in every if owner.within(scope) for base in definitions(owner)]
        if any(off(*one) is None for one in defined) or scope.is_unclear(SECTION.image_registry):
            continue
        if not defined and any(config.owner and config.infrastructure.within(scope) for config in configs):
            continue
        why = "every registry is filled otherwise" if defined else "no registry is defined"
        advice = "set it for a registry that this project fills" if defined else "set `image_registry.server` there"
        yield Finding(
            "CHR0339",
            f"`mirror.also` has no effect: {why} at {scope.title} or below",
            scope.at(*path),
            notes=tuple(("off by", str(by)) for by in dict.fromkeys(off(*one) for one in defined) if by),
            help=f"{advice}, or remove it",
            severity="warning",
        )


def _said(scope: Scope) -> Iterator[Path]:
    """Where the scope has such lists: its own, and those of the registries that it names."""
    for base in ((), *((SECTION.registries.key, name) for name in scope.get(SECTION.registries) or ())):
        path = (*base, *MIRROR.also.path)
        if scope.value_at(path):
            yield path
