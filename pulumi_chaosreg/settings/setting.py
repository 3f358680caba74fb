"""One row of the table of settings, and a group of rows that stand under one key.

A row is reached by its Python name (`MIRROR.platforms`), so that a misspelt one is an error of the type checker and not
a value that is silently missing.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from pulumi_chaosreg.settings.kinds import Flag, Grammar, Kind, Named, Number, Table, Text, TextMap, Texts

T_co = TypeVar("T_co", covariant=True)
Path = tuple[str, ...]


class Setting(Generic[T_co]):
    """A row: where it stands in a section, and what its value may be. `T_co` is the type that it has once checked."""

    __slots__ = ("kind", "path")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.path: Path = ()

    @property
    def key(self) -> str:
        """The last part of its path."""
        return self.path[-1]

    def __str__(self) -> str:
        return ".".join(self.path)


class Group:
    """Rows that stand under one key, in the order in which they are written; without a key, a section's own."""

    PATH: ClassVar[Path] = ()
    ROWS: ClassVar[Mapping[str, Setting[Any]]] = {}

    def __init_subclass__(cls, *, key: str = "") -> None:
        cls.PATH = (key,) if key else ()
        cls.ROWS = {name: row for name, row in vars(cls).items() if isinstance(row, Setting)}
        for name, row in cls.ROWS.items():
            row.path = (*cls.PATH, name)

    @classmethod
    def table(cls, doc: str, **more: Any) -> Table:
        """The group as the kind of value that its key may have."""
        return Table(doc, {name: row.kind for name, row in cls.ROWS.items()}, **more)


def text(
    doc: str,
    choices: tuple[str, ...] = (),
    grammar: Grammar | None = None,
    *,
    other_words: Mapping[str, str] | None = None,
) -> Setting[str]:
    """A row with a string."""
    return Setting(Text(doc, choices, grammar, other_words=other_words or {}))


def flag(doc: str) -> Setting[bool]:
    """A row with true or false."""
    return Setting(Flag(doc))


def number(doc: str) -> Setting[int]:
    """A row with a whole number."""
    return Setting(Number(doc))


def texts(doc: str, **how: Any) -> Setting[list[str]]:
    """A row with a list of strings."""
    return Setting(Texts(doc, **how))


def text_map(doc: str, keys: tuple[str, ...] = (), **how: Any) -> Setting[dict[str, str]]:
    """A row with a mapping of strings to strings."""
    return Setting(TextMap(doc, keys, **how))


def mapping(kind: Table | Named) -> Setting[dict[str, Any]]:
    """A row with a mapping that is taken whole."""
    return Setting(kind)
