"""How a cluster treats Pods of an infrastructure's namespace that pull something else: the setting `enforce`."""

from enum import StrEnum

from pulumi_chaosreg.scopes.model import Decided, Scope, nearest
from pulumi_chaosreg.settings.table import SECTION


class Enforce(StrEnum):
    """What `enforce` may say, the mildest first."""

    OFF = "off"  # nothing is written
    WARN = "warn"  # such a Pod is made, its author is warned, and the audit log has it
    DENY = "deny"  # such a Pod is refused

    def is_milder_than(self, other: "Enforce") -> bool:
        """Whether this lets pass what the other one does not."""
        words = list(Enforce)
        return words.index(self) < words.index(other)


def enforce_of(scope: Scope) -> Decided[Enforce] | None:
    """What the nearest level says; None where no level does, which is Enforce.OFF."""
    said = nearest(scope, SECTION.enforce)
    return Decided(Enforce(said.value), said.origin) if said else None


def is_milder_below(scope: Scope, value: str | None) -> bool:
    """Whether a scope that says this lets pass what the levels above it do not; without a value: whether it could say
    nothing else.
    """
    above = enforce_of(scope.parent) if scope.parent else None
    if above is None:
        return False
    return Enforce(value).is_milder_than(above.value) if value is not None else above.value is Enforce.DENY
