"""A YAML document as plain values, and where each of them stands in the text."""

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from pulumi_chaosreg.errors import Keys
from pulumi_chaosreg.settings.yaml_file import BASE_LOADER, is_too_deep

_MERGE = "<<"
_MAX_VALUES = 500_000
NULLS = ("", "~", "null", "Null", "NULL")
"""How nothing is written, without quotes."""
_SPACE = re.compile(r"\s*")
_BOM = "\ufeff"


class NotReadable(Exception):  # noqa: N818  # whoever reads the text knows what to call it
    """A text is no YAML, or none that may be read."""

    def __init__(self, problem: str, error: yaml.YAMLError | None = None) -> None:
        super().__init__(problem)
        self.error = error


def documents(text: str) -> list[Any]:
    """The root node of each document of a text without a byte order mark. Raises NotReadable."""
    if is_too_deep(text):
        raise NotReadable("it is nested too deep")
    try:
        return list(yaml.compose_all(text, Loader=BASE_LOADER))
    except yaml.YAMLError as error:
        raise NotReadable("it is not YAML", error) from None
    except RecursionError:
        raise NotReadable("it is nested too deep") from None


def json_objects(text: str) -> list[str]:
    """The parts of a text that is JSON objects one after the other, as kubectl reads them; empty where it is not."""
    parts, end = [], 0
    try:
        while (start := _next(text, end)) < len(text):
            if text[start] != "{":
                return []
            _, after = json.JSONDecoder().raw_decode(text, start)
            parts.append(text[end:after])
            end = after
    except (ValueError, RecursionError):
        return []
    return [*parts[:-1], parts[-1] + text[end:]] if parts else []


def _next(text: str, position: int) -> int:
    """Where something stands again, from here on."""
    found = _SPACE.match(text, position)
    return found.end() if found else position


def without_mark(text: str) -> tuple[str, str]:
    """The byte order mark, if there is one, and the rest."""
    return (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)


def plain(root: Any) -> Any:
    """The node's value: dicts with texts for keys, lists, and every scalar as its text, nothing as an empty one.

    Raises NotReadable where aliases make it too large, or a value that stands in itself.
    """
    return _Reading().value(root, ())


class _Reading:
    def __init__(self) -> None:
        self.left = _MAX_VALUES

    def value(self, node: Any, above: tuple[int, ...]) -> Any:
        self.left -= 1
        if self.left < 0 or id(node) in above:
            raise NotReadable("its aliases make it endless")
        if isinstance(node, yaml.ScalarNode):
            return "" if not node.style and node.value in NULLS else node.value
        above = (*above, id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, above) for item in node.value]
        own = {k.value: self.value(v, above) for k, v in node.value if _is_key(k)}
        merged: dict[str, Any] = {}
        for one in _merges(node):
            value = self.value(one, above)
            merged = {**(value if isinstance(value, dict) else {}), **merged}
        return {**merged, **own}


def node_at(root: Any, keys: Keys) -> Any:
    """The node that these keys lead to, through aliases and merges; None where nothing stands."""
    node = root
    for key in keys:
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
        elif isinstance(node, yaml.MappingNode):
            node = _entry(node, key)
        else:
            return None
    return node


def line_of(root: Any, keys: Keys) -> int:
    """The line (from 1) of the deepest of these keys that the document has; of an alias where it is used."""
    while keys and node_at(root, keys) is None:
        keys = keys[:-1]
    node, above = node_at(root, keys), node_at(root, keys[:-1]) if keys else None
    if isinstance(above, yaml.MappingNode):
        node = next((k for k, _ in reversed(above.value) if _is_key(k) and k.value == keys[-1]), node)
    return int(node.start_mark.line) + 1


def _entry(node: Any, key: str | int) -> Any:
    own = [v for k, v in node.value if _is_key(k) and k.value == key]
    if own:
        return own[-1]
    for one in _merges(node):
        if isinstance(one, yaml.MappingNode) and (found := _entry(one, key)) is not None:
            return found
    return None


def _is_key(node: Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and (node.value != _MERGE or bool(node.style))


def _merges(node: Any) -> Iterator[Any]:
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value == _MERGE and not key.style:
            yield from value.value if isinstance(value, yaml.SequenceNode) else (value,)
