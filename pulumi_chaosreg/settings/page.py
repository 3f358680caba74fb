"""docs/settings.md, made of the table of settings and of what page.toml says beside it.

`python -m pulumi_chaosreg.settings.page` prints the page.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from textwrap import fill
from typing import assert_never

from pulumi_chaosreg.settings.kinds import Flag, Grammar, Kind, Named, Number, Table, Tables, Text, TextMap, Texts
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, LOCKABLE, SETTINGS

_HEAD = """\
# Settings

All levels have the same settings, and every one is optional: what is not set is inherited from the level above
([how](inheritance.md)). They stand below `chaosreg:account`, `chaosreg:organization`, `chaosreg:project`, or a name in
`chaosreg:infrastructures` ([stack files](stacks.md)); in Python they are arguments ([programs](python.md)).
`chaosreg schema` lets an editor complete and check them, `chaosreg explain INFRASTRUCTURE FIELD` says who decided one.

**Lockable** settings may be set only where every level above that sets any lockable one says `allow_overrides: true`.

This page is printed by `python -m pulumi_chaosreg.settings.page`.
"""
_SPELLING = """\
## Spelling

What values look like, where a table above leads here.

"""
_COLUMNS = ("key", "value", "default", "meaning")
_WIDTH = 120


BESIDE: Mapping[str, Mapping[str, str]] = tomllib.loads(files(__package__).joinpath("page.toml").read_text("utf-8"))
"""What the table does not say: `defaults`, `inherited` and `examples`."""


def settings_page() -> str:
    """The whole page, in Markdown."""
    page = _Page()
    parts = [page.setting(key, kind) for key, kind in SETTINGS.fields.items()]
    return "\n".join([_HEAD, *parts, _SPELLING + _table(("value", "how"), page.spellings())])


def paths_of_rows() -> list[str]:
    """The path of every row."""
    page = _Page()
    return [row[0].strip("`") for key, kind in SETTINGS.fields.items() for row in page.rows(key, kind)]


class _Page:
    """The page so far: which grammars it has linked to, and which mappings it has shown."""

    def __init__(self) -> None:
        self._grammars: dict[str, Grammar] = {}
        self._shown: dict[int, str] = {}

    def setting(self, key: str, kind: Kind) -> str:
        """The part of one key of a section."""
        shared = f"**Lockable.** {BESIDE['inherited'][key]}" if key in LOCKABLE else BESIDE["inherited"][key]
        example = BESIDE["examples"][key].strip("\n")
        rows = _table(_COLUMNS, self.rows(key, kind))
        return f"## `{key}`\n\n{rows}\n{fill(shared, _WIDTH)}\n\n```yaml\n{example}\n```\n"

    def spellings(self) -> list[tuple[str, ...]]:
        """Every grammar that a value of the page has, with how it is written."""
        return [(what, one.advice) for what, one in sorted(self._grammars.items())]

    def rows(self, path: str, kind: Kind) -> Iterator[tuple[str, ...]]:
        """The row of one value and, if it is a mapping, those of its fields."""
        yield f"`{path}`", self._value(kind, path), BESIDE["defaults"].get(path, ""), kind.doc
        below, fields = _fields(path, kind)
        for name, field in fields.items():
            inner = f"{below}.{name}"
            if isinstance(kind, Named):  # a registry by name, whose fields the chosen one has, too
                first = str(IMAGE_REGISTRY.ROWS.get(name, name))
            elif isinstance(field, Table):
                first = self._shown.setdefault(id(field), inner)
            else:
                first = inner
            if first == inner:
                yield from self.rows(inner, field)
            else:
                yield f"`{inner}`", f"as `{first}`", "", field.doc

    def _value(self, kind: Kind, path: str) -> str:
        """What may be written there."""
        match kind:
            case Text():
                return self._text(kind.choices, kind.grammar)
            case Flag():
                return "`true`, `false`"
            case Number():
                return "whole number"
            case Texts():
                words = [f"`{word}`" for word in kind.or_text] + (["one"] if kind.or_one else [])
                return " or ".join([*words, f"list: {self._text(kind.choices, kind.grammar)}"])
            case TextMap():
                keys = ", ".join(f"`{key}`" for key in kind.keys) or self._text((), kind.key_grammar)
                return f"mapping: {keys} → {self._text((), kind.grammar)}"
            case Table():
                words = [f"`{kind.short}` alone"] if kind.short else []
                words += ["`true`, `false`"] if kind.or_flag else []
                words += ["`off`"] if kind.or_off else []
                return " or ".join([*words, "mapping"])
            case Tables():
                return "one or a list of mappings" if kind.or_one else "list of mappings"
            case Named():
                return f"mapping: {self._text((), kind.grammar)} → registry"
            case _:
                assert_never(kind)

    def _text(self, choices: tuple[str, ...], grammar: Grammar | None) -> str:
        if choices:
            return ", ".join(f"`{word}`" for word in choices)
        if grammar is None:
            return "text"
        self._grammars.setdefault(grammar.what, grammar)
        return f"[{grammar.what}](#spelling)"


def _fields(path: str, kind: Kind) -> tuple[str, Mapping[str, Kind]]:
    """Where the fields of a mapping stand, and which there are."""
    match kind:
        case Table():
            return path, kind.fields
        case Tables():
            return f"{path}[]" if not kind.or_one else path, kind.one.fields
        case Named():
            return f"{path}.NAME", kind.one.fields
        case _:
            return path, {}


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    print(settings_page(), end="")
