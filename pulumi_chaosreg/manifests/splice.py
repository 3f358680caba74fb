"""Changes of a YAML text that leave every other byte as it is: a value is replaced where it stands, entries are added
as lines in the style of their surroundings.

What is read out of the result is compared by whoever asks (`rendering.py`): a text can be written in more ways than
anybody has thought of here, and then it is refused and not damaged.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import yaml

from pulumi_chaosreg.errors import Keys
from pulumi_chaosreg.manifests.changes import Added
from pulumi_chaosreg.manifests.document import NULLS, node_at
from pulumi_chaosreg.settings.plain_words import needs_no_quotes

_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]|\Z")
_PLAIN_REFERENCE = re.compile(r"[a-z0-9][\w.@:-]*/[\w./@:-]*(?<!:)\Z", re.ASCII)
"""An image that nobody takes for a number or a mapping, also one whose server begins with a digit."""
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*[ \t]+)*")


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """The text between two offsets becomes another one. New lines are `\\n`, whatever the text's are."""

    start: int
    end: int
    text: str


class CannotSplice(Exception):  # noqa: N818  # told by whoever knows the file and the line
    """It is written so that this cannot be changed alone."""


def spliced(text: str, edits: list[Edit]) -> str:
    """The text with all edits made; those at one place in their order. Raises CannotSplice where two overlap."""
    newline = new_line(text)
    parts, position = [], 0
    for edit in sorted(dict.fromkeys(edits), key=lambda one: (one.start, one.end)):
        if edit.start < position:
            raise CannotSplice
        parts += [text[position : edit.start], edit.text.replace("\n", newline)]
        position = edit.end
    return "".join([*parts, text[position:]])


def new_line(text: str) -> str:
    """How the text ends its lines, by the first one."""
    first = _BREAK.search(text)
    return "\r\n" if first and first[0] == "\r\n" else "\n"


def replacing(text: str, node: Any, old: str, new: str) -> Edit:
    """The edit that makes a scalar another text, in the quotes that it has."""
    start, end = node.start_mark.index, node.end_mark.index
    written = text[start:end]
    found = written.rfind(old)
    option, equals, _ = old.rpartition("=")
    if found >= 0 and (node.style or _PLAIN_REFERENCE.match(new.removeprefix(option + equals))):
        return Edit(start + found, start + found + len(old), new)
    return rewriting(text, node, new)


def rewriting(text: str, node: Any, new: str) -> Edit:
    """The edit that writes a scalar anew, in double quotes; anchor and tag stay."""
    start, end = node.start_mark.index, node.end_mark.index
    written = text[start:end]
    properties = _PROPERTIES.match(written)
    kept = len(properties[0]) if properties else 0
    if node.style in ("|", ">"):
        end = start + len(written.rstrip("\r\n"))
    if node.style == "'" and not set(new) & set("\n\r\t"):
        return Edit(start + kept, end, "'" + new.replace("'", "''") + "'")
    return Edit(start + kept, end, json.dumps(new, ensure_ascii=False))


def adding(text: str, root: Any, added: Added) -> Edit:
    """The edit that adds pull Secrets to their list, and the list where it is missing."""
    keys: Keys = added.keys
    value: Any = added.items
    node = node_at(root, keys)
    while node is None and keys:
        keys, key = keys[:-1], keys[-1]
        node = node_at(root, keys)
        if node is None:
            value = {key: value}
        elif isinstance(node, yaml.MappingNode):
            return _entry(text, node, str(key), value, added.before)
        else:
            return _filling(text, root, keys, node, {key: value})
    if isinstance(node, yaml.SequenceNode) and node.value:
        return _items(text, node, added.items)
    return _filling(text, root, keys, node, value)


def _filling(text: str, root: Any, keys: Keys, node: Any, value: Any) -> Edit:
    """For what is there and empty: nothing, `null`, `[]` or `{}`."""
    start, end = node.start_mark.index, node.end_mark.index
    if text[start:end].strip() or not keys:
        if isinstance(node, yaml.ScalarNode) and node.value not in NULLS:
            raise CannotSplice
        return Edit(start, end, _flow(value, is_json=False))
    parent = node_at(root, keys[:-1])
    key = next((k for k, v in getattr(parent, "value", ()) if v is node), None)
    colon = text.find(":", key.end_mark.index) if key else -1
    if colon < 0:
        raise CannotSplice
    return Edit(colon + 1, colon + 1, f" {_flow(value, is_json=False)}")


def _items(text: str, node: Any, items: list[Any]) -> Edit:
    """At the end of a list that has some."""
    last = node.value[-1]
    if last.start_mark.index < node.start_mark.index:  # an alias: where it stands is not known
        raise CannotSplice
    if node.flow_style:
        is_json = any(one.style == '"' for one in _scalars(last))
        end = last.end_mark.index
        return Edit(end, end, "".join(f", {_flow(item, is_json)}" for item in items))
    end, is_block = _last(last)
    if is_block:
        raise CannotSplice
    margin = " " * node.start_mark.column
    return _at_end_of_line(text, end, "".join(f"\n{margin}- {_inline(item)}" for item in items))


def _entry(text: str, node: Any, key: str, value: Any, before: tuple[str, ...]) -> Edit:
    """A new entry of a mapping: above the first of `before` that it has, else at its end."""
    entries = node.value
    if not entries:
        return Edit(node.start_mark.index + 1, node.start_mark.index + 1, _flow({key: value}, is_json=False)[1:-1])
    names = [k.value for k, _ in entries]
    above = next((names.index(name) for name in before if name in names), None)
    if above == 0 and _is_commented(text, entries[0][0].start_mark.index):
        above = None
    if node.flow_style:
        return _flow_entry(text, entries[0 if above is None else above][0], key, value)
    column = entries[0][0].start_mark.column
    lines = _block({key: value}, column, _dash(entries, column))
    if above is None:
        end, is_block = _last_of_entry(*entries[-1])
        if not is_block:
            return _at_end_of_line(text, end, "".join(f"\n{line}" for line in lines))
        above = len(entries) - 1
    if above:
        end, is_block = _last_of_entry(*entries[above - 1])
        if not is_block:
            return _at_end_of_line(text, end, "".join(f"\n{line}" for line in lines))
    start = entries[above][0].start_mark.index
    return Edit(start, start, "\n".join([*lines, " " * column]).lstrip(" "))


def _flow_entry(text: str, key_node: Any, key: str, value: Any) -> Edit:
    start, is_json = key_node.start_mark.index, key_node.style == '"'
    line = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    margin = text[line:start]
    entry = _flow({key: value}, is_json)[1:-1]
    return Edit(start, start, f"{entry},\n{margin}" if margin.strip(" \t") == "" and line else f"{entry}, ")


def _is_commented(text: str, start: int) -> bool:
    """Whether the line above is a comment, which people wrote for what stands below it."""
    end = text.rfind("\n", 0, start)
    return end > 0 and text[text.rfind("\n", 0, end) + 1 : end].lstrip().startswith("#")


def _at_end_of_line(text: str, end: int, lines: str) -> Edit:
    found = _BREAK.search(text, end)
    position = found.start() if found else len(text)
    return Edit(position, position, lines)


def _dash(entries: Any, column: int) -> int:
    """How far the lists of this mapping are indented."""
    lists = [v for _, v in entries if isinstance(v, yaml.SequenceNode) and not v.flow_style]
    return 0 if any(one.start_mark.column == column for one in lists) else 2


def _last_of_entry(key: Any, value: Any) -> tuple[int, bool]:
    """Where its last text ends, and whether that is a block whose lines nobody may come between."""
    return _last(value) if value.start_mark.index > key.start_mark.index else (key.end_mark.index, False)


def _last(node: Any) -> tuple[int, bool]:
    if isinstance(node, yaml.ScalarNode):
        return node.end_mark.index, node.style in ("|", ">")
    if node.flow_style or not node.value:
        return node.end_mark.index, False
    last = node.value[-1]
    if isinstance(last, tuple):
        return _last_of_entry(*last)
    if last.start_mark.index < node.start_mark.index:
        raise CannotSplice
    return _last(last)


def _scalars(node: Any) -> list[Any]:
    if isinstance(node, yaml.ScalarNode):
        return [node]
    children = [one for item in node.value for one in (item if isinstance(item, tuple) else (item,))]
    return [scalar for child in children for scalar in _scalars(child)]


def _block(value: dict[str, Any], column: int, dash: int) -> list[str]:
    lines, margin = [], " " * column
    for key, item in value.items():
        lines.append(f"{margin}{key}:")
        if isinstance(item, dict):
            lines += _block(item, column + 2, dash)
        else:
            lines += [f"{margin}{' ' * dash}- {_inline(one)}" for one in item]
    return lines


def _inline(item: Any) -> str:
    """One item of a list, on a line."""
    return f"name: {_word(item['name'])}" if isinstance(item, dict) else _word(item)


def _flow(value: Any, is_json: bool) -> str:
    if isinstance(value, dict):
        entries = (f"{json.dumps(key) if is_json else key}: {_flow(item, is_json)}" for key, item in value.items())
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item, is_json) for item in value) + "]"
    return json.dumps(value) if is_json else _word(value)


def _word(text: str) -> str:
    return text if needs_no_quotes(text) else json.dumps(text)
