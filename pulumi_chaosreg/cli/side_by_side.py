"""The same question to several registries at once."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from pulumi_chaosreg.errors import ChaosregError, Finding

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


def alike(failures: Mapping[K, ChaosregError]) -> list[tuple[list[K], ChaosregError]]:
    """(items, why there is no answer for them): a server that cannot be reached is one failure for all of its items."""
    groups: dict[K | str, list[K]] = {}
    for item, failure in failures.items():
        groups.setdefault(failure.findings[0].message if failure.is_unreachable else item, []).append(item)
    return [(items, failures[items[0]]) for items in groups.values()]


def findings_of(failures: Mapping[K, ChaosregError]) -> list[Finding]:
    """What to print of them, each failure once."""
    findings: list[Finding] = []
    for (_, *more), failure in alike(failures):
        for finding in failure.findings:
            notes = (*finding.notes, ("the same for", f"{len(more)} more")) if more else finding.notes
            findings.append(replace(finding, notes=notes))
    return list(dict.fromkeys(findings))
