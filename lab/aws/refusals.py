"""What shall fail, on demand: throttling, and what comes half-done. Tests order it; nothing fails by itself."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass
class Refusal:
    """The answer to the next `times` calls of `operation`."""

    operation: str
    """`CreateRepository`; the API's own word."""
    reason: str
    """`ThrottlingException`."""
    message: str = "ordered by a test"
    status: int = 400
    times: int = 1
    done: bool = False
    """Whether what was asked for is done all the same, and only the answer is lost."""


class Refusals:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: list[Refusal] = []

    def order(self, refusal: Refusal) -> None:
        with self._lock:
            self._ordered.append(refusal)

    def next(self, operation: str) -> Refusal | None:
        """What this call shall be refused with, if anything."""
        with self._lock:
            for refusal in self._ordered:
                if refusal.operation == operation and refusal.times > 0:
                    refusal.times -= 1
                    return refusal
        return None
