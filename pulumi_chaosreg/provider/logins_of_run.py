"""The credentials that this run's images have for their targets, kept in memory for those that go.

A resource that is deleted has the inputs of the last `up`, and its login may have ended since; those that stay beside
it have the one of today. The engine checks all of them before it deletes the first one.
"""

import threading
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Any

from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.provider.unknown import has_unknown
from pulumi_chaosreg.registries.servers import identity
from pulumi_chaosreg.resources.table import Properties

KEYS = ("delete", "push")
"""Who deletes an image, in this order."""


class LoginsOfRun:
    """What may delete at a target; no `repr` shows it."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], Callable[[], Mapping[str, Any]]] = {}
        self._guard = threading.Lock()

    def keep(self, inputs: Properties) -> None:
        """A resource of this run has these, as far as they are known."""
        target = Reference.parse(inputs["target"])
        said = {key: inputs[key] for key in KEYS if inputs.get(key) and not has_unknown(inputs[key])}
        if said:
            with self._guard:
                self._given[identity(target.server), target.repository] = lambda: said

    def near(self, target: Reference) -> Mapping[str, Any]:
        """Those of the image that is nearest: on the same server, with the most of the path in common, and at least its
        first part, which is a project or an account. Empty where there is none.
        """
        server, path = identity(target.server), target.repository.split("/")
        with self._guard:
            there = [
                (_shared(path, at.split("/")), given) for (host, at), given in self._given.items() if host == server
            ]
        common, given = max(there, key=lambda one: one[0], default=(0, dict))
        return given() if common else {}


def _shared(one: list[str], other: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
