"""The kinds of value that a setting may have: what the table in `table.py` is made of."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a text must look like. Messages never repeat the text: it may have a login in front of a host."""

    code: str
    what: str
    """As a message says it: "a server"."""
    pattern: re.Pattern[str]
    advice: str
    more: Callable[[str], str] = lambda _: ""
    """What the pattern cannot say: text → what is wrong with it, or nothing."""
    advise: Callable[[str], str] = lambda _: ""
    """Advice that fits this text better than `advice`; nothing where that does."""
    canonical: Callable[[str], str] = lambda text: text
    """The one spelling of a text that has this form."""
    lost_in_number: str = ""
    """What a text of this form loses where YAML reads it as a number, as a message goes on; nothing is empty."""
    hides_value: bool = False
    """Whether people write a secret here: then no excerpt shows it."""

    def problem(self, text: str) -> str | None:
        """None where the text has this form; otherwise what is wrong, as far as that can be said."""
        if not self.pattern.match(text):
            return ""
        return self.more(text) or None


@dataclass(frozen=True, slots=True)
class Text:
    """A string; `choices` where only some are valid."""

    doc: str
    choices: tuple[str, ...] = ()
    grammar: Grammar | None = None
    or_empty: bool = False
    """Whether `""` is one."""
    other_words: Mapping[str, str] = field(default_factory=dict)
    """What people say in place of a choice → the choice, beside what is spelt like it."""
    choices_among: Callable[[Sequence[Mapping[str, Any]]], tuple[str, ...]] = lambda _: ()
    """The choices that make sense within these mappings, outermost first; empty where nothing tells."""


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    doc: str


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number, not negative."""

    doc: str


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of strings."""

    doc: str
    or_text: tuple[str, ...] = ()
    """Words that may stand instead of the list."""
    grammar: Grammar | None = None
    or_one: bool = False
    """A single string stands for a list of one."""
    least: int = 0
    """How many there must be."""
    most: int | None = None
    """How many there may be."""
    choices: tuple[str, ...] = ()
    """Where only some strings are valid."""


@dataclass(frozen=True, slots=True)
class TextMap:
    """A mapping of strings to strings; `keys` where only some keys are valid."""

    doc: str
    keys: tuple[str, ...] = ()
    grammar: Grammar | None = None
    key_grammar: Grammar | None = None
    """What a key must look like, where keys are the user's own."""
    or_empty: bool = False
    """Whether a value may be `""`."""


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping with these fields."""

    doc: str
    fields: Mapping[str, "Kind"] = field(default_factory=dict)
    short: str = ""
    """The field that a plain string stands for."""
    or_flag: bool = False
    """true and false may stand instead of the mapping."""
    or_off: bool = False
    """`off`, quoted or not, and false may stand instead of the mapping: both are read as False."""
    least: int = 0
    """How many of its fields must be given."""
    whole: bool = False
    """It is one setting: never mixed from two levels."""
    values: frozenset[str] = frozenset()
    """Keys under which people write a secret itself, which has no place here."""
    values_go_to: tuple[str, ...] = ()
    """The fields that take its name instead."""
    advice_for_values: str = ""
    called: str = ""
    """What the Python API calls its type, where that is not its key's name."""


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping of names of the user's own to mappings with the fields of that table."""

    doc: str
    one: Table
    grammar: Grammar
    """What a name must look like."""


@dataclass(frozen=True, slots=True)
class Tables:
    """A list of mappings, each with the fields of that table."""

    doc: str
    one: Table
    or_one: bool = False
    """A single mapping stands for a list of one."""
    least: int = 0
    """How many there must be."""


Kind = Text | Flag | Number | Texts | TextMap | Table | Tables | Named
