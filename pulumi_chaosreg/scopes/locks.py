"""`allow_overrides`: what levels below may set of registry, images and mirror, and how they are told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.enforcing import is_milder_below
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.registry import chooser, visible
from pulumi_chaosreg.settings.near_misses import did_you_mean
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import ALLOW_OVERRIDES, IMAGE_REGISTRY, LOCKABLE, SECTION, leaves
from pulumi_chaosreg.settings.yaml_file import Lines

ALL = "all"
_CHOOSING = (IMAGE_REGISTRY.name.path, IMAGE_REGISTRY.authentication.path)
"""What `allow_overrides: {registries: …}` leaves of `image_registry`: a name, and who one is there."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A level above that does not let a scope set something."""

    owner: Scope
    is_said: bool
    """Whether it says so, or only sets such things itself without `allow_overrides: true`."""
    why: str
    """As a message says it: "does not allow overrides"."""
    help: str
    """What to do instead, where it is not simply removed."""
    is_removable: bool = True
    """Whether to remove the setting is an answer, too."""
    leaves_names: bool = False
    """Whether a registry may still be chosen by its name."""


def lock_on(scope: Scope, path: Path, value: Any = None) -> Lock | None:
    """The nearest level above that does not let this scope set what is at this path to this value; None where all do.
    Without a value: whether it may be set at all.
    """
    if path == SECTION.enforce.path and not is_milder_below(scope, value):
        return None
    for above in reversed(scope.chain()[:-1]):
        if any(path_[:1] == SECTION.allow_overrides.path for path_ in above.left_out):  # whether it does is not known
            return None
        if lock := _lock(above, scope, path, value):
            return lock
    return None


def is_open(scope: Scope) -> bool:
    """Whether levels below may set everything, as far as this level says it without a mapping."""
    said = scope.get(SECTION.allow_overrides)
    # what was left out, since it is forbidden itself, closes what is below all the same
    sets_some = any(_lockable(scope)) or any(path[0] in LOCKABLE for path in scope.left_out if path)
    return said is True or (said is None and not sets_some)


def locks_in(chain: tuple[Scope, ...]) -> Iterator[tuple[Scope, str]]:
    """(scope, how) for each scope of a chain that locks something of what is below it."""
    for above in chain[:-1]:
        paths = [*((key,) for key in LOCKABLE), IMAGE_REGISTRY.server.path]
        if any((lock := lock_on(chain[-1], path)) and lock.owner is above for path in paths):
            said = above.get(SECTION.allow_overrides) is not None
            yield above, how_it_locks(above) if said else "it does not say allow_overrides: true"


def how_it_locks(scope: Scope) -> str:
    """What it says: `allow_overrides: false`, or the mapping."""
    said = scope.get(SECTION.allow_overrides)
    if not isinstance(said, dict):
        return f"allow_overrides: {'true' if said else 'false'}"
    keys = (f"{key}: {value if isinstance(value, str) else _list(value)}" for key, value in said.items())
    return f"allow_overrides: {{{', '.join(keys)}}}"


def forbidden(scope: Scope, lines: Lines) -> Iterator[tuple[Finding | None, Path]]:
    """CHR0203 for what a lock above forbids of the scope's settings, and each path: one finding for those of one group
    on one line, and none for what belongs to a server in the place of a name.
    """
    server = scope.get(IMAGE_REGISTRY.server)
    of_server = lock_on(scope, IMAGE_REGISTRY.server.path, server) if server is not None else None
    is_told = of_server is not None and of_server.leaves_names
    together: dict[tuple[str, int | None, str, str], tuple[Lock, list[Path]]] = {}
    for path in _lockable(scope):
        if lock := lock_on(scope, path, scope.value_at(path)):
            if is_told and path[0] == SECTION.image_registry.key and path != IMAGE_REGISTRY.server.path:
                yield None, path
            else:
                alike = (path[0], lines.located(scope.at(*path)).line, lock.owner.path, lock.why + lock.help)
                together.setdefault(alike, (lock, []))[1].append(path)
    for lock, paths in together.values():
        yield _finding(scope, paths, lock, lines), paths[0]
        yield from ((None, path) for path in paths[1:])


def check_exceptions(scopes: Iterable[Scope]) -> list[Finding]:
    """CHR0217: scopes that a lock excepts, and that are nowhere."""
    every = list(scopes)
    findings = []
    for scope in every:
        excepted = scope.get(ALLOW_OVERRIDES.scopes)
        below = [other.path for other in every if other.within(scope) and other is not scope] if excepted else []
        for number, path in enumerate(excepted or ()):
            if path not in below:
                advice = did_you_mean(path, below, 0.4)
                findings.append(
                    Finding(
                        "CHR0217",
                        f"`allow_overrides.scopes` names `{path}`, but no scope below {scope.title} has this path",
                        scope.at(ALLOW_OVERRIDES.scopes, number),
                        help=f"{advice}write the ids below the account, as in `payments/lab`",
                        severity="warning",
                    )
                )
    return findings


def _lock(above: Scope, scope: Scope, path: Path, value: Any) -> Lock | None:
    said = above.get(SECTION.allow_overrides)
    opened = f"set `allow_overrides: true` in {above.title}"
    if isinstance(said, dict):
        return _left_by(said, above, scope, path, value)
    if is_open(above):
        return None
    return Lock(above, said is False, "does not allow overrides", opened)


def _left_by(said: dict[str, Any], above: Scope, scope: Scope, path: Path, value: Any) -> Lock | None:
    """All that the mapping says must hold."""
    settings, scopes, registries = (said.get(row.key) for row in ALLOW_OVERRIDES.ROWS.values())
    if settings is not None and path[0] not in settings:
        why = f"allows only {_listed(settings)} below"
        return Lock(above, True, why, f"add `{path[0]}` to `allow_overrides.settings` there")
    if settings is not None and SECTION.mirror.key not in settings and _brings_a_mirror(above, scope, path, value):
        why = "allows no `mirror` below, and this registry has one"
        return Lock(
            above,
            True,
            why,
            "remove its `mirror`, or add `mirror` to `allow_overrides.settings` there",
            is_removable=False,
        )
    below = scope.chain()[len(above.chain()) :]  # an exception for itself, or above, would open all
    if scopes is not None and not any(level.path in scopes for level in below):
        why = f"allows overrides only in {_listed(scopes)}"
        return Lock(above, True, why, f"add `{scope.path}` to `allow_overrides.scopes` there")
    if registries is not None and path[0] == SECTION.image_registry.key and len(path) > 1:
        if path == IMAGE_REGISTRY.name.path and value is not None and value not in {one.name for one in visible(scope)}:
            return None  # nothing is called that, which is told
        there = [one.name for one in visible(above)]  # who could add a name below could choose anything
        names = there if registries == ALL else [name for name in there if name in registries]
        chosen = value if path == IMAGE_REGISTRY.name.path and value is not None else chooser(scope)[1]
        if path not in _CHOOSING or chosen not in (*names, *([] if value is not None else [""])):
            why = f"lets levels below choose a registry by name only: {_listed(names) or 'none'}"
            define = "" if chosen in there else "define the registry there and "
            name = f"`{chosen}`" if chosen in there else "its name"
            advice = f"choose one of these, or {define}add {name} to `allow_overrides.registries` there"
            advice = advice if registries != ALL else "choose one of these, or define it there"
            return Lock(above, True, why, advice, is_removable=False, leaves_names=True)
    return None


def _brings_a_mirror(above: Scope, scope: Scope, path: Path, value: Any) -> bool:
    """Whether a registry is chosen that a level below the lock defines with a `mirror`: as if that were set there."""
    if path != IMAGE_REGISTRY.name.path:
        return False
    found = next((one for one in visible(scope) if one.name == value), None)
    if found is None or above.within(found.owner):
        return False
    return found.owner.value_at((*found.base, SECTION.mirror.key)) is not None  # `off`, too, which is False


def _lockable(scope: Scope) -> Iterable[Path]:
    return leaves({key: value for key, value in scope.settings.items() if key in LOCKABLE})


def _finding(scope: Scope, paths: list[Path], lock: Lock, lines: Lines) -> Finding:
    where = lock.owner.at(SECTION.allow_overrides) if lock.is_said else lock.owner.place
    where = replace(lines.located(where), scope=lock.owner.title)
    reason = how_it_locks(lock.owner) if lock.is_said else "allow_overrides is not set there"
    return Finding(
        "CHR0203",
        f"{_listed('.'.join(path) for path in paths)} may not be set here: {lock.owner.title} {lock.why}",
        scope.at(*paths[0]),
        notes=(("locked by", f"{where} ({reason})"),),
        help=f"remove the {'field' if len(paths) == 1 else 'fields'}, or {lock.help}"
        if lock.is_removable
        else lock.help,
    )


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(names)}]"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
