"""What a step of the doctor is, and what it may find."""

from dataclasses import dataclass
from typing import Protocol

from pulumi_chaosreg.doctor.case import Case
from pulumi_chaosreg.errors import Finding


@dataclass(frozen=True, slots=True)
class Passed:
    """Nothing is wrong here."""

    said: str
    """The fact that was seen, on one line."""
    findings: tuple[Finding, ...] = ()
    """Warnings."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A pull fails here."""

    findings: tuple[Finding, ...]
    """Why, and what to do."""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Unseen:
    """Whether it is right is not known."""

    said: str
    """Why not."""
    findings: tuple[Finding, ...] = ()
    """What was in the way; none where nobody could look from here, or a step before has failed."""


Result = Passed | Failed | Unseen


class Step(Protocol):
    """One question, a module of its own. Steps do not know each other: what one leaves for the next is in the case."""

    @property
    def NAME(self) -> str:  # noqa: N802  a constant of its module
        """As people read it, and as other steps need it."""
        ...

    @property
    def NEEDS(self) -> tuple[str, ...]:  # noqa: N802
        """The steps before this one that must not have failed for its question to make sense."""
        ...

    def look(self, case: Case, /) -> Result:
        """Ask it. Raises nothing that belongs to the answer."""
        ...
