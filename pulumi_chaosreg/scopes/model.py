"""The nouns of inheritance: a scope at a level, and the origin of a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pulumi_chaosreg.errors import Keys, Place
from pulumi_chaosreg.settings.setting import Path, Setting

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


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
    left_out: frozenset[Keys] = frozenset()
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

    def get(self, setting: Setting[T], base: Path = ()) -> T | None:
        """What this scope itself says; None where it says nothing. `base` leads to where the setting's group stands,
        where that is not the section itself (`registries.eu` has a `mirror`, too).
        """
        value: T | None = self.value_at((*base, *setting.path) if base else setting.path)
        return value

    def value_at(self, path: Path) -> Any:
        """The same for a path that was computed."""
        value: Any = self.settings
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None  # settings are plain dicts: an ABC is slow
        return value

    def is_unclear(self, *parts: Setting[Any] | str | int) -> bool:
        """Whether this or a level above says something wrong about this: what follows from its lack misleads."""
        path = _flat(parts)
        return any(
            said[: len(path)] == path[: len(said)] for scope in self._chain if scope.left_out for said in scope.left_out
        )

    def at(self, *parts: Setting[Any] | str | int) -> Place:
        """Where this scope says it: settings, and keys below them."""
        return Place(self.title, self.place.file, (*self.place.keys, *_flat(parts)), self.place.line)

    def within(self, other: "Scope") -> bool:
        """Whether this is `other` or below it."""
        return other in self._chain


def _flat(parts: tuple[Setting[Any] | str | int, ...]) -> Keys:
    return tuple(key for part in parts for key in (part.path if isinstance(part, Setting) else (part,)))


@dataclass(frozen=True, slots=True)
class Origin:
    """Who decided a value; `scope` is None for Harness's own default."""

    scope: Scope | None = None
    path: Path = ()

    def __str__(self) -> str:
        return f"{self.scope.level}/{self.scope.id}" if self.scope else "default/harness"

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.scope.at(*self.path) if self.scope else Place("Harness's default")


@dataclass(frozen=True, slots=True)
class Decided(Generic[T_co]):
    """A value and who decided it. Equal where the values are, whoever decides: an edit that moves a setting to another
    level changes nothing.
    """

    value: T_co
    origin: Origin = field(compare=False)


def nearest(scope: Scope, setting: Setting[T]) -> Decided[T] | None:
    """The value that the nearest level at or above the scope gives; None where no level does."""
    for level in reversed(scope.chain()):
        value = level.get(setting)
        if value is not None:
            return Decided(value, Origin(level, setting.path))
    return None


def merged(scope: Scope, setting: Setting[dict[str, str]]) -> dict[str, Decided[str]]:
    """A mapping, merged key by key, the nearest level first."""
    result: dict[str, Decided[str]] = {}
    for level in scope.chain():
        for key, value in (level.get(setting) or {}).items():
            result[key] = Decided(value, Origin(level, (*setting.path, key)))
    return result
