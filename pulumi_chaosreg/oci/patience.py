"""How long to try again, and what a registry says about that."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

TRANSIENT = frozenset({408, 425, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Statuses that may be gone in a moment; 499 and 52x are proxies' own."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Tries and waiting times, in seconds."""

    tries: int = 5
    first: float = 0.5
    """The longest pause before the second try; doubled for each one after."""
    longest: float = 60.0
    """A registry that asks for more than this is taken at its word: we stop and say so."""
    total: float = 180.0
    unreachable: float = 4.0
    """Where nobody listens at all, patience is short: the name is probably wrong."""
    idle: float = 60.0
    """So long nothing may come or go. A copy as a whole may take any time."""


_SECONDS = re.compile(r"\s*([0-9]{1,15})\s*")
"""Longer ones are no number of seconds: 400 digits are an infinity, which cannot be waited for or shown."""
_USED_UP = re.compile(r"\s*0\s*;\s*w=([0-9]{1,15})\s*")
_YEARS = 1_000_000_000
"""A number above is no waiting time but a moment since 1970: Docker Hub sends such (docker/hub-feedback#2459)."""


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait by a Retry-After header (a number or an HTTP date, RFC 9110 10.2.3); None without a valid one."""
    if not header:
        return None
    now = now or datetime.now(UTC)
    if number := _SECONDS.fullmatch(header):
        seconds = float(number[1])
        return seconds if seconds < _YEARS else max(0.0, seconds - now.timestamp())
    try:
        moment = parsedate_to_datetime(header)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, OverflowError):  # the year 99999999999, or an offset that leads out of all years
        return None


def window_used_up(headers: Mapping[str, str]) -> float | None:
    """Seconds of the window in which no pull is left, as Docker Hub says it: `RateLimit-Remaining: 0;w=21600`."""
    found = _USED_UP.fullmatch(headers.get("RateLimit-Remaining", ""))
    return float(found[1]) if found else None


def waiting(seconds: float, now: datetime | None = None) -> str:
    """How long that is and when it is over, for a person: `6 h 0 min, until 2026-01-31 18:00 UTC`."""
    minutes = round(seconds / 60)
    length = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    over = (now or datetime.now(UTC)) + timedelta(seconds=min(seconds, _YEARS))
    return f"{length if seconds >= 90 else f'{seconds:.0f} s'}, until {over:%Y-%m-%d %H:%M} UTC"
