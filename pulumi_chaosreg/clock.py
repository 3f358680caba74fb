"""Which day it is: for credentials that change by the calendar, and for nothing else."""

import os
from datetime import UTC, date, datetime

from pulumi_chaosreg.errors import ChaosregError

VARIABLE = "CHAOSREG_TODAY"
"""Another day instead (`2027-02-07`): what a preview will say then."""


def today(*, is_acting: bool = False) -> date:
    """Today in UTC, the same on every machine; ChaosregError (CHR0128) where the variable has no date, or whoever acts
    would make and delete credentials as on another day.
    """
    said = os.environ.get(VARIABLE)
    if not said:
        return now()
    if is_acting:
        raise ChaosregError.of(
            "CHR0128",
            f"the environment variable {VARIABLE} counts in previews only: `up` would renew credentials of another day",
            help=f"unset {VARIABLE}",
        )
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise ChaosregError.of(
            "CHR0128", f"the environment variable {VARIABLE} is not a date", help="write it as in `2027-02-07`"
        ) from None


def now() -> date:
    """The day of the machine's clock."""
    return datetime.now(UTC).date()
