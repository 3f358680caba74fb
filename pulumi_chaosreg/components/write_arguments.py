"""Writes `arguments.py`, the types of what the constructors take, from the table of settings.

`python -m pulumi_chaosreg.components.write_arguments` does it again after an edit of the table. It knows no setting by
its name but those that a constructor takes otherwise: an id is the component's name, a cluster may be a `Cluster`.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import fill, indent
from typing import assert_never

from pulumi_chaosreg.settings.kinds import Flag, Kind, Named, Number, Table, Tables, Text, TextMap, Texts
from pulumi_chaosreg.settings.table import SETTINGS

WRITTEN = Path(__file__).with_name("arguments.py")
_WIDTH = 120
_HEAD = '''"""What the constructors take: the table of settings as types, for editors and type checkers.

Written by `python -m pulumi_chaosreg.components.write_arguments`: edit the table instead. Values are plain, since they
decide which resources there are; what may be an Output is an argument of its own.
"""

from typing import Literal, TypedDict
'''
_NAMED_OTHERWISE = ("id",)
_OF_CLUSTER = "cluster"


def arguments_module() -> str:
    """The whole text of `arguments.py`."""
    classes = _Classes()
    fields = {key: kind for key, kind in SETTINGS.fields.items() if key not in _NAMED_OTHERWISE}
    cluster = {_OF_CLUSTER: fields.pop(_OF_CLUSTER)}
    classes.write("InfrastructureArgs", "the settings of an infrastructure; every one is optional", fields)
    classes.write("LevelArgs", "the settings of a level above infrastructures", cluster, above="InfrastructureArgs")
    return "\n\n".join([_HEAD, *(f"{text}\n" for text in classes.texts)])


class _Classes:
    """The classes written so far, each after those that it mentions."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._names: dict[str, Table | TextMap] = {}

    def write(self, name: str, doc: str, fields: Mapping[str, Kind], above: str = "TypedDict") -> None:
        """One class with a line and a docstring for each field."""
        lines = [f"class {name}({above}, total=False):", *_docstring(doc)]
        for key, kind in fields.items():
            lines += ["", *_annotated(key, list(self._forms(kind, key, name)))]
            lines += _docstring(kind.doc) if kind.doc else []
        self.texts.append("\n".join(lines))

    def _forms(self, kind: Kind, key: str, within: str) -> Iterator[str]:
        """What may stand there, each as the text of a type. Lists and dictionaries as the checks want them: a `str` is
        a sequence of strings, too.
        """
        match kind:
            case Text():
                yield _literal(kind.choices) if kind.choices else "str"
            case Flag():
                yield "bool"
            case Number():
                yield "int"
            case Texts():
                yield from ([_literal(kind.or_text)] if kind.or_text else [])
                one = _literal(kind.choices) if kind.choices else "str"
                yield from ([one] if kind.or_one else [])
                yield f"list[{one}]"
            case TextMap():
                yield self._of(kind, key, within) if kind.keys else "dict[str, str]"
            case Named():
                yield f"dict[str, {self._of(kind.one, _singular(key), within)}]"
            case Tables():
                one = self._of(kind.one, _singular(key), within)
                yield from ([one] if kind.or_one else [])
                yield f"list[{one}]"
            case Table():
                yield from self._forms(kind.fields[kind.short], key, within) if kind.short else ()
                yield from (["bool"] if kind.or_flag else [])
                yield from (['Literal["off", False]'] if kind.or_off else [])
                yield self._of(kind, key, within)
            case _:
                assert_never(kind)

    def _of(self, kind: Table | TextMap, key: str, within: str) -> str:
        """The name of the class for this mapping; two different ones under one key are told apart by where they are."""
        name = (isinstance(kind, Table) and kind.called) or f"{key.title().replace('_', '')}Args"
        if self._names.get(name, kind) != kind:
            name = within.removesuffix("Args") + name
        if name not in self._names:
            self._names[name] = kind
            fields = kind.fields if isinstance(kind, Table) else {key: Text("") for key in kind.keys}
            self.write(name, kind.doc, fields)
        return name


def _singular(key: str) -> str:
    return key.removesuffix("ies") + "y" if key.endswith("ies") else key.removesuffix("s")


def _literal(words: Iterable[str]) -> str:
    quoted = ", ".join(f'"{word}"' for word in words)
    return f"Literal[{quoted}]"


def _annotated(key: str, forms: list[str]) -> list[str]:
    """`key: form | form`, laid out as ruff does it."""
    line = f"    {key}: {' | '.join(forms)}"
    if len(line) <= _WIDTH:
        return [line]
    head, inner = line.removesuffix("]").split("[", 1)
    if len(inner) + 8 <= _WIDTH:
        return [f"{head}[", f"        {inner}", "    ]"]
    return [f"{head}[", *(f"        {word}," for word in inner.split(", ")), "    ]"]


def _docstring(doc: str) -> list[str]:
    text = fill(f'"""{doc}"""', _WIDTH - 4, break_long_words=False, break_on_hyphens=False)
    if "\n" in text:
        text = fill(f'"""{doc}', _WIDTH - 4, break_long_words=False, break_on_hyphens=False) + '\n"""'
    return indent(text, "    ").splitlines()


if __name__ == "__main__":
    WRITTEN.write_text(arguments_module(), "utf-8")
