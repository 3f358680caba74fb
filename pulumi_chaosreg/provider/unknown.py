"""The value that a preview does not know yet."""

from collections.abc import Mapping
from typing import Any


class Unknown:
    """In the place of a value that only `up` will know."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = Unknown()


def is_unknown(value: Any) -> bool:
    """Whether a preview does not know it yet."""
    return isinstance(value, Unknown)


def has_unknown(value: Any) -> bool:
    """Whether a preview does not know all of it yet."""
    if isinstance(value, Mapping):
        return any(map(has_unknown, value.values()))
    return any(map(has_unknown, value)) if isinstance(value, list) else is_unknown(value)
