"""What shall fail, on demand. Tests order it; nothing fails by itself."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


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


class Failures:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._ordered: list[Failure] = []

    def order(self, failure: Failure) -> None:
        with self._guard:
            self._ordered.append(failure)

    def clear(self, account: str) -> None:
        """Nothing that was ordered for this account."""
        with self._guard:
            self._ordered = [failure for failure in self._ordered if failure.account != account]

    def next(self, operation: str, account: str) -> Failure | None:
        """What this call shall be answered with, if anything."""
        with self._guard:
            for failure in self._ordered:
                is_meant = failure.operation in ("", operation) and failure.account in ("", account)
                if is_meant and failure.after > 0:
                    failure.after -= 1
                elif is_meant and failure.times > 0:
                    failure.times -= 1
                    return failure
        return None
