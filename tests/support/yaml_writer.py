"""One value in any of the ways that people write YAML: blocks and flows, quotes, comments, blank lines, indents."""

import json
from collections.abc import Callable
from typing import Any

Choose = Callable[..., Any]
"""Picks one of its arguments."""


def written(value: Any, choose: Choose) -> str:
    """A document; `choose` decides every style."""
    newline = choose("\n", "\n", "\r\n")
    text = "".join(f"{line}\n" for line in _block(value, 0, choose))
    text = choose("", "---\n", "# of the file\n---\n") + text
    whole = text if "|" in text else choose(text, text, text.removesuffix("\n"))  # it may be a block's own
    return choose("", "", "\ufeff") + whole.replace("\n", newline)


def _block(value: Any, indent: int, choose: Choose) -> list[str]:
    lines: list[str] = []
    step = choose(1, 2, 2, 3, 4)
    margin = " " * indent
    for key, item in value.items():
        if choose(False, False, False, False, True):
            lines.append(choose("", f"{margin}# a comment: - {{x", " " * choose(0, indent, indent + 3)))
        name = margin + (choose(key, key, key, f'"{key}"', f"'{key}'"))
        if isinstance(item, dict) and item and choose(True, True, True, False):
            lines += [f"{name}:{_tail(choose)}", *_block(item, indent + step, choose)]
        elif isinstance(item, list) and item and choose(True, True, True, False):
            lines += [f"{name}:{_tail(choose)}", *_list(item, indent + choose(0, step), choose)]
        elif isinstance(item, str) and "\n" in item and choose(True, True, False):
            rows = item.split("\n")
            last = rows.pop() if item.endswith("\n") else None
            lines.append(f"{name}: {'|' if last == '' else '|-'}{choose('', '', ' # literal')}")
            lines += [" " * (indent + step) + row if row else choose("", " " * indent) for row in rows]
        else:
            lines.append(f"{name}:{choose(' ', ' ', '   ')}{_flow(item, choose)}{_tail(choose)}")
    return lines


def _list(items: list[Any], indent: int, choose: Choose) -> list[str]:
    lines: list[str] = []
    gap = choose(1, 1, 3)
    for item in items:
        dash = " " * indent + "-" + " " * gap
        if isinstance(item, dict) and item and choose(True, True, False):
            first, *rest = _block(item, indent + 1 + gap, lambda *options: choose(*options))
            while not first.strip() or first.lstrip().startswith("#"):
                lines.append(first)
                first, *rest = rest
            lines += [dash + first.lstrip(), *rest]
        else:
            lines.append(f"{dash}{_flow(item, choose)}{_tail(choose)}")
    return lines


def _tail(choose: Choose) -> str:
    return choose("", "", "", "", " # harness/chaos-ddcr:1, says a comment", "  ")


def _flow(value: Any, choose: Choose) -> str:
    if isinstance(value, dict):
        space = choose(" ", "")
        return "{" + space + ", ".join(f"{json.dumps(k)}: {_flow(v, choose)}" for k, v in value.items()) + space + "}"
    if isinstance(value, list):
        return "[" + choose(", ", ",\n    ").join(_flow(item, choose) for item in value).replace("\n    ", "") + "]"
    if "\n" in value or value in ("", "null", "-") or any(letter in value for letter in "{}[],#'\"") or ": " in value:
        return json.dumps(value)
    return str(choose(value, value, json.dumps(value), f"'{value}'"))
