"""How long to try again, and what a registry says about that."""

from dataclasses import dataclass
from datetime import UTC, datetime
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


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait by a Retry-After header (a number or an HTTP date, RFC 9110 10.2.3); None without a valid one."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
