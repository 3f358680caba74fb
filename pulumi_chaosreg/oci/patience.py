"""How long to try again: full jitter, the registry's own Retry-After, and an end."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pulumi_chaosreg.oci.problems import RegistryError

TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that may be gone in a moment."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """Tries and waiting times, in seconds. Doubled delays drawn at random ("full jitter"), so that many do not
    come back at once.
    """

    tries: int = 5
    first: float = 0.5
    longest: float = 60.0
    """A registry that asks for more than this is taken at its word: we stop and say so."""
    total: float = 180.0
    unreachable: float = 4.0
    """Where nobody listens at all, patience is short: the name is probably wrong."""
    pause: Callable[[float], None] = time.sleep

    def persist(self, attempt: Callable[[], T]) -> T:
        """The result of the first attempt that does not fail transiently; raises the last failure, made final."""
        started = time.monotonic()
        for count in range(1, self.tries + 1):
            try:
                return attempt()
            except RegistryError as failure:
                delay = self._delay(count, failure, time.monotonic() - started)
                if delay is None:
                    failure.transient = False
                    raise
            self.pause(delay)
        raise AssertionError("the last try returns or raises")

    def _delay(self, count: int, failure: RegistryError, elapsed: float) -> float | None:
        if not failure.transient or count >= self.tries:
            return None
        # S311: jitter is no secret.
        delay = max(random.uniform(0, self.first * 2 ** (count - 1)), failure.retry_after or 0.0)  # noqa: S311
        allowed = self.unreachable if failure.code == "CHR0401" else self.total
        return delay if delay <= self.longest and elapsed + delay <= allowed else None


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
