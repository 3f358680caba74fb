"""Waiting: how long a registry may ask us to, and when it is enough."""

from datetime import UTC, datetime

import pytest

from pulumi_chaosreg.oci.patience import Patience, retry_after
from pulumi_chaosreg.oci.problems import RegistryError, problem

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Tue, 24 Nov 2026 12:01:30 GMT", 90.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Tue, 24 Nov 2026 12:00:10 -0000", 10.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def failing(**properties) -> tuple[list[RegistryError], list[float], Patience]:
    failures: list[RegistryError] = []
    waited: list[float] = []

    def attempt() -> None:
        failures.append(problem("CHR0413", server="r", repository="a", subject="x", status=503, **properties))
        raise failures[-1]

    patience = Patience(pause=waited.append)
    with pytest.raises(RegistryError):
        patience.persist(attempt)
    return failures, waited, patience


def test_it_ends_after_five_tries_and_makes_the_failure_final() -> None:
    failures, waited, patience = failing(transient=True)

    assert len(failures) == patience.tries == 5
    assert all(0 <= delay <= patience.first * 2**number for number, delay in enumerate(waited))
    assert [failure.transient for failure in failures] == [True] * 4 + [False]


def test_a_final_failure_is_not_tried_again() -> None:
    failures, waited, _ = failing(transient=False)
    assert (len(failures), waited) == (1, [])


def test_a_registry_that_asks_for_too_long_is_not_waited_for() -> None:
    failures, waited, _ = failing(transient=True, retry_after=61.0)
    assert (len(failures), waited) == (1, [])
