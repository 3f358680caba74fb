"""The day that a run counts as: what credentials it makes and hands over follows from it."""

from datetime import date

import pulumi

from pulumi_chaosreg.clock import today
from pulumi_chaosreg.components.reporting import refusal
from pulumi_chaosreg.errors import ChaosregError


def day_of_run() -> date:
    """Today; in a preview another day where the environment says so. RunError (CHR0128) otherwise."""
    try:
        return today(is_acting=not pulumi.runtime.is_dry_run())
    except ChaosregError as error:
        raise refusal(error.findings) from None
