"""What was edited between two companies, as keys that can each be undone alone, and the company without some."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from pulumi_chaosreg.errors import Keys
from pulumi_chaosreg.review.review import Review
from pulumi_chaosreg.scopes.demand import Demand, by_images
from pulumi_chaosreg.scopes.linking import linked
from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.scopes.moves import former_paths
from pulumi_chaosreg.scopes.resolution import Resolver
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, MIRROR
from pulumi_chaosreg.stacks.company import holder


class What(Enum):
    """What kind of thing was edited, those first that a cause is looked for first."""

    SETTING = auto()  # a key of a scope's section
    ID = auto()  # a scope is called otherwise
    PARENTS = auto()  # other scopes are above it
    CATALOGUE = auto()  # the project's own additions
    LOCK = auto()  # a line of the lockfile
    CREDENTIAL = auto()  # whether a stack's file has a value for a NAME
    STACK = auto()  # a scope stands in another stack's file
    MISTAKE = auto()  # something that a scope says is wrong, or was: it does not count, nor what it leaves unclear
    KEYS = auto()  # files that `mirror.verify` names


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """One key that says something else; None for a side that does not have it. Each is one object for two companies."""

    what: What
    scope: Scope | None = None
    """As it is now."""
    path: Path = ()
    before: Any = None
    after: Any = None
    is_wrong: bool = False
    """Whether it still stands there, wrong or forbidden now, so that it does not count, or not all of it."""
    was_wrong: bool = False


Undone = frozenset[Edit]


class Edits:
    """All edits between two companies, found as they are asked for."""

    def __init__(self, before: Review, after: Review) -> None:
        self.before, self.after = before, after
        self._now = dict(_same_scopes(before, after))
        self._was = {now: was for was, now in self._now.items()}
        self._of_scope: dict[Scope, list[Edit]] = {}
        self._parents: dict[tuple[Scope, ...], Edit] = {}
        self._built: dict[tuple[Scope, Scope | None, Undone], Scope] = {}
        self._resolvers: dict[Undone, Resolver] = {}
        self.resolver_before = Resolver(
            before.company.catalogue, before.company.locked, before.company.has_credential, before.project
        )
        self._held = [_held(reviewed) for reviewed in (before, after)]
        self._credentials = {
            held: Edit(What.CREDENTIAL, None, held, *self._sides(held))
            for held in sorted(self._held[0] ^ self._held[1])
        }
        locked = before.company.locked, after.company.locked
        self._locks = {
            line: Edit(What.LOCK, None, (line,), locked[0].get(line), locked[1].get(line))
            for line in {**locked[0], **locked[1]}
            if locked[0].get(line) != locked[1].get(line)
        }
        self._lockfile = {**_superseded(before, after), **locked[1]}
        differs = before.company.catalogue != after.company.catalogue
        self._catalogue = [Edit(What.CATALOGUE)] if differs else []
        self.keys = Edit(What.KEYS)
        """The content of files that `mirror.verify` names."""

    def was(self, scope: Scope) -> Scope | None:
        """The same scope as it was before: by its path, or one that it had."""
        return self._was.get(scope)

    def is_edited(self, scope: Scope) -> bool:
        """Whether the scope itself says something else than before, or stands elsewhere."""
        return bool(self._edits_of(scope))

    def is_gone(self, scope: Scope) -> bool:
        """Whether a scope of before is no more."""
        return scope not in self._now and not self.is_unknown(scope)

    def is_unknown(self, scope: Scope) -> bool:
        """Whether a scope of before only seems to be gone, since nothing of its stack's file can be used now."""
        if scope in self._now or not self.after.errors:
            return False
        company = self.after.company
        return (company.folder / f"Pulumi.{scope.stack}.yaml").exists() and not company.of_stack(scope.stack)

    def between(self, was: Scope, now: Scope, demands: Iterable[Demand] = ()) -> list[Edit]:
        """Every edit that may bear on this scope; `demands` are what it wants, for lines of the lockfile."""
        edits: list[Edit] = []
        old, new = self._above(was), now.chain()[:-1]
        for scope in dict.fromkeys([now, *reversed(new), *reversed(old)]):
            edits += self._edits_of(scope)
        if old != new:
            edits.append(self._parents.setdefault((*old, now), self._moved(was, now)))
        edits += self._catalogue
        lines = dict.fromkeys(line for demand in demands for line in _lines(demand))
        edits += [self._locks[line] for line in lines if line in self._locks]
        stacks = {scope.stack for scope in (*was.chain(), *now.chain())}
        edits += [edit for (stack, _), edit in self._credentials.items() if stack in stacks]
        return edits

    def without(self, was: Scope, now: Scope, undone: Undone) -> Scope:
        """The scope with the levels above it, as it would be now without these edits."""
        is_moved = any(edit.what is What.PARENTS for edit in undone)
        built: Scope | None = None
        for scope in (*(self._above(was) if is_moved else now.chain()[:-1]), now):
            here = frozenset(edit for edit in undone if edit.scope is scope)
            key = (scope, built, here)
            if key not in self._built:
                self._built[key] = self._rebuilt(scope, built, here)
            built = self._built[key]
        assert built
        return built

    def resolver(self, undone: Undone) -> Resolver:
        """What resolves a scope of the company without these edits."""
        key = frozenset(edit for edit in undone if edit.scope is None)
        if key not in self._resolvers:
            whats = {edit.what for edit in key}
            locked = dict(self._lockfile)
            held = set(self._held[1])
            for edit in key:
                if edit.what is What.LOCK:
                    locked.pop(edit.path[0], None)
                    locked |= {edit.path[0]: edit.before} if edit.before else {}
                elif edit.what is What.CREDENTIAL:
                    held ^= {(edit.path[0], edit.path[1])}
            catalogue = (self.before if What.CATALOGUE in whats else self.after).company.catalogue
            project = (self.before if What.KEYS in whats else self.after).project
            self._resolvers[key] = Resolver(catalogue, locked, _has_value(held), project)
        return self._resolvers[key]

    def holder(self, scope: Scope, name: str, undone: Undone) -> str | None:
        """The stack whose file would hold the credential for this scope (of `without`)."""
        changed = {edit.path for edit in undone if edit.what is What.CREDENTIAL}
        held = self._held[1] ^ changed if changed else self._held[1]
        return holder(scope, self.after.company.files, lambda stack: (stack, name) in held)

    def _sides(self, held: tuple[str, str]) -> tuple[bool | None, bool | None]:
        before, after = (held in side or None for side in self._held)
        return before, after

    def _above(self, was: Scope) -> tuple[Scope, ...]:
        """The levels that were above it, as they are now where they still are."""
        return tuple(self._now.get(scope, scope) for scope in was.chain()[:-1])

    def _moved(self, was: Scope, now: Scope) -> Edit:
        """That other scopes are above it: told of the highest one that has another parent."""
        for scope in now.chain():
            former = was if scope is now else self._was.get(scope)
            above = former.parent if former else None
            if former and (self._now.get(above, above) if above else None) is not scope.parent:
                return Edit(What.PARENTS, scope, (), above, scope.parent)
        return Edit(What.PARENTS, now, (), was.parent, now.parent)

    def _edits_of(self, now: Scope) -> list[Edit]:
        if now not in self._of_scope:
            was = self._was.get(now)
            edits = []
            if was:
                different = _differences(was.settings, now.settings)
                edits = [_of_setting(was, now, path, *values) for path, *values in different if path != ("id",)]
                edits += [Edit(What.ID, now, (), was.id, now.id)] if was.id != now.id else []
                if was.left_out != now.left_out:
                    edits.append(Edit(What.MISTAKE, now, (), was.left_out, now.left_out))
                edits += [Edit(What.STACK, now, (), was.stack, now.stack)] if was.stack != now.stack else []
            self._of_scope[now] = edits
        return self._of_scope[now]

    def _rebuilt(self, scope: Scope, parent: Scope | None, undone: Undone) -> Scope:
        if not undone and scope.parent is parent:
            return scope
        was = self._was.get(scope)
        settings: Any = scope.settings
        name, stack, left_out = scope.id, scope.stack, scope.left_out
        for edit in undone:
            if edit.what is What.SETTING and was:
                settings = _undone(settings, was.settings, edit.path)
            elif edit.what is What.ID:
                name = edit.before
            elif edit.what is What.STACK:
                stack = edit.before
            elif edit.what is What.MISTAKE:
                left_out = edit.before
        return linked(Scope(scope.level, name, settings, parent, scope.place, stack, left_out))[0]


def _of_setting(was: Scope, now: Scope, path: Path, before: Any, after: Any) -> Edit:
    is_wrong = _overlaps(now.left_out - was.left_out, path)
    return Edit(What.SETTING, now, path, before, after, is_wrong, _overlaps(was.left_out - now.left_out, path))


def _overlaps(left_out: Iterable[Keys], path: Path) -> bool:
    return any(said[: len(path)] == path[: len(said)] for said in left_out)


def _same_scopes(before: Review, after: Review) -> Iterator[tuple[Scope, Scope]]:
    old = {_key(scope): scope for scope in before.company.scopes}
    for now in after.company.scopes:
        paths = (now.path, *former_paths(now)) if now.level is not Level.ACCOUNT else ("",)
        keys = ((now.level, path) for path in paths)
        key = next((key for key in keys if key in old), None)
        if key:
            yield old.pop(key), now


def _key(scope: Scope) -> tuple[Level, str]:
    return scope.level, "" if scope.level is Level.ACCOUNT else scope.path  # there is one account, whatever its id


def _held(reviewed: Review) -> frozenset[tuple[str, str]]:
    return frozenset((stack, name) for stack, file in reviewed.company.files.items() for name in file.credentials)


def _has_value(held: Iterable[tuple[str, str]]) -> Any:
    every = frozenset(held)
    return lambda scope, name: any((above.stack, name) in every for above in scope.chain())


def _superseded(before: Review, after: Review) -> dict[str, str]:
    """Lines that left the lockfile because nobody asks for them any more: they follow the settings, and would be back
    with them.
    """
    wanted = {line for demand in by_images(after.demands) for line in _lines(demand)}
    return {line: digest for line, digest in before.company.locked.items() if line not in wanted}


def _lines(demand: Demand) -> Iterator[str]:
    for image in demand.images:
        yield image.lock_key
        yield (image.source or image.reference).tagged


_WHOLE = (IMAGE_REGISTRY.authentication.key, MIRROR.verify.key)
"""Mappings of which the nearest level's counts as a whole."""


def _differences(before: Any, after: Any, path: Path = ()) -> Iterator[tuple[Path, Any, Any]]:
    """(path, before, after) of each key that differs; a mapping that is on one side only key by key."""
    if before == after and isinstance(before, bool) == isinstance(after, bool):
        return
    maps = all(value is None or isinstance(value, dict) for value in (before, after))
    if not maps or not (before or after) or path[-1:] in [(key,) for key in _WHOLE]:
        yield path, before, after
        return
    old, new = before or {}, after or {}
    for key in dict.fromkeys([*new, *old]):
        yield from _differences(old.get(key), new.get(key), (*path, key))


def _undone(now: Any, was: Any, path: Path) -> Any:
    """The settings with what they said at this path; None where nothing is left that was not there."""
    if not path:
        return was
    first, *rest = path
    old = was.get(first) if isinstance(was, dict) else None
    inner = _undone(now.get(first) if isinstance(now, dict) else None, old, tuple(rest))
    left = {key: value for key, value in (now or {}).items() if key != first}
    left |= {} if inner is None else {first: inner}
    return left if left or isinstance(was, dict) else None
