"""A mapping as one writes it into a stack file on one line: every YAML reads the same strings from it."""

import json
import re
from collections.abc import Mapping

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*(?::[0-9]+)?")
_WORDS = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
"""What YAML 1.1 or 1.2 takes for something else, in any case."""

Written = Mapping[str, "str | Written"]


def written(mapping: Written) -> str:
    """`{server: h.example, account: "007"}`; what is empty is left out."""
    return "{" + ", ".join(f"{key}: {_value(value)}" for key, value in mapping.items() if value) + "}"


def _value(value: "str | Written") -> str:
    if not isinstance(value, str):
        return written(value)
    is_plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    return value if is_plain else json.dumps(value, ensure_ascii=False)
