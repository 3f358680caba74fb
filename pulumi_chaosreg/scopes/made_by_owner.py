"""`authentication: {type: made}`: the pull credential that the owner of a registry makes, and when it changes.

It changes by the calendar, so that a preview needs no state to tell: a turn lasts half of a credential's life, and each
turn has a credential of its own. The one of the turn before is still good while the stacks of environments follow.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.scopes.mirror_policy import own_or_inherited
from pulumi_chaosreg.scopes.model import Decided, Scope
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, REPOSITORIES

MADE = "made"
OF_MADE = ("lifetime_days", "per")
"""What only such an `authentication` says."""
SHORTEST, LONGEST = 2, 730
"""Days of a life."""
_EPOCH = date(1970, 1, 1)


class Turn(NamedTuple):
    """A stretch of the calendar that has a credential of its own."""

    number: int
    """Counted from 1970, so that every machine has the same."""
    begins: date
    ends: date
    """From this day on nobody may count on its credential: the next turn is over, and its successor's begins."""

    @property
    def slot(self) -> str:
        """`a` or `b`, by turns: two credentials that alternate, so that the one in use is never touched."""
        return "b" if self.number % 2 else "a"


def turns(day: date, lifetime_days: int) -> tuple[Turn, Turn]:
    """The turn that the day is in, of credentials that live so long, and the one before."""
    length = lifetime_days // 2
    number = (day - _EPOCH).days // length
    current, former = (
        Turn(one, *(_EPOCH + timedelta((one + more) * length) for more in (0, 2))) for one in (number, number - 1)
    )
    return current, former


@dataclass(frozen=True, slots=True)
class MadeByOwner:
    """What is said of such a credential where its registry is defined."""

    owner: Scope
    path: str
    """`server/account`."""
    lifetime_days: int
    place: Place
    """Where it is said."""
    per_stack: bool
    """Whether each stack with infrastructures has one of its own."""

    def name(self, stack: str) -> str:
        """What it is called where others have a NAME; no NAME can be like it."""
        return f"{MADE} for {self.path}" + (f" and {stack}" if self.per_stack else "")

    def turns(self, day: date) -> tuple[Turn, Turn]:
        """The one that the day is in, and the one before."""
        return turns(day, self.lifetime_days)


def made_at(registry: Registry) -> MadeByOwner | None:
    """The credential that is made with this registry, whoever pulls by it: its definition says so."""
    if registry.owner is None:
        return None
    return made_by_owner(registry, registry.owner.value_at((*registry.base, IMAGE_REGISTRY.authentication.key)) or {})


def made_by_owner(registry: Registry, said: Mapping[str, Any]) -> MadeByOwner | None:
    """The credential that an `authentication` of this registry means, where it is one that the owner makes."""
    if said.get("type") != MADE or registry.owner is None:
        return None
    days, per = said.get("lifetime_days", SHORTEST), said.get("per", "owner")
    place = registry.owner.at(*registry.base, IMAGE_REGISTRY.authentication.key)
    return MadeByOwner(registry.owner, registry.path, max(days, SHORTEST), place, per == "stack")


def unmade(registry: Registry, authentication: Decided[Mapping[str, Any]]) -> Iterator[Finding]:
    """Why nobody makes it (CHR0544, CHR0545): who owns no registry cannot, and who makes no repositories does not."""
    origin, owner = authentication.origin, registry.owner
    if owner is None:
        return
    if origin.scope is not owner or origin.path[: len(registry.base)] != registry.base:
        yield Finding(
            "CHR0545",
            f"`type: {MADE}` stands where `{registry.path}` is only used, but its owner, {owner.title}, makes the "
            "credential",
            origin.place,
            notes=(("the owner defines it", str(registry.place)),),
            help="move `authentication` to where the registry is defined; with `per: stack` every stack has its own",
        )
        return
    create = own_or_inherited(owner, registry.base, REPOSITORIES.create)
    beside = f"`server` of `{registry.name}`" if registry.name else f"`{IMAGE_REGISTRY.PATH[0]}`"
    if not registry.is_unclear(REPOSITORIES.create) and not (create and create.value):
        yield Finding(
            "CHR0544",
            f"nobody makes the pull credential of `{registry.path}`: `repositories.create` is not true",
            origin.place,
            help=f"write `repositories: {{create: true}}` beside {beside}, or give the credential: "
            f"`{IMAGE_REGISTRY.authentication.key}: {registry.kind.example}`",
        )


def incomplete(type_: str, said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(problem, advice) of what is said of its life."""
    if type_ != MADE:
        if vain := [key for key in OF_MADE if key in said]:
            which = f"{_named(vain)} {'belongs' if len(vain) == 1 else 'belong'}"
            yield f"{which} to `type: {MADE}`, but the type is `{type_}`", f"write `type: {MADE}`, or remove it"
        return
    days = said.get("lifetime_days")
    if days is None:
        yield (
            f"`type: {MADE}` has no `lifetime_days`",
            "add, say, `lifetime_days: 90`: a new credential every 45 days, each good for 45 to 90",
        )
    elif not SHORTEST <= days <= LONGEST:
        yield f"`lifetime_days` is {days}", f"write {SHORTEST} to {LONGEST}"
    others = [key for key in ("key_file", "password_secret", "password_env") if key in said]
    others += ["username"] if "username" in said and "key_file" not in said else []  # which a key file implies
    if others:
        yield f"`type: {MADE}` has its own user and password, but there is {_named(others)}", f"remove {_named(others)}"


def _named(keys: Iterable[str]) -> str:
    return " and ".join(f"`{key}`" for key in keys)
