"""What all requests to one server share: how many are under way, when the next may start, and when to give up.

A registry that limits us limits all of our threads: who is told to wait makes the others wait too.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pulumi_chaosreg.oci.patience import Patience
from pulumi_chaosreg.oci.problems import RegistryError, cancelled

_LOG = logging.getLogger(__name__)
_MAX_REQUESTS = 32
"""Requests under way at once, as long as the server does not complain."""
_CALM = 20
"""Answers without a complaint after which one more may be under way again."""

_this_thread = threading.local()

T = TypeVar("T")


class Host:
    """One policy for one server, shared by all threads and logins.

    When the server says that it is too much (429), half as many requests run at once, and none starts before the
    time that it named; with each run of good answers one more may. `stop` ends all waiting.
    """

    def __init__(
        self,
        patience: Patience | None = None,
        stop: threading.Event | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.patience = patience or Patience()
        self._stop = stop or threading.Event()
        self._now = now
        self._turns = threading.Condition()
        self._under_way, self._most, self._calm = 0, _MAX_REQUESTS, 0
        self._not_before = 0.0
        self._served = 0
        """How many requests went well: where others are served, a quota is only shared."""

    def persist(self, attempt: Callable[[], T], image: str) -> T:
        """The result of the first attempt that does not fail transiently; raises the last failure, made final.

        Pauses double and are drawn at random ("full jitter"; after a 429 from the upper half), so that many do not come
        back at once. A try that was too much (429) is not counted where others were served meanwhile: then only time
        ends it. Raises Cancelled, which names the image, soon after `stop` was set.
        """
        started, count, served = self._now(), 0, self._served
        if self._stop.is_set():
            raise cancelled(image)
        while True:
            try:
                result = attempt()
                self._served += 1
                return result
            except RegistryError as failure:
                is_shared = failure.status == 429 and self._served != served
                count, served = max(count, 1) if is_shared else count + 1, self._served
                delay = self._delay(count, failure, self._now() - started)
                if delay is None:
                    failure.transient = False
                    raise
                if failure.status == 429 or failure.retry_after:
                    self._complained(failure.retry_after or 0.0)
                _LOG.info("%s: waits %.1f s before try %d: %s", image, delay, count + 1, failure.findings[0].message)
            if self._stop.wait(delay):
                raise cancelled(image)

    @contextmanager
    def turn(self, image: str) -> Iterator[None]:
        """Wait until one more request may start; it is under way as long as the context lasts.

        A thread that is under way already (a body that it sends has to be asked for again) does not wait for another
        turn: all might wait for each other.
        """
        if getattr(_this_thread, "under_way", False):
            yield
            return
        with self._turns:
            if self._stop.is_set():
                raise cancelled(image)
            while (late := self._not_before - self._now()) > 0 or self._under_way >= self._most:
                self._turns.wait(min(late, 0.2) if late > 0 else 0.2)
                if self._stop.is_set():
                    raise cancelled(image)
            self._under_way += 1
        _this_thread.under_way = True
        try:
            yield
        finally:
            _this_thread.under_way = False
            with self._turns:
                self._under_way -= 1
                self._calm += 1
                if self._calm >= _CALM and self._most < _MAX_REQUESTS:
                    self._most, self._calm = self._most + 1, 0
                self._turns.notify()

    def _complained(self, seconds: float) -> None:
        with self._turns:
            self._most, self._calm = max(1, self._most // 2), 0
            self._not_before = max(self._not_before, self._now() + seconds)

    def _delay(self, count: int, failure: RegistryError, elapsed: float) -> float | None:
        if not failure.transient or count >= self.patience.tries:
            return None
        longest = self.patience.first * 2 ** (count - 1)
        # A quota is per second or more: pauses near to none would use all tries up within one.
        shortest = longest / 2 if failure.status == 429 else 0.0
        pause = random.uniform(shortest, longest)  # noqa: S311  jitter is no secret
        delay = max(pause, failure.retry_after or 0.0)
        allowed = self.patience.unreachable if failure.is_unreachable else self.patience.total
        return delay if delay <= self.patience.longest and elapsed + delay <= allowed else None
