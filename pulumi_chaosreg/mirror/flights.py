"""One piece of work at a time for each key, however many want its result."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor


class Flights:
    """Work under way, on a pool of threads that bounds how much of it runs at once.

    Only the work itself takes a thread of the pool; those who wait for it do so on their own. So work that never
    waits for other work cannot be locked out by it.
    """

    def __init__(self, parallel: int) -> None:
        self._pool = ThreadPoolExecutor(parallel, "chaosreg-mirror")
        self._under_way: dict[Hashable, Future[None]] = {}
        self._guard = threading.Lock()

    def join(self, key: Hashable, work: Callable[[], None]) -> tuple[Future[None], bool]:
        """The flight of that key, and whether it is ours: started now, with our work."""
        with self._guard:
            flight = self._under_way.get(key)
            if flight and not flight.done():
                return flight, False
            flight = self._under_way[key] = self._pool.submit(work)
        flight.add_done_callback(lambda done: self._landed(key, done))
        return flight, True

    def close(self) -> None:
        """Let what is under way end, and end the threads."""
        self._pool.shutdown(cancel_futures=True)

    def _landed(self, key: Hashable, flight: Future[None]) -> None:
        with self._guard:
            if self._under_way.get(key) is flight:
                del self._under_way[key]
