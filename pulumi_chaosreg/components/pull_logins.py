"""Which Secrets an infrastructure has, and which logins each holds: all that last in one, each that ends in its own."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_chaosreg.scopes.delivery import Delivery, How
from pulumi_chaosreg.scopes.other_logins import OtherLogin
from pulumi_chaosreg.scopes.resolved import ResolvedConfig


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery, and what goes into the same Secret."""

    delivery: Delivery
    server: str
    """With a path where another login may be for the whole server."""
    images: tuple[str, ...]
    suffix: str = ""
    """What its resources are called after the infrastructure's own name."""
    beside: tuple[OtherLogin, ...] = ()


def delivered(resolved: ResolvedConfig) -> Iterator[Delivered]:
    """Every delivery of the infrastructure, that of its registry first."""
    static = tuple(one for one in resolved.others if one.delivery.how.value is How.SECRET)
    main = resolved.delivery
    if main:
        images = tuple(image.reference.tagged for image in resolved.images)
        beside = static if main.how.value is How.SECRET else ()
        yield Delivered(main, resolved.registry.server.value, images, beside=beside)
    if static and not (main and main.how.value is How.SECRET):
        first, *rest = static
        yield Delivered(first.delivery, first.key, first.images, "/logins", tuple(rest))
    for other in resolved.others:
        if other not in static:
            yield Delivered(other.delivery, other.key, other.images, f"/{other.registry.server.value}")
