"""Causes that siblings have in common: of infrastructures below one level that themselves say nothing of what changes,
each change has one cause, which is worked out once.
"""

from collections.abc import Callable

from pulumi_chaosreg.review.causes import Cause
from pulumi_chaosreg.review.edits import Edits
from pulumi_chaosreg.review.facts import Fact, Facts
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.settings.table import CLUSTER, LOCKABLE, SECTION

CauseOf = Callable[[str, Fact | None], Cause]
"""(name of a fact, what it is now) → why it changes."""

_OWN = (
    SECTION.id,
    CLUSTER.kubeconfig,
    CLUSTER.context,
    CLUSTER.identifier,
    SECTION.namespace,
    SECTION.service_accounts,
    SECTION.labels,
    SECTION.annotations,
    SECTION.harness_id,
    SECTION.environment,
)
"""What decides facts of its own name, key by key, and of others at most what they say: an infrastructure that says it
is as its siblings are in all facts that say the same.
"""


class Siblings:
    """Those of a comparison."""

    def __init__(self, edits: Edits) -> None:
        self._edits = edits
        self._known: dict[tuple[object, ...], Cause] = {}

    def causes(self, was: Scope, now: Scope, before: Facts, work_out: CauseOf) -> CauseOf:
        """Causes of one infrastructure's changes: those of a sibling with the same change, or worked out."""
        alike = self._alike(was, now)
        if alike is None:
            return work_out

        def of(name: str, fact: Fact | None) -> Cause:
            key = (*alike, name, _told(before.get(name)), _told(fact))
            if key not in self._known:
                self._known[key] = work_out(name, fact)
            return self._known[key]

        return of

    def _alike(self, was: Scope, now: Scope) -> tuple[object, ...] | None:
        """What an infrastructure has in common with such siblings; None where it may be unlike any other: it was
        edited or moved itself, or says what a lock may forbid it by its name.
        """
        above = now.parent
        if above is None or self._edits.was(above) is not was.parent or self._edits.is_edited(now):
            return None
        if not now.settings.keys().isdisjoint(LOCKABLE):
            return None
        said = {key: value for key, value in now.settings.items() if key not in _KEYS}
        provider = now.get(CLUSTER.provider)
        return above, now.stack, was.stack, now.left_out, provider, repr(sorted(said.items()))


_KEYS = {row.path[0] for row in _OWN}


def _told(fact: Fact | None) -> tuple[object, ...] | None:
    return (fact.value, fact.origin.scope, fact.origin.path) if fact else None
