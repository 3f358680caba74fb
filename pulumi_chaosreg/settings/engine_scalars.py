"""What Pulumi's engine makes of a scalar without quotes, where that is not what YAML 1.2's core rules say.

The engine reads stack files with Go's yaml.v3, which keeps numbers and dates of YAML 1.1 beside those of 1.2; the rules
here are its `resolve`. Keys become text there after they were read as values, so that an id `007` arrives as `7`.
"""

import math
import re
from datetime import date
from enum import Enum

STARTS = frozenset("0123456789+-.")
"""How a scalar begins that the two may read differently: all other words are in both tables, or in neither. Most files
have few of them, and ask no more.
"""
_FLOAT = re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INT = re.compile(
    r"^(?P<sign>[-+]?)(?:0[xX](?P<x>[0-9a-fA-F]+)|0[oO](?P<o>[0-7]+)|0[bB](?P<b>[01]+)|0(?P<c>[0-7]+)|(?P<d>0|[1-9][0-9]*))\Z"
)
"""As `strconv.ParseInt` with base 0."""
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_BASES = {"x": 16, "o": 8, "b": 2, "c": 8, "d": 10}
_DATE = re.compile(r"^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?P<time>.*)\Z", re.DOTALL)
_HOUR, _MINUTE = "(?:[01]?[0-9]|2[0-3])", "[0-5]?[0-9]"
_CLOCK = rf"{_HOUR}:{_MINUTE}:{_MINUTE}(?:[.,][0-9]+)?"
_TIME = re.compile(rf"^(?:[Tt]{_CLOCK}(?:Z|[-+](?:[01][0-9]|2[0-4]):(?:[0-5][0-9]|60))| +{_CLOCK})?\Z")

WORDS = frozenset(("", "~", "null", "Null", "NULL", "True", "TRUE", "False", "FALSE"))
"""Keys that are no texts to the engine, and that it prints as something else."""

Scalar = str | int | float | bool | None


class Odd(Enum):
    """What the engine takes a scalar for, that we do not; as a message says it."""

    DATE = "a date"
    NUMBER = "a number"
    ANOTHER_NUMBER = "another number"
    TEXT = "a text"
    NO_NUMBER = "a number that it cannot pass on"


def odd_value(text: str, ours: Scalar) -> Odd | None:
    """How the engine reads this plain scalar otherwise than we (`ours`); None where both read the same."""
    if text[:1] not in STARTS:
        return None
    if _is_date(text):
        return Odd.DATE
    theirs = _number(text)
    if theirs is None:
        return None if isinstance(ours, str) else Odd.TEXT
    if not math.isfinite(theirs):
        return Odd.NO_NUMBER
    if isinstance(ours, str):
        return Odd.NUMBER
    is_exact = isinstance(ours, float) or (
        ours is not None and -_INTEGER_LIMIT <= ours < _INTEGER_LIMIT
    )  # larger ones become floats
    return None if theirs == ours and is_exact else Odd.ANOTHER_NUMBER


def odd_key(text: str, ours: Scalar) -> Odd | None:
    """The same for a key, of which we keep the text: numbers must be written as the engine writes them."""
    if isinstance(ours, str):
        return odd_value(text, ours)
    if ours is None or isinstance(ours, bool):
        return Odd.TEXT if text in WORDS else None
    theirs = _number(text)
    if theirs is None or _printed(theirs) == text:
        return None
    return odd_value(text, ours) or Odd.ANOTHER_NUMBER


def _printed(number: int | float) -> str:
    """As Go prints it; empty for floats that it may write in another way than Python."""
    is_plain = isinstance(number, int) or (1e-4 <= abs(number) < 1e15 and not number.is_integer())
    return repr(number) if is_plain else ""


def _is_date(text: str) -> bool:
    found = _DATE.match(text)
    if not found or not _TIME.match(found["time"]):
        return False
    try:
        date(int(found[1]) or 4, int(found[2]), int(found[3]))
    except ValueError:
        return False
    return True


def _number(text: str) -> int | float | None:
    if text.startswith("."):
        return _special(text) or _float(_BETWEEN_DIGITS.sub("", text))
    plain = text.replace("_", "")
    if found := _INT.match(plain):
        digits, base = next((found[name], base) for name, base in _BASES.items() if found[name])
        if len(digits) <= _MAX_DIGITS:
            whole = int(found["sign"] + digits, base)
            if -_INTEGER_LIMIT <= whole < _INTEGER_LIMIT or (0 <= whole < 2 * _INTEGER_LIMIT and not found["sign"]):
                return whole
    return _special(text) or _float(plain)


_INTEGER_LIMIT = 1 << 63
_MAX_DIGITS = 64
"""Digits, in base 2: longer ones fit into no integer of the engine's."""


def _special(text: str) -> float | None:
    infinite = {".inf": math.inf, "+.inf": math.inf, "-.inf": -math.inf, ".nan": math.nan}
    is_known = re.fullmatch(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", text)
    return infinite[text.lower()] if is_known else None


def _float(plain: str) -> float | None:
    value = float(plain) if _FLOAT.match(plain) else math.inf
    return value if math.isfinite(value) else None  # Go's parser refuses what no float can hold
