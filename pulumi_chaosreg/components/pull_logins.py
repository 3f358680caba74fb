"""Which Secrets an infrastructure has, and which logins each holds: all that last in one, each that ends in its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pulumi

from pulumi_chaosreg.scopes.delivery import Delivery, How
from pulumi_chaosreg.scopes.other_logins import OtherLogin
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedConfig


class PullLogin(NamedTuple):
    """The value of a pull credential."""

    credential: pulumi.Input[Any]
    """Secret."""
    ends: pulumi.Input[str] | None = None
    """The day from which nobody may count on it, as a text; None where nobody knows one."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One delivery, and what goes into the same Secret."""

    delivery: Delivery
    server: str
    key: str
    """Of a docker config: the server, with a path where another login may be for the whole server."""
    images: tuple[str, ...]
    registry: Registry
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
        server = resolved.registry.server.value
        yield Delivered(main, server, server, images, resolved.registry, beside=beside)
    if static and not (main and main.how.value is How.SECRET):
        first, *rest = static
        yield _of_other(first, "/logins", tuple(rest))
    for other in resolved.others:
        if other not in static:
            yield _of_other(other, f"/{other.registry.server.value}")


def _of_other(other: OtherLogin, suffix: str, beside: tuple[OtherLogin, ...] = ()) -> Delivered:
    return Delivered(
        other.delivery, other.registry.server.value, other.key, other.images, other.registry, suffix, beside
    )
