"""What is wrong with the images that scopes name, whoever is below: releases, lists, tags, keys of custom images."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pulumi_chaosreg.errors import Cause, ChaosregError, Finding
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.required_images import names_place
from pulumi_chaosreg.settings.near_misses import did_you_mean, near_misses
from pulumi_chaosreg.settings.table import IMAGES, SECTION


def check_images(scope: Scope, catalogue: Catalogue) -> Iterator[Finding]:
    """What is wrong with the images that one scope names, whoever is below (CHR0302, CHR0306, CHR0312)."""
    release = scope.get(IMAGES.release)
    if release is not None and release not in catalogue.releases:
        try:
            catalogue.release(release)
        except ChaosregError as error:
            for finding in error.findings:
                damaged = (Cause.DAMAGED_CATALOGUE,)
                yield replace(finding, place=scope.at(IMAGES.release), follows_from=damaged)
    by_image: dict[str, str] = {}
    for key in scope.get(SECTION.custom_images) or ():
        first = by_image.setdefault(catalogue.image_of(key) or key, key)
        if first != key:
            message = f"`{first}` and `{key}` are two spellings of one image"
            yield Finding("CHR0103", message, scope.at(SECTION.custom_images, key), help="keep one of the two")
    seen: set[str] = set()
    for index, text in enumerate(scope.get(SECTION.required_images) or ()):
        image, place = Reference.parse(text), scope.at(SECTION.required_images, index)
        name = image.image
        if names_place(text, image):
            message = f"`{text}` has a server or digest, which a required image cannot have"
            advice = f"write `{image.repository}:<tag>`, or give the full reference under `custom_images`"
            yield Finding("CHR0312", message, place, help=advice)
        elif name in seen:
            message = f"two required images would both become `{name}`"
            advice = "only the last part of the path goes under the registry's account: list one of them"
            yield Finding("CHR0306", message, place, help=advice)
        seen.add(name)


def check_tag_names(scopes: Iterable[Scope], catalogue: Catalogue) -> Iterator[Finding]:
    """Names under `images.tags` that no infrastructure could ever need (CHR0310)."""
    said = [(scope, name) for scope in scopes for name in scope.get(IMAGES.tags) or ()]
    unknown = [(scope, name) for scope, name in said if name not in catalogue.names]
    if not unknown:
        return
    listed = {Reference.parse(text).image for s in scopes for text in s.get(SECTION.required_images) or ()}
    known = sorted({*catalogue.names, *listed})
    for scope, name in unknown:
        if name not in listed:
            near = near_misses(name, known, most=3, cutoff=0.6)
            yield Finding(
                "CHR0310",
                f"no infrastructure needs an image `{name}`",
                scope.at(IMAGES.tags, name),
                help=f"{did_you_mean(name, known, 0.6)}images: {', '.join(dict.fromkeys([*near, *known][:4]))}, …",
            )
