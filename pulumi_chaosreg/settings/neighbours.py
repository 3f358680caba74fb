"""Where a key belongs that stands a level too deep, or too high: `repositories` below `image_registry`."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pulumi_chaosreg.errors import Keys
from pulumi_chaosreg.settings.kinds import Table
from pulumi_chaosreg.settings.yaml_file import snake_case


class Around(NamedTuple):
    """A table that something stands in."""

    kind: Table
    keys: Keys
    """Those that lead to it from the section."""
    said: Mapping[str, Any]


class Elsewhere(NamedTuple):
    """Where a key would be known."""

    keys: Keys
    advice: str


def elsewhere(key: str, keys: Keys, around: Sequence[Around]) -> Elsewhere | None:
    """The one place near `keys`, where the key was written, that knows it: beside one of the mappings that it stands
    in, or below a neighbour. None where there is none, or several.
    """
    word = snake_case(key)
    for outer in reversed(around):
        if word in outer.kind.fields and outer.keys != keys:
            beside = keys[len(outer.keys)]
            return Elsewhere((*outer.keys, word), f"write `{word}` beside `{beside}`, not below it")
        below = [
            name
            for name, one in outer.kind.fields.items()
            if isinstance(one, Table) and word in one.fields and (*outer.keys, name) != keys[: len(outer.keys) + 1]
        ]
        if below:
            where = (*outer.keys, below[0], word)
            return (
                Elsewhere(where, f"write it below `{below[0]}`: `{below[0]}: {{{word}: …}}`")
                if len(below) == 1
                else None
            )
    return None
