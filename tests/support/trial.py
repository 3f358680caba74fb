"""One copy between two private registries through a fault proxy at each end, and what must hold after it:
right bytes or one clear error, no tag on failure, no credential anywhere, no more requests than promised.
"""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Any

from lab.registry import RegistryServer
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Copied, Mirror, Planned
from pulumi_chaosreg.oci import Patience, RegistryError
from tests.support import builder
from tests.support.canary import PULL, PUSH, traces_of
from tests.support.fault_scripts import passing
from tests.support.faults import FaultServer, Script
from tests.support.verdict import whole_tags

HASTY = Patience(first=0.01)


@dataclass(frozen=True)
class Outcome:
    """How a copy ended, and what the proxies saw of it."""

    source: FaultServer
    target: FaultServer
    copied: Copied | None = None
    error: ChaosregError | None = None

    @property
    def digest(self) -> str | None:
        """What was copied; None after a failure."""
        return self.copied.digest if self.copied else None

    @property
    def code(self) -> str:
        """Of the error."""
        return self.error.findings[0].code if self.error else ""


class Trial:
    """A repository at the source and one at the target, both called like the test."""

    def __init__(self, upstream: RegistryServer, target: RegistryServer, repository: str) -> None:
        self.upstream, self.target, self.repository = upstream, target, repository

    def push(self, tree: builder.Tree, tag: str = "1") -> builder.Tree:
        """Put an image at the source."""
        return builder.push(self.upstream.host, self.repository, tag, tree, (PULL.username, PULL.password))

    def tags(self) -> dict[str, str]:
        """Tag → digest at the target, all of them whole."""
        return whole_tags(self.target.host, self.repository, PUSH)

    def copy(
        self,
        *,
        source: Script = passing,
        target: Script = passing,
        most: int,
        tag: str = "1",
        patience: Patience = HASTY,
        after_plan: Any = None,
        **options: Any,
    ) -> Outcome:
        """Copy the tag with these faults at the two ends, in at most so many requests to both together.

        `after_plan` is called with the plan before it is carried out. AssertionError where one of the promises of
        this module's first lines does not hold.
        """
        before = self.tags()
        fronts = FaultServer(source, self.upstream.host), FaultServer(target, self.target.host)
        with fronts[0], fronts[1], _everything_logged() as logged, Mirror(patience=patience) as mirror:
            here, there = (Reference(front.host, self.repository, tag) for front in fronts)
            copied: Copied | None = None
            error: RegistryError | None = None
            try:
                planned: Planned = mirror.plan(here, there, pull=PULL, push=PUSH, **options)
                if after_plan:
                    after_plan(planned)
                copied = mirror.carry_out(planned)
            except ChaosregError as failure:
                error = failure
            shown = logged.getvalue() + repr(vars(mirror)) + _shown(error)
        outcome = Outcome(*fronts, copied, error)
        self._check(outcome, before, tag, shown, most)
        return outcome

    def _check(self, outcome: Outcome, before: dict[str, str], tag: str, shown: str, most: int) -> None:
        after = self.tags()
        if outcome.error:
            assert after.get(tag) == before.get(tag), "a tag was written though the copy failed"
        else:
            assert after[tag] == outcome.digest
        count = len(outcome.source.seen) + len(outcome.target.seen)
        assert count <= most, f"{count} requests instead of {most}"
        logs = "".join(server.log.read_text("utf-8", "replace") for server in (self.upstream, self.target))
        assert traces_of(PULL, shown + logs) + traces_of(PUSH, shown + logs) == []
        assert traces_of(PUSH, _heads(outcome.source)) + traces_of(PULL, _heads(outcome.target)) == []


def _heads(front: FaultServer) -> str:
    return "\n".join(f"{seen.path}?{seen.query} {dict(seen.headers)}" for seen in front.seen)


def _shown(error: BaseException | None) -> str:
    """All that a person, a log or a traceback may show of an error, and of those that led to it."""
    if not error:
        return ""
    chain = [error, error.__cause__, error.__context__]
    return "".join([*traceback.format_exception(error), *(f"{one!r}{one}{vars(one)}" for one in chain if one)])


@contextmanager
def _everything_logged() -> Iterator[StringIO]:
    root, text = logging.getLogger(), StringIO()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
