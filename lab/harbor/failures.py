"""What shall fail, on demand. Tests order it; nothing fails by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lab.ordered_failures import OrderedFailures


@dataclass
class Failure:
    """What happens to the next `times` requests that match."""

    method: str = ""
    """A regular expression; `` for any."""
    path: str = ""
    """A regular expression that is looked for in path and query; `` for any."""
    status: int = 0
    """HTTP's; 0: answered as ever (after `seconds`)."""
    code: str = "UNKNOWN"
    message: str = "internal server error"
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0
    """How long it takes to answer."""
    cut: bool = False
    """The connection ends instead of an answer."""
    done: bool = False
    """Whether what was asked for is done all the same, and only the answer is lost."""
    after: int = 0
    """How many matching requests go well before."""
    times: int = 1


class Failures(OrderedFailures[Failure]):
    """Those of one Harbor."""

    def clear(self) -> None:
        self.drop(lambda failure: True)

    def next(self, method: str, target: str) -> Failure | None:
        """What happens to this request, if anything."""
        return self.first(
            lambda failure: (
                re.fullmatch(failure.method or ".*", method) is not None and re.search(failure.path, target) is not None
            )
        )
