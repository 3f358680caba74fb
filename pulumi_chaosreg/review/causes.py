"""Why a fact changes: the edits without which it would not have changed. Computed by undoing them, never guessed.

One edit that is enough alone is the cause; where none is, the fewest that can be found, of which none can be left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pulumi_chaosreg.errors import ChaosregError, Place
from pulumi_chaosreg.images.lockfile import FILE_NAME
from pulumi_chaosreg.review.edits import Edit, Undone, What
from pulumi_chaosreg.review.facts import Fact, Facts
from pulumi_chaosreg.scopes.model import Origin
from pulumi_chaosreg.scopes.resolved import shown
from pulumi_chaosreg.stacks.catalogue_additions import FILE_NAME as CATALOGUE_FILE
from pulumi_chaosreg.stacks.sections import CREDENTIALS

_LONGEST = 100
"""Characters of a value that a sentence has room for."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a fact changes, and where that is written now."""

    text: str
    place: Place | None = None
    edits: tuple[Edit, ...] = ()
    """Undone together, and nothing else, they undo the change; each of them is needed. Empty where the whole subject is
    new or gone.
    """


class Causes:
    """Finds the causes of one subject's changes; what it would be without some edits is worked out once."""

    def __init__(self, edits: Sequence[Edit], before: Facts, facts_without: Callable[[Undone], Facts]) -> None:
        self._edits, self._before, self._facts_without = edits, before, facts_without
        self._known: dict[Undone, Facts | None] = {}

    def of(self, name: str, now: Fact | None) -> Cause:
        """Why the fact of this name is another one now."""
        was = self._before.get(name)
        likely = {(fact.origin.scope, fact.origin.path) for fact in (now, was) if fact}
        ordered = sorted(self._edits, key=lambda edit: ((edit.scope, edit.path) not in likely, edit.what.value))
        alone = next((edit for edit in ordered if self._undoes(frozenset([edit]), name, was)), None)
        found = [alone] if alone else self._fewest(ordered, name, was)
        if not found:
            return Cause("something that is not in the stack files")
        return Cause(_sentence(found, was, now), _place(found), tuple(found))

    def _fewest(self, ordered: Sequence[Edit], name: str, was: Fact | None) -> list[Edit]:
        needed = list(ordered)
        if not self._undoes(frozenset(needed), name, was):
            return []
        more = True
        while more:  # one that was needed beside another one may be superfluous without it
            more = False
            for edit in reversed(ordered):
                fewer = [other for other in needed if other is not edit]
                if len(fewer) < len(needed) and self._undoes(frozenset(fewer), name, was):
                    needed, more = fewer, True
        return needed

    def _undoes(self, undone: Undone, name: str, was: Fact | None) -> bool:
        if undone not in self._known:
            try:
                self._known[undone] = self._facts_without(undone)
            except ChaosregError:  # half of what belongs together: nothing follows from that
                self._known[undone] = None
        known = self._known[undone]
        return known is not None and known.get(name) == was


def _place(edits: Sequence[Edit]) -> Place | None:
    return next((edit.scope.at(*edit.path) for edit in edits if edit.scope and edit.after is not None), None)


def _sentence(edits: Sequence[Edit], was: Fact | None, now: Fact | None) -> str:
    first, *others = edits
    text = _said(first)
    if first.what is What.SETTING and first.after is None and was and now and not others:
        text += f"; {_of_origin(now.origin)} counts"
    if len(others) > 2:
        return f"{text}, with {len(others)} other edits"
    return " and ".join([text, *map(_said, others)])


def _said(edit: Edit) -> str:
    scope, key = edit.scope.title if edit.scope else "", ".".join(edit.path)
    match edit.what:
        case What.SETTING:
            return f"{scope} `{key}`{_step(edit)}"
        case What.ID:
            return f"{scope} was called `{edit.before}`"
        case What.PARENTS:
            return f"{scope} is below {edit.after.title} now, and was below {edit.before.title}"
        case What.CATALOGUE:
            return f"{CATALOGUE_FILE} says something else"
        case What.LOCK:
            step = "has another digest" if edit.before and edit.after else "is new" if edit.after else "is gone"
            return f"{FILE_NAME}: {key} {step}"
        case What.CREDENTIAL:
            stack, name = edit.path
            step = "is set now" if edit.after else "is set no more"
            return f"`{CREDENTIALS}:{name}` {step} in stack `{stack}`"
        case What.STACK:
            return f"{scope} stands in stack `{edit.after}` now, and stood in `{edit.before}`"
        case What.MISTAKE:
            step = "says something wrong now, which does not count" if edit.after else "says nothing wrong any more"
            return f"{scope} {step}"
        case What.KEYS:
            return "a file that `mirror.verify` names has another content"


def _step(edit: Edit) -> str:
    if edit.before is None:
        return " is set now"
    if edit.after is None:
        return " is set no more"
    before, after = shown(edit.before), shown(edit.after)
    is_short = len(before) <= _LONGEST and len(after) <= _LONGEST and "-----" not in before + after
    return f": {before} → {after}" if is_short else " has another value"


def _of_origin(origin: Origin) -> str:
    return f"{origin.scope.title} `{'.'.join(origin.path)}`" if origin.scope else "Harness's default"
