"""The usual scripts of a fault proxy: the first requests of a kind, all of them, or some that a seed draws."""

import random
from collections import Counter
from collections.abc import Callable, Sequence

from tests.support.faults import Change, Reply, Script, Seen


def passing(_: Seen) -> None:
    """Changes nothing."""


def first(times: int, what: Reply | Change, when: Callable[[Seen], object]) -> Script:
    """For the first requests that fit; all others go through."""
    left = [times]

    def script(seen: Seen) -> Reply | Change | None:
        if when(seen) and left[0]:
            left[0] -= 1
            return what
        return None

    return script


def always(what: Reply | Change, method: str, part: str) -> Script:
    """For each request of that method whose path contains the part."""
    return lambda seen: what if seen.method == method and part in seen.path else None


def seeded(seed: object, rate: float, kinds: Sequence[Reply | Change]) -> Script:
    """One of the kinds for about so many of all requests (`rate`: 0 to 1).

    What happens to a request depends on the seed, on what is asked, and on how often that was asked before; not on
    the order in which threads come.
    """
    asked: Counter[str] = Counter()

    def script(seen: Seen) -> Reply | Change | None:
        session = seen.path.partition("/uploads/")  # what follows is the registry's own random name
        what = f"{seen.method} {''.join(session[:2])} {seen.query.rpartition('digest=')[2] if session[1] else ''}"
        asked[what] += 1
        draw = random.Random(f"{seed} {what} {asked[what]}")
        return draw.choice(kinds) if draw.random() < rate else None

    return script
