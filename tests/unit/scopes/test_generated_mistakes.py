"""Two companies without a mistake, spoiled some hundred ways: each mistake is found where it was made, and nothing else is.

The mistakes are generated from the files themselves and from the table of settings. What must be found is worked out
from the place of the edit, never from the program's answer; lines are looked up with a walker of our own.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.scopes.kinds import Flag, Kind, Number, Table, Text, TextMap, Texts
from pulumi_chaosreg.scopes.review import review
from pulumi_chaosreg.scopes.settings import AUTHENTICATION, SETTINGS

HERE = Path(__file__).parent
BIG, SMALL = "good_company", "good_small_company"
Files = Mapping[str, str]
Keys = tuple[str | int, ...]


def _texts(company: str) -> dict[str, str]:
    folder = HERE / company
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in sorted(folder.rglob("*.yaml"))}


GOOD = {company: _texts(company) for company in (BIG, SMALL)}


@dataclass(frozen=True)
class Entry:
    """One `key: value` (or list item) of a good file that the table of settings knows."""

    company: str
    file: str
    keys: Keys
    kind: Kind
    parent: Kind | None
    """What it is an entry of; None for a scope's own section."""
    key: Any
    value: Any
    """The nodes, with their marks."""

    @property
    def text(self) -> str:
        return GOOD[self.company][self.file]

    @property
    def line(self) -> int:
        return self.key.start_mark.line + 1

    @property
    def end(self) -> int:
        """Where its value ends; block values have their mark at the next token."""
        until = self.text[: self.value.end_mark.index]
        return len(until.rstrip())

    @property
    def is_block(self) -> bool:
        return self.text[: self.key.start_mark.index].rpartition("\n")[2].strip() in ("", "-")

    @property
    def name(self) -> str:
        return f"{self.file.removeprefix('stacks/')}: {'.'.join(map(str, self.keys))}"

    def renamed(self, key: str) -> str:
        return self.text[: self.key.start_mark.index] + key + self.text[self.key.end_mark.index :]

    def given(self, value: str) -> str:
        """The file with another value (in flow style) here."""
        start = self.value.start_mark.index if self.key is self.value else self.key.end_mark.index
        return self.text[:start] + ("" if self.key is self.value else ": ") + value + self.text[self.end :]

    def lines(self) -> tuple[int, int]:
        """First and last line of the entry, from 0."""
        return self.key.start_mark.line, self.text[: self.end].count("\n")

    def without(self) -> str:
        first, last = self.lines()
        lines = self.text.splitlines(keepends=True)
        return "".join(lines[:first] + lines[last + 1 :])

    def twice(self) -> str:
        first, last = self.lines()
        lines = self.text.splitlines(keepends=True)
        return "".join(lines[: last + 1] + lines[first : last + 1] + lines[last + 1 :])


def _node(text: str, keys: Keys) -> tuple[Any, Any]:
    """(key node, value node) at these keys; lists are walked by index."""
    key, node = None, yaml.compose(text)
    for wanted in keys:
        if isinstance(node, yaml.SequenceNode):
            key = node = node.value[int(wanted)]
        else:
            key, node = next((k, v) for k, v in node.value if k.value == wanted)
    return key, node


def line_at(text: str, *keys: str | int) -> int:
    return int(_node(text, keys)[0].start_mark.line) + 1


def _sections(company: str) -> Iterator[Entry]:
    """Every scope's section."""
    for file, text in GOOD[company].items():
        name = Path(file).name
        root = yaml.compose(text)
        if name == "Pulumi.yaml" or name.startswith("Pulumi."):
            config = _node(text, ("config",))[1]
            for key, value in config.value:
                if key.value in ("chaosreg:account", "chaosreg:organization", "chaosreg:project"):
                    keys: Keys = ("config", key.value)
                    if name == "Pulumi.yaml":
                        key, value = _node(text, (*keys, "value"))
                        keys = (*keys, "value")
                    yield Entry(company, file, keys, SETTINGS, None, key, value)
                if key.value == "chaosreg:infrastructures":
                    for k, v in value.value:
                        if k.value != "files":
                            yield Entry(company, file, ("config", key.value, k.value), SETTINGS, None, k, v)
        elif file.startswith("stacks/prod/"):
            for k, v in root.value:
                yield Entry(company, file, (k.value,), SETTINGS, None, k, v)


def _below(entry: Entry) -> Iterator[Entry]:
    """Every entry in a section, with the kind that the table of settings gives it."""
    kind = entry.kind
    if isinstance(kind, Table) and isinstance(entry.value, yaml.MappingNode):
        fields = dict(kind.fields)
        if kind is SETTINGS:  # the documentation page's spellings
            fields |= {"registry": SETTINGS.fields["image_registry"], "authentication": AUTHENTICATION}
        inner = [(k, v, fields[k.value], k.value) for k, v in entry.value.value]
    elif isinstance(kind, TextMap):
        inner = [(k, v, Text("", grammar=kind.grammar), k.value) for k, v in entry.value.value]
    elif isinstance(kind, Texts) and isinstance(entry.value, yaml.SequenceNode):
        inner = [(v, v, Text("", grammar=kind.grammar), i) for i, v in enumerate(entry.value.value)]
    else:
        return
    for k, v, of, key in inner:
        found = Entry(entry.company, entry.file, (*entry.keys, key), of, kind, k, v)
        yield found
        yield from _below(found)


SECTIONS = [section for company in GOOD for section in _sections(company)]
ENTRIES = [entry for section in SECTIONS for entry in _below(section)]
