"""A clock that only waiting moves."""

import threading

from pulumi_chaosreg.oci import Host, Patience


class Clock(threading.Event):
    """Stands in for the event that ends a run: waiting for it takes no time, and is written down."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.pauses: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout or 0.0)
        self.now += timeout or 0.0
        return self.is_set()

    def host(self, patience: Patience | None = None) -> Host:
        return Host(patience, self, lambda: self.now)
