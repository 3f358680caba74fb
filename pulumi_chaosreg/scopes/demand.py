"""Who wants images in a registry: infrastructures, which pull them, and owners, who have more there for others."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pulumi_chaosreg.scopes.model import Decided, Scope
from pulumi_chaosreg.scopes.pinning import Pin
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedImage


class Demand(Protocol):
    """Images that somebody wants of one registry: an infrastructure its own, or the registry's owner further ones."""

    @property
    def scope(self) -> Scope:
        """Who wants them."""

    @property
    def registry(self) -> Registry:
        """Where they are, or go."""

    @property
    def images(self) -> tuple[ResolvedImage, ...]:
        """Each once."""

    @property
    def pin(self) -> Decided[Pin] | None:
        """None where nobody says `images.pin`."""

    @property
    def pinning(self) -> Pin:
        """How firmly digests hold here."""

    @property
    def owner(self) -> Scope | None:
        """Whose stack mirrors them."""

    @property
    def is_pull(self) -> bool:
        """Whether who wants them pulls them, or has them there for others."""


@dataclass(frozen=True, slots=True)
class FurtherImages:
    """What an owner mirrors into one of its registries, whoever pulls it: `mirror.also`."""

    scope: Scope
    """The registry's owner."""
    registry: Registry
    """As its owner defines it."""
    images: tuple[ResolvedImage, ...]
    pin: Decided[Pin] | None = None

    @property
    def pinning(self) -> Pin:
        """How firmly digests hold at the owner."""
        return self.pin.value if self.pin else Pin.UNSAID

    @property
    def owner(self) -> Scope:
        """Whose stack mirrors them."""
        return self.scope

    @property
    def is_asked_for(self) -> bool:
        """Whether the registry itself says the list, and not its owner for all that it fills."""
        base = self.registry.base
        return self.images[0].origin.path[: len(base)] == base

    @property
    def is_pull(self) -> bool:
        """False: they are there for others."""
        return False


D = TypeVar("D", bound=Demand)


def by_images(configs: Iterable[D]) -> Iterator[D]:
    """One config for each list of images: siblings that say nothing of their own share one."""
    seen: set[tuple[int, int]] = set()
    for config in configs:
        alike = (id(config.images), id(config.registry))
        if alike not in seen:
            seen.add(alike)
            yield config


def mirrored(demands: Iterable[Demand]) -> list[ResolvedImage]:
    """What owners mirror for these, each target once and sorted.

    Where one infrastructure wants the lockfile's digest and another leaves it to the copy, the digest holds for both.
    """
    chosen: dict[str, ResolvedImage] = {}
    for demand in by_images(demands):
        for image in demand.images:
            if image.source and demand.owner:
                other = chosen.setdefault(image.reference.tagged, image)
                if other.digest is None:
                    chosen[image.reference.tagged] = image
    return [chosen[target] for target in sorted(chosen)]
