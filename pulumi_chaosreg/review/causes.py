"""Why a fact changes: the edits without which it would not have changed. Computed by undoing them, never guessed.

One edit that is enough alone is the cause; where none is, the fewest that can be found, of which none can be left out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_chaosreg.errors import ChaosregError, Place
from pulumi_chaosreg.images.lockfile import FILE_NAME
from pulumi_chaosreg.review.edits import Edit, Undone, What
from pulumi_chaosreg.review.facts import Fact, Facts
from pulumi_chaosreg.scopes.model import Origin
from pulumi_chaosreg.scopes.registry import chooser
from pulumi_chaosreg.scopes.resolved import shown
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, SECTION
from pulumi_chaosreg.stacks.catalogue_additions import FILE_NAME as CATALOGUE_FILE
from pulumi_chaosreg.stacks.sections import CREDENTIALS

_MAX_LENGTH = 100
"""Characters of a value that a sentence has room for."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a fact changes, and where that is written now."""

    text: str
    place: Place | None = None
    edits: tuple[Edit, ...] = ()
    """Undone together, and nothing else, they undo the change; each of them is needed. What is only forbidden since
    then is none of them. Empty where the whole subject is new or gone.
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
        decisive = _decisive(found, self._edits)
        return Cause(_sentence(decisive, found, was, now), _place(decisive), tuple(decisive))

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


def _decisive(edits: Sequence[Edit], every: Iterable[Edit]) -> list[Edit]:
    """The edits that somebody made: that a setting is wrong or forbidden since then only follows from them. Where there
    is no other, what is wrong was edited itself.
    """
    of_settings = [edit for edit in edits if edit.is_wrong or edit.was_wrong]
    told = {edit.scope for edit in of_settings}
    others = [edit for edit in edits if edit not in of_settings]
    others = [edit for edit in others if edit.what is not What.MISTAKE or edit.scope not in told]
    if others and all(edit.what is What.MISTAKE for edit in others):
        at_fault = {edit.scope for edit in others}
        wrong = [edit for edit in every if edit.is_wrong != edit.was_wrong and edit.scope in at_fault]
        return wrong if len(wrong) == 1 else others
    return others or of_settings


def _place(edits: Sequence[Edit]) -> Place | None:
    there = (edit for edit in edits if edit.scope and (edit.after is not None or edit.is_wrong))
    return next((edit.scope.at(*edit.path) for edit in there if edit.scope), None)


def _sentence(edits: Sequence[Edit], found: Sequence[Edit], was: Fact | None, now: Fact | None) -> str:
    first, *others = edits
    text = _said(first)
    if first.what is What.SETTING and first.after is None and was and now and not others:
        counting = _counting(first, was, now)
        text += f"; {_of_origin(counting)} counts" if counting else ""
    follows = [edit for edit in found if edit not in edits and (edit.is_wrong or edit.was_wrong)]
    more = f", with {len(others)} other edits" if len(others) > 2 else "".join(f" and {_said(one)}" for one in others)
    text += more
    return f"{text}, {_consequence(follows)}" if follows else text


def _consequence(follows: Sequence[Edit]) -> str:
    """What settings that nobody edited do now."""
    first, *others = follows
    more = f" and {len(others)} more" if others else ""
    verb = "no longer counts" if first.is_wrong else "counts now"
    return f"so that {first.scope.title if first.scope else ''} `{'.'.join(first.path)}`{more} {verb}"


def _counting(edit: Edit, was: Fact, now: Fact) -> Origin | None:
    """What counts instead of a setting that is no longer set; None where nothing does, or nobody can tell."""
    scope, path = edit.scope, edit.path
    if scope is None or path[0] == SECTION.allow_overrides.key:
        return None
    if was.origin.scope and (was.origin.scope.path, was.origin.path) == (scope.path, path):
        return now.origin
    if path in (IMAGE_REGISTRY.name.path, IMAGE_REGISTRY.server.path):
        by, name = chooser(scope)
        return Origin(by, (IMAGE_REGISTRY.name if name else IMAGE_REGISTRY.server).path if by else ())
    if path[0] in (SECTION.registries.key, SECTION.image_registry.key):
        return None
    above = (one for one in reversed(scope.chain()[:-1]) if one.value_at(path) is not None)
    return next((Origin(one, path) for one in above), None)


def _said(edit: Edit) -> str:
    scope, key = edit.scope.title if edit.scope else "", ".".join(edit.path)
    match edit.what:
        case What.SETTING:
            return f"{scope} `{key}`{_step(edit)}"
        case What.ID:
            return f"{scope} was called `{edit.before}`"
        case What.PARENTS:
            return f"{scope} is now below {edit.after.title}, no longer below {edit.before.title}"
        case What.CATALOGUE:
            return f"{CATALOGUE_FILE} has changed"
        case What.LOCK:
            step = "has another digest" if edit.before and edit.after else "is new" if edit.after else "is gone"
            return f"{FILE_NAME}: {key} {step}"
        case What.CREDENTIAL:
            stack, name = edit.path
            step = "is set now" if edit.after else "is no longer set"
            return f"`{CREDENTIALS}:{name}` {step} in stack `{stack}`"
        case What.STACK:
            return f"{scope} is now in stack `{edit.after}`, no longer in `{edit.before}`"
        case What.MISTAKE:
            step = "now has an error and is ignored" if edit.after else "no longer has an error"
            return f"{scope} {step}"
        case What.KEYS:
            return "a file that `mirror.verify` names has changed"


def _step(edit: Edit) -> str:
    if edit.is_wrong:
        return " now has an error and is ignored"
    if edit.was_wrong and edit.before is None:
        return " no longer has an error"
    if edit.before is None:
        return " is set now"
    if edit.after is None:
        return " is no longer set"
    before, after = (_as_written(edit.path, value) for value in (edit.before, edit.after))
    is_short = len(before) <= _MAX_LENGTH and len(after) <= _MAX_LENGTH and "-----" not in before + after
    return f": {before} → {after}" if is_short else " has another value"


def _as_written(path: Path, value: Any) -> str:
    if value is False and path[-1:] == SECTION.mirror.path:
        return "off"
    return f"[{shown(value)}]" if isinstance(value, list) else shown(value)


def _of_origin(origin: Origin) -> str:
    return f"{origin.scope.title} `{'.'.join(origin.path)}`" if origin.scope else "Harness's default"
