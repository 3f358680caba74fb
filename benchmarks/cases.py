"""What the mirror's benchmark measures, and how fast we want to be there."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import images
from benchmarks.images import Stored


@dataclass(frozen=True)
class Case:
    """What is copied, what is there already, and what the way is like."""

    name: str
    recipe: Callable[[float], images.Recipe]
    best_ratio: float | None = None
    """Our aim: our median by the best peer's."""
    most_seconds: float | None = None
    most_requests: float | None = None
    """Our aim, at both registries, by image."""
    present: Callable[[Stored], bool] = lambda _: False
    """What the target has before each round."""
    changes: bool = True
    """Whether a round changes the target, which must then be made anew."""
    delay: float = 0.0
    """Seconds that each byte takes, each way, to either registry."""
    tls: bool = False


CASES = (
    Case("twelve", images.twelve, best_ratio=0.65),
    Case("nothing to do", images.twelve, present=lambda _: True, changes=False, most_seconds=0.25, most_requests=1.0),
    Case("one large", images.one_large, best_ratio=1.1),
    Case("two hundred", images.two_hundred, best_ratio=0.5, present=lambda stored: not images.is_new(stored)),
    Case("latency", images.twelve, best_ratio=0.6, delay=0.020),
    Case("tls", images.twelve, best_ratio=0.8, tls=True),
)
