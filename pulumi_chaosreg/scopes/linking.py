"""A section looked at with the levels above: what they forbid, names of registries that are not there, or there twice.

What is wrong is left out of the scope, so that nothing else is told that only follows from it.
"""

from collections.abc import Iterator
from dataclasses import replace

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.scopes.locks import forbidden
from pulumi_chaosreg.scopes.model import Scope, nearest
from pulumi_chaosreg.scopes.registry import Definition, chooser, is_same, joined, visible
from pulumi_chaosreg.settings.near_misses import did_you_mean
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import ALLOW_OVERRIDES, IMAGE_REGISTRY, LOCKABLE, SECTION
from pulumi_chaosreg.settings.yaml_file import Lines

_Wrong = tuple[Finding | None, Path]
"""A finding, and the path of what it is about; no finding for what only follows from another one."""

_LOOKED_AT = {SECTION.registries.key, SECTION.allow_overrides.key, *LOCKABLE}


def linked(scope: Scope, lines: Lines | None = None) -> tuple[Scope, list[Finding]]:
    """The scope without what is wrong (CHR0203, CHR0213 to CHR0215, CHR0217), and the findings. `lines` are those of
    the whole company: a file may hold the lock and hundreds who meet it.
    """
    lines = lines or Lines()
    if not _LOOKED_AT & scope.settings.keys():
        return scope, []
    findings: list[Finding] = []
    for look in (forbidden, _definitions, _choice):  # what is chosen depends on what is defined
        wrong: list[_Wrong] = list(look(scope, lines))
        findings += [finding for finding, _ in wrong if finding]
        for _, path in wrong:
            scope = replace(scope, settings=_without(dict(scope.settings), path), left_out=scope.left_out | {path})
    return scope, [*findings, *_exceptions(scope)]


def _definitions(scope: Scope, lines: Lines) -> Iterator[_Wrong]:
    """CHR0214: one name twice on a chain, two names for one registry; CHR0211 is told where it is used."""
    seen = [*visible(scope.parent)] if scope.parent else []
    for name in scope.get(SECTION.registries) or ():
        one = Definition(scope, name)
        if one.get(IMAGE_REGISTRY.server) is None:
            is_told = scope.is_unclear(*one.base, IMAGE_REGISTRY.server.key)
            message = f"the registry `{name}` has no `server`"
            finding = Finding("CHR0214", message, scope.at(*one.base), help="add `server: <host>`")
            yield None if is_told else finding, one.base
            continue
        same = next((other for other in seen if other.name == name), None)
        twin = next((other for other in seen if is_same(other.path, one.path)), None)
        seen.append(one)
        if same:
            message, advice = f"`{name}` is already the name of a registry", "give one of them another name"
        elif twin:
            message = f"`{name}` and `{twin.name}` are two names of one registry, `{one.path}`"
            advice = "keep one of the two, or give one of them another `account`"
        else:
            continue
        other = same or twin
        assert other
        notes = (("the other one", str(_located(other, lines))),)
        yield Finding("CHR0214", message, scope.at(*one.base), notes=notes, help=advice), one.base


def _choice(scope: Scope, lines: Lines) -> Iterator[_Wrong]:
    """CHR0213: a name that is not visible here; CHR0215: what may not stand beside or below a chosen name."""
    name = scope.get(IMAGE_REGISTRY.name)
    if name is not None:
        there = [one.name for one in visible(scope)]
        if name not in there:
            is_told = scope.is_unclear(SECTION.registries, name)  # its definition is wrong
            yield None if is_told else _no_such_name(scope, name, there), SECTION.image_registry.path
            return
    if twin := _named_twin(scope):
        message = f"`{twin.path}` is the registry `{twin.name}`"
        notes = (("defined at", str(_located(twin, lines))),)
        advice = f"choose it by its name: `image_registry: {twin.name}`"
        place = scope.at(IMAGE_REGISTRY.server)
        yield Finding("CHR0214", message, place, notes=notes, help=advice), SECTION.image_registry.path
        return
    by, chosen = chooser(scope)
    if not chosen or by is None:
        return
    for key in scope.get(SECTION.image_registry) or ():
        if key in (IMAGE_REGISTRY.name.key, IMAGE_REGISTRY.authentication.key):
            continue
        path = (*IMAGE_REGISTRY.PATH, key)
        where = "beside" if by is scope else "below"
        yield (
            Finding(
                "CHR0215",
                f"`image_registry.{key}` may not be set {where} the chosen registry `{chosen}`, which is used whole",
                scope.at(*path),
                notes=() if by is scope else (("chosen at", str(lines.located(by.at(IMAGE_REGISTRY.name)))),),
                help="remove it, or define another registry under `registries:` and choose that; a chosen registry "
                "takes only `authentication`",
            ),
            path,
        )


def _named_twin(scope: Scope) -> Definition | None:
    """The visible registry of that server and path, where the scope writes a server itself."""
    server, account = scope.get(IMAGE_REGISTRY.server), nearest(scope, IMAGE_REGISTRY.account)
    path = joined(server, account.value if account else "") if server else ""
    return next((one for one in visible(scope) if path and is_same(one.path, path)), None)


def _located(one: Definition, lines: Lines) -> Place:
    return replace(lines.located(one.owner.at(*one.base)), scope=one.owner.title)


def _no_such_name(scope: Scope, name: str, there: list[str]) -> Finding:
    advice = did_you_mean(name, there)
    return Finding(
        "CHR0213",
        f"no registry is named `{name}` here",
        scope.at(IMAGE_REGISTRY.name),
        notes=(("names here", ", ".join(there) or "none: no `registries:` at this level or above"),),
        help=f"{advice}choose one of these, or define it under `registries:` at this level or above",
    )


def _exceptions(scope: Scope) -> Iterator[Finding]:
    """CHR0217: names that `allow_overrides.registries` lists and nobody below could choose."""
    listed = scope.get(ALLOW_OVERRIDES.registries)
    if not isinstance(listed, list):
        return
    there = [one.name for one in visible(scope)]
    for number, name in enumerate(listed):
        if name not in there and not scope.is_unclear(SECTION.registries, name):
            yield Finding(
                "CHR0217",
                f"`allow_overrides.registries` names `{name}`, but no registry has this name here",
                scope.at(ALLOW_OVERRIDES.registries, number),
                notes=(("names here", ", ".join(there) or "none"),),
                help=f"{did_you_mean(name, there)}correct the name, or define it under `registries:`",
                severity="warning",
            )


def _without(settings: dict[str, object], path: Path) -> dict[str, object]:
    first, *rest = path
    value = settings.get(first)
    if not rest or not isinstance(value, dict):
        return {key: item for key, item in settings.items() if key != first}
    return {**settings, first: _without(value, tuple(rest))}
