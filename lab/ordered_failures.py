"""What a stand-in shall fail at, on demand: tests order it, nothing fails by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Ordered(Protocol):
    """What happens to the next requests that are meant."""

    times: int
    """To how many of them."""
    after: int
    """How many go well before."""


F = TypeVar("F", bound=Ordered)


class OrderedFailures(Generic[F]):
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._ordered: list[F] = []

    def order(self, failure: F) -> None:
        with self._guard:
            self._ordered.append(failure)

    def drop(self, is_meant: Callable[[F], bool]) -> None:
        """Nothing of these is to happen any more."""
        with self._guard:
            self._ordered = [failure for failure in self._ordered if not is_meant(failure)]

    def first(self, is_meant: Callable[[F], bool]) -> F | None:
        """What happens to a request that these are meant for, if anything."""
        with self._guard:
            for failure in filter(is_meant, self._ordered):
                if failure.after > 0:
                    failure.after -= 1
                elif failure.times > 0:
                    failure.times -= 1
                    return failure
        return None
