"""What two infrastructures or two owners cannot both have: an object of a cluster, a cluster's name, a repository."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pulumi_chaosreg.errors import Finding, Severity
from pulumi_chaosreg.registries.servers import identity
from pulumi_chaosreg.review.written import written
from pulumi_chaosreg.scopes.demand import Demand, FurtherImages, by_images
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.moves import object_name
from pulumi_chaosreg.scopes.refresher import refresher_name
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.table import SECTION
from pulumi_chaosreg.settings.yaml_file import Lines

_ELSEWHERE = "give one of them another `namespace`"


def check_ownership(configs: Iterable[ResolvedConfig]) -> list[Finding]:
    """What would have two owners (CHR0311, CHR0602, CHR0603)."""
    return Ownership().claim(configs)


class Ownership:
    """Who owns what so far. One cause is told once, with how much it concerns."""

    def __init__(self) -> None:
        self._first: dict[tuple[object, ...], _Owned] = {}
        self._told: set[tuple[object, ...]] = set()

    def claim(self, configs: Iterable[ResolvedConfig], further: Iterable[FurtherImages] = ()) -> list[Finding]:
        """What these infrastructures, or their registries' owners, would own beside somebody else."""
        every = list(configs)
        owned = [thing for config in every for thing in _of_cluster(config)]
        owned += [thing for config in by_images(every) for thing in _of_registry(config)]
        owned += [thing for one in further for thing in _of_registry(one)]
        collisions: dict[tuple[object, ...], list[_Owned]] = {}
        at_odds: set[tuple[Scope, Scope]] = set()
        for one in owned:
            first = self._first.setdefault(one.key, one)
            if first.owner is one.owner or (one.content is not None and one.content == first.content):
                continue
            of_pair = (one.owner, first.owner)
            if one.severity == "error":
                at_odds.add(of_pair)
            elif of_pair in at_odds:
                continue  # they collide in something of which this only follows
            key = (one.code, one.thing) if one.is_for_all else (one.code, *of_pair)
            if key not in self._told:
                collisions.setdefault(key, []).append(one)
        self._told.update(collisions)
        lines = Lines()
        return [_collision(things, self._first[things[0].key].owner, lines) for things in collisions.values()]


@dataclass(slots=True)  # not frozen: there are three for each infrastructure, and frozen ones take twice as long
class _Owned:
    """A thing may have several owners only where all give it the same content."""

    code: str
    thing: tuple[str, ...]
    owner: Scope
    advice: str
    content: object = None
    apart: object = None
    """Of two things with one name, which one."""
    same: object = None
    """Of one thing with two names, what is the same."""
    is_for_all: bool = False
    """Whether it is one mistake, however many have it; otherwise each pair of owners makes its own."""
    verb: str = "own"
    severity: Severity = "error"

    @property
    def key(self) -> tuple[object, ...]:
        """By what two are one thing."""
        return (self.same or self.thing, self.apart)


def _collision(things: list[_Owned], first: Scope, lines: Lines) -> Finding:
    """Of several things of a pair of owners, or several owners of a thing, one is named and the others are counted."""
    one = things[0]
    others, more = len({thing.owner for thing in things}) - 1, len({thing.thing for thing in things}) - 1
    owners = f"{one.owner.title}, {others} more" if others else one.owner.title
    return Finding(
        one.code,
        f"{owners} and {first.title} would {'all' if others else 'both'} {one.verb} {_named(one.thing)}"
        + (f" and {more} more" if more else ""),
        one.owner.place,
        notes=(("the other one", str(lines.located(first.place))),),
        help=one.advice,
        severity=one.severity,
    )


def _of_cluster(config: ResolvedConfig) -> Iterator[_Owned]:
    infrastructure = config.infrastructure
    if infrastructure.is_unclear(SECTION.namespace) or infrastructure.is_unclear(SECTION.cluster):
        return  # where it is, is not known
    reached = config.of_cluster()
    cluster = reached.get("identifier") or reached.get("context") or "cluster"
    place = (cluster, config.namespace.value)
    way = (reached.get("kubeconfig"), reached.get("context"))
    advice = "give each cluster its own `cluster.identifier`"
    yield _Owned("CHR0603", ("the cluster name", cluster), infrastructure, advice, content=way, is_for_all=True)
    name = object_name(infrastructure)
    yield _Owned("CHR0602", ("ConfigMap", *place, name), infrastructure, _ELSEWHERE)
    for delivery in config.deliveries:
        if delivery.secret_name is not None and delivery.makes_secret:
            advice = f"{_ELSEWHERE}, or another `pull_secret.name`"
            yield _Owned("CHR0602", ("Secret", *place, delivery.secret_name.value), infrastructure, advice)
            if delivery.refresher:
                renews = refresher_name(delivery.secret_name.value)
                yield _Owned("CHR0602", ("ConfigMap", *place, renews), infrastructure, advice)
                if delivery.refresher.keys:
                    yield _Owned("CHR0602", ("Secret", *place, renews), infrastructure, advice)
    thing = ("namespace", *place)
    yield _Owned(
        "CHR0602", thing, infrastructure, _ELSEWHERE, apart=way, is_for_all=True, verb="run in", severity="warning"
    )


def _of_registry(config: Demand) -> Iterator[_Owned]:
    for image in config.images:
        if image.source and config.owner:
            thing = ("the repository", image.reference.name)
            same = (identity(image.reference.server), image.reference.repository)
            yield _Owned("CHR0311", thing, config.owner, _one_definition(config.registry), same=same)


def _one_definition(registry: Registry) -> str:
    """The entry to write once, where both may choose it: filled in."""
    said: dict[str, Any] = {
        "server": registry.server.value,
        "account": registry.account.value,
        "type": registry.type.value,
        "kind": registry.kind.name if registry.kind.sayable and registry.kind.name != "generic" else "",
        "authentication": registry.authentication.value if registry.authentication else {},
    }
    return (
        f"define it once, at a level above both, as `registries: {{shared: {written(said)}}}`, and write "
        "`image_registry: shared` in both; or give one of them another `account`"
    )


def _named(thing: tuple[str, ...]) -> str:
    kind, *names = thing
    cluster = f" in cluster `{names.pop(0)}`" if len(names) > 1 else ""
    return f"{kind} `{'/'.join(names)}`{cluster}"
