"""What becomes of one image, by any of its names: who wants it, where it is from and goes, which digest it has."""

from collections.abc import Iterable
from dataclasses import dataclass

from pulumi_chaosreg.errors import ChaosregError, Place
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.demand import Demand, mirrored
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.pinning import Pin
from pulumi_chaosreg.scopes.resolved import ResolvedImage


@dataclass(frozen=True, slots=True)
class ImageExplanation:
    """One image as clusters pull it, or could."""

    image: ResolvedImage
    owner: Scope | None
    """Whose stack mirrors it; None where nobody does."""
    pin: Pin
    """How firmly digests hold for the first who wants it."""
    written: tuple[tuple[str, Place], ...]
    """(setting, where) of each entry that asks for it."""
    pulled_by: tuple[str, ...]
    """Paths of the infrastructures that pull it, sorted."""


def explain_images(demands: Iterable[Demand], text: str) -> list[ImageExplanation]:
    """Those that the text names: with or without the tag, as source or as target, or by the last part of the path."""
    wanted: dict[str, list[tuple[Demand, ResolvedImage]]] = {}
    every = list(demands)
    for demand in every:
        for image in demand.images:
            if is_named(image, text):
                wanted.setdefault(image.reference.tagged, []).append((demand, image))
    copies = {image.reference.tagged: image for image in mirrored(every)} if wanted else {}
    return [_explained(copies.get(tagged), wanted[tagged]) for tagged in sorted(wanted)]


def is_named(image: ResolvedImage, text: str) -> bool:
    """Whether the text is a name of the image."""
    references = [image.reference, *([image.source] if image.source else [])]
    if text in (image.reference.image, f"{image.reference.image}:{image.reference.tag}"):
        return True
    try:
        said = Reference.parse(text)
    except ChaosregError:
        return False
    return any(said.name == one.name and said.tag in (None, one.tag) for one in references)


def _explained(copy: ResolvedImage | None, wanted: list[tuple[Demand, ResolvedImage]]) -> ImageExplanation:
    first, image = wanted[0]
    written = {(".".join(one.origin.path), one.place): None for _, one in wanted}
    pulled_by = {demand.scope.path for demand, _ in wanted if demand.is_pull}
    owner = next((demand.owner for demand, one in wanted if one.source), None)
    return ImageExplanation(copy or image, owner, first.pinning, tuple(written), tuple(sorted(pulled_by)))
