"""How many examples hypothesis tries: the same ones in every ordinary run, ten times as many new ones in a nightly."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hypothesis import settings

NIGHTLY = False
"""Whether this is a nightly run; tests/conftest.py says so before any test is imported."""


def examples(ordinary: int) -> "settings":
    """Settings for a law that tries so many in an ordinary run."""
    from hypothesis import HealthCheck, settings  # takes half a second, and most tests do without

    if NIGHTLY:
        slow = (HealthCheck.too_slow,)
        return settings(
            max_examples=10 * ordinary, deadline=None, database=None, print_blob=True, suppress_health_check=slow
        )
    return settings(max_examples=ordinary, deadline=None, database=None, derandomize=True)
