"""The nouns of inheritance: a scope at a level, and the origin of a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pulumi_chaosreg.errors import Place

T = TypeVar("T")


class Level(StrEnum):
    """The four levels, widest first."""

    ACCOUNT = "account"
    ORGANIZATION = "organization"
    PROJECT = "project"
    INFRASTRUCTURE = "infrastructure"

    @property
    def rank(self) -> int:
        """0 for the account … 3 for an infrastructure."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """One node at a level, with what its own section says."""

    level: Level
    id: str
    settings: Mapping[str, Any]
    parent: "Scope | None" = None
    place: Place = field(default_factory=Place)
    """Its section in a stack file."""
    stack: str = ""
    """The stack that owns it; empty for scopes that a Python program made."""
    left_out: frozenset[tuple[str | int, ...]] = frozenset()
    """The paths of what its section says, or means with a misspelt key, and `settings` lacks because it is wrong."""
    _chain: "tuple[Scope, ...]" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_chain", (*(self.parent.chain() if self.parent else ()), self))

    @property
    def title(self) -> str:
        """As messages name it: "project `checkout`"."""
        return f"{self.level} `{self.id}`"

    @property
    def path(self) -> str:
        """Ids below the account, as resource names have it: `payments/checkout/prod-eu`; the account's is its id."""
        return "/".join(scope.id for scope in self.chain() if scope.level != Level.ACCOUNT) or self.id

    def chain(self) -> tuple["Scope", ...]:
        """From the account down to this scope."""
        return self._chain

    def get(self, path: tuple[str, ...]) -> Any:
        """What this scope itself says at this path; None where it says nothing."""
        value: Any = self.settings
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None  # settings are plain dicts: an ABC is slow
        return value

    def is_unclear(self, *path: str) -> bool:
        """Whether this or a level above says something wrong about this path: what follows from its lack misleads."""
        return any(
            said[: len(path)] == path[: len(said)] for scope in self._chain if scope.left_out for said in scope.left_out
        )

    def at(self, *path: str | int) -> Place:
        """Where this scope says it."""
        return Place(self.title, self.place.file, (*self.place.keys, *path))

    def within(self, other: "Scope") -> bool:
        """Whether this is `other` or below it."""
        return other in self._chain


@dataclass(frozen=True, slots=True)
class Origin:
    """Who decided a value; `scope` is None for Harness's own default."""

    scope: Scope | None = None
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.scope.level}/{self.scope.id}" if self.scope else "default/harness"

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.scope.at(*self.path) if self.scope else Place("Harness's default")


@dataclass(frozen=True, slots=True)
class Decided(Generic[T]):
    """A value and who decided it."""

    value: T
    origin: Origin


def nearest(scope: Scope, path: tuple[str, ...]) -> Decided[Any] | None:
    """The value at this path that the nearest level at or above the scope gives; None where no level does."""
    for level in reversed(scope.chain()):
        value = level.get(path)
        if value is not None:
            return Decided(value, Origin(level, path))
    return None


def merged(scope: Scope, path: tuple[str, ...]) -> dict[str, Decided[str]]:
    """The mapping at this path, merged key by key, nearest level first."""
    result: dict[str, Decided[str]] = {}
    for level in scope.chain():
        for key, value in (level.get(path) or {}).items():
            result[key] = Decided(value, Origin(level, (*path, key)))
    return result
