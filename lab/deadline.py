"""Waiting for a condition, with a limit: the lab never sleeps for a fixed time and hopes."""

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], bool], seconds: float, interval: float = 0.03) -> bool:
    """True as soon as the condition holds; False when it did not within the time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(interval)
    return True
