"""A mapping as one writes it into a stack file on one line: every YAML reads the same strings from it."""

import json
from collections.abc import Mapping

from pulumi_chaosreg.settings.plain_words import needs_no_quotes

Written = Mapping[str, "str | int | Written"]


def written(mapping: Written) -> str:
    """`{server: h.example, account: "007"}`; what is empty is left out."""
    return "{" + ", ".join(f"{key}: {_value(value)}" for key, value in mapping.items() if value) + "}"


def _value(value: "str | int | Written") -> str:
    if isinstance(value, bool | int):
        return json.dumps(value)
    if not isinstance(value, str):
        return written(value)
    return value if needs_no_quotes(value) else json.dumps(value, ensure_ascii=False)
