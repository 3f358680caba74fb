"""What shall fail, on demand. Tests order it; nothing fails by itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from lab.ordered_failures import OrderedFailures


@dataclass
class Failure:
    """The answer to the next `times` calls of `operation`."""

    operation: str
    """`createImageRegistry`; the API's own word, or `` for any."""
    account: str = ""
    """Whose calls; `` for anybody's. A lab serves several tests at once."""
    status: int = 200
    """HTTP's."""
    message: str = ""
    """Of a GraphQL error; an answer with 200 and no message is none at all."""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    """How long it takes; with 0 and 200 and no message nothing else happens."""
    times: int = 1
    after: int = 0
    """How many calls go well before."""
    done: bool = False
    """Whether what was asked for is done all the same, and only the answer is lost."""


class Failures(OrderedFailures[Failure]):
    """Those of one Harness, which serves several accounts."""

    def clear(self, account: str) -> None:
        """Nothing that was ordered for this account."""
        self.drop(lambda failure: failure.account == account)

    def next(self, operation: str, account: str) -> Failure | None:
        """What this call shall be answered with, if anything."""
        return self.first(lambda failure: failure.operation in ("", operation) and failure.account in ("", account))
