"""What an API that is no registry's answers in place of what was asked, in words that every one of them shares."""

from enum import Enum, auto

from pulumi_chaosreg.errors import ChaosregError, Finding


class Refusal(Enum):
    """What somebody who asks may have to know to go on."""

    UNREACHABLE = auto()  # nobody answers there, or not in time: what was asked may be done all the same
    DENIED = auto()  # another login is wanted, or more rights
    MISSING = auto()  # the API itself says that there is no such thing
    CONFLICT = auto()  # there is one of that name
    UNMET = auto()  # something else has to go first
    BLOCKED = auto()  # a higher level lets nothing below differ
    OTHER = auto()


class ApiError(ChaosregError):
    """What the API says, or that it says nothing."""

    def __init__(
        self,
        finding: Finding,
        refusal: Refusal,
        *,
        status: int = 0,
        word: str = "",
        transient: bool = False,
        wait: float | None = None,
    ) -> None:
        super().__init__(finding)
        self.refusal = refusal
        self.status = status
        """Of the answer; 0 where nobody asks for it, or without one."""
        self.word = word
        """The API's own word for it, as in `DENIED`; empty where nobody asks for it, or without one."""
        self.transient = transient
        """Whether it may be gone in a moment. What was asked may have been done."""
        self.wait = wait
        """How many seconds the API asks us to wait."""

    @property
    def is_denied(self) -> bool:
        """Whether it needs another login, or more rights."""
        return self.refusal is Refusal.DENIED

    @property
    def is_missing(self) -> bool:
        """Whether what was asked for is not there."""
        return self.refusal is Refusal.MISSING
