"""What a policy document says about one action: the part of IAM's language that the policies of registries need.

Statements with Action and Resource, wildcards, Deny before Allow; conditions StringEquals and StringLike. What else
there is in the language is not ignored, but refused loudly (`BeyondTheLabError`) wherever it would decide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from lab.aws.refused import BeyondTheLabError

Facts = Mapping[str, tuple[str, ...]]
"""Key of a condition, in lower case → its values; a key that is not there is in no request."""


class Verdict(Enum):
    ALLOWED = "Allow"
    DENIED = "Deny"
    SILENT = ""


def judged(documents: Iterable[str], action: str, resource: str, facts: Facts | None = None) -> Verdict:
    """What these documents together say."""
    found = {
        Verdict(statement["Effect"])
        for statement in statements(documents)
        if _says(statement, "Action", action, ignoring_case=True)
        and _says(statement, "Resource", resource)
        and fulfilled(statement, facts or {})
    }
    return Verdict.DENIED if Verdict.DENIED in found else Verdict.ALLOWED if found else Verdict.SILENT


def statements(documents: Iterable[str]) -> Iterator[dict[str, Any]]:
    for document in documents:
        yield from _listed(json.loads(document)["Statement"])


def concerns_action(statement: Mapping[str, Any], action: str) -> bool:
    """Whether the statement is about it."""
    return _says(statement, "Action", action, ignoring_case=True)


def fulfilled(statement: Mapping[str, Any], facts: Facts) -> bool:
    """Whether every condition holds: any of its values, for every operator and key."""
    return all(
        _holds(operator, facts.get(key.lower(), ()), [str(value) for value in _listed(wanted)])
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, values: tuple[str, ...], wanted: list[str]) -> bool:
    if operator == "StringEquals":
        return any(value in wanted for value in values)
    if operator == "StringLike":
        return any(_like(pattern, value) for pattern in wanted for value in values)
    raise BeyondTheLabError(f"knows the conditions StringEquals and StringLike only, not {operator}")


def _says(statement: Mapping[str, Any], element: str, value: str, *, ignoring_case: bool = False) -> bool:
    """Whether it names the value; `NotAction` and `NotResource` name all others."""
    if f"Not{element}" in statement:
        return not any(_like(each, value, ignoring_case) for each in _listed(statement[f"Not{element}"]))
    return any(_like(each, value, ignoring_case) for each in _listed(statement[element]))


def _like(pattern: str, value: str, ignoring_case: bool = False) -> bool:
    """IAM's wildcards: `*` is anything, `?` one character."""
    if "${" in pattern:
        raise BeyondTheLabError(f"fills in no variables of policies ({pattern})")
    expression = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    return re.fullmatch(expression, value, re.DOTALL | (re.IGNORECASE if ignoring_case else 0)) is not None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
