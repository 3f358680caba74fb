"""The same question to several registries at once."""

from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pulumi_chaosreg.errors import ChaosregError

_AT_ONCE = 8
K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def side_by_side(items: Iterable[K], work: Callable[[K], T]) -> tuple[dict[K, T], dict[K, ChaosregError]]:
    """(item → result, item → why there is none), each in the items' order."""
    results: dict[K, T] = {}
    failures: dict[K, ChaosregError] = {}
    with ThreadPoolExecutor(_AT_ONCE, "chaosreg-cli") as pool:
        for item, future in {item: pool.submit(work, item) for item in items}.items():
            try:
                results[item] = future.result()
            except ChaosregError as error:
                failures[item] = error
    return results, failures
