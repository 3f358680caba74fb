"""Waiting: what a registry says about it."""

from datetime import UTC, datetime

import pytest

from pulumi_chaosreg.oci.patience import retry_after, waiting, window_used_up

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
        ("9" * 400, None),
        ("\xb2", None),
        ("Tue, 24 Nov 99999999999 12:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -9999", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@pytest.mark.parametrize("digits", [1, 9, 15, 16, 400])
def test_whatever_number_a_registry_sends_can_be_told(digits: int) -> None:
    for told in (retry_after("9" * digits, NOW), window_used_up({"RateLimit-Remaining": f"0;w={'9' * digits}"})):
        assert told is None or "until" in waiting(told, NOW)
