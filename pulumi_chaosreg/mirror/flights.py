"""One piece of work at a time for each key, however many want its result; many small pieces at once, and few large."""

import threading
from collections.abc import Callable, Collection, Hashable, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Large:
    """Work that is left after a small piece of it, and that only few threads do at a time."""

    work: Callable[[], None]


Step = Callable[[], Large | None]


class Flights:
    """Work under way, on two pools of threads that bound how much of it runs at once.

    What only asks is slow because the server is far, so many questions are under way; bodies share a line, so few
    of them are. Only the work itself takes a thread of a pool; those who wait for it do so on their own. So work that
    never waits for other work cannot be locked out by it.
    """

    def __init__(self, small: int, large: int) -> None:
        self._small = ThreadPoolExecutor(small, "chaosreg-small")
        self._large = ThreadPoolExecutor(large, "chaosreg-large")
        self._under_way: dict[Hashable, Future[None]] = {}
        self._queued: dict[Future[None], Future[None]] = {}
        """Flight → its large part, which may still wait for its turn."""
        self._guard = threading.Lock()

    def join(self, key: Hashable, work: Step) -> tuple[Future[None], bool]:
        """The flight of that key, and whether it is ours: started now, with our work, which is small."""
        with self._guard:
            flight = self._under_way.get(key)
            if flight and not flight.done():
                return flight, False
            flight = self._under_way[key] = Future()
        flight.add_done_callback(lambda done: self._landed(key, done))
        self._small.submit(self._start, flight, work)
        return flight, True

    def abandon(self, flights: Collection[Future[None]]) -> None:
        """Return when none of these is under way any more; what has not begun, or waits for its turn, is not done."""
        for flight in flights:
            if not flight.cancel():
                with self._guard:
                    queued = self._queued.pop(flight, None)
                if queued and queued.cancel():
                    flight.set_exception(CancelledError())
        wait([flight for flight in flights if not flight.cancelled()])

    def each(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """The result of small work for each item, in order; at the same time where there are several.

        The first failure is raised when nothing is under way any more; what had not begun by then is not done.
        """
        waiting = list(items)
        if len(waiting) == 1:
            return [work(waiting[0])]
        begun = [self._small.submit(work, item) for item in waiting]
        try:
            return [one.result() for one in begun]
        except BaseException:
            wait([one for one in begun if not one.cancel()])
            raise

    def close(self) -> None:
        """Let what is under way end, and end the threads."""
        self._small.shutdown(cancel_futures=True)
        self._large.shutdown()

    def _start(self, flight: Future[None], work: Step) -> None:
        if flight.set_running_or_notify_cancel():
            self._fly(flight, work)

    def _fly(self, flight: Future[None], work: Callable[[], Large | None]) -> None:
        try:
            if left := work():
                with self._guard:
                    self._queued[flight] = self._large.submit(self._fly, flight, left.work)
            else:
                flight.set_result(None)
        except BaseException as failure:  # it is raised where the flight is waited for
            flight.set_exception(failure)

    def _landed(self, key: Hashable, flight: Future[None]) -> None:
        with self._guard:
            self._queued.pop(flight, None)
            if self._under_way.get(key) is flight:
                del self._under_way[key]
