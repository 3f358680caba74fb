"""What shall fail, on demand. Tests order it; nothing fails by itself."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field


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


class Failures:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._ordered: list[Failure] = []

    def order(self, failure: Failure) -> None:
        with self._guard:
            self._ordered.append(failure)

    def clear(self) -> None:
        with self._guard:
            self._ordered = []

    def next(self, method: str, target: str) -> Failure | None:
        """What happens to this request, if anything."""
        with self._guard:
            for failure in self._ordered:
                if not re.fullmatch(failure.method or ".*", method) or not re.search(failure.path, target):
                    continue
                if failure.after > 0:
                    failure.after -= 1
                elif failure.times > 0:
                    failure.times -= 1
                    return failure
        return None
