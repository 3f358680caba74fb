"""Where a scope was before it was renamed or moved: what keeps its objects in the state and in the clusters."""

from collections.abc import Iterable, Sequence

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.settings.table import SECTION

_DEPTHS = {Level.ACCOUNT: (1,), Level.ORGANIZATION: (1,), Level.PROJECT: (1, 2), Level.INFRASTRUCTURE: (1, 2, 3)}
"""How many ids the path of a scope at this level may have."""


def moved_from(scope: Scope) -> Sequence[str]:
    """What the scope itself says, oldest first."""
    return scope.get(SECTION.moved_from) or ()


def former_paths(scope: Scope) -> list[str]:
    """Every path that the scope may have had: its own `moved_from`, and those of the scopes above it."""
    parent = scope.parent
    above = former_paths(parent) if parent and parent.level is not Level.ACCOUNT else []
    paths = list(moved_from(scope))
    if parent and above:
        below = f"{parent.path}/"
        paths += [f"{old}/{path.removeprefix(below)}" for path in paths if path.startswith(below) for old in above]
        paths += [f"{old}/{scope.id}" for old in above]
    return [path for path in dict.fromkeys(paths) if path != scope.path]


def levels_of_path(level: Level, path: str) -> list[tuple[Level, ...]]:
    """The chains of levels that a path may stand for, from the account to `level`: organization and project may be
    left out.
    """
    if level is Level.ACCOUNT:
        return [(level,)]
    middles: list[tuple[Level, ...]] = [
        (),
        (Level.ORGANIZATION,),
        (Level.PROJECT,),
        (Level.ORGANIZATION, Level.PROJECT),
    ]
    depth = path.count("/")
    return [
        (Level.ACCOUNT, *middle, level)
        for middle in middles
        if len(middle) == depth and all(above.rank < level.rank for above in middle)
    ]


def original_id(scope: Scope) -> str:
    """The id that an infrastructure's objects are named after: its first one."""
    said = moved_from(scope)
    return said[0].rpartition("/")[2] if said else scope.id


def object_name(infrastructure: Scope) -> str:
    """What an infrastructure's ConfigMap is called in its cluster, and its pull Secret where nobody names one.

    A renamed infrastructure keeps its objects: they are named after the id that it had first.
    """
    return f"chaos-image-registry-{original_id(infrastructure)}"


def policy_name(infrastructure: Scope, namespace: str) -> str:
    """What an infrastructure's objects are called that belong to the whole cluster, where other namespaces and other
    companies have theirs.
    """
    return f"{object_name(infrastructure)}.{namespace}.{original_id(infrastructure.chain()[0])}"


def check_moves(scopes: Iterable[Scope]) -> list[Finding]:
    """`moved_from` that cannot be (CHR0212)."""
    every = list(scopes)
    there = {(scope.level, scope.path) for scope in every}
    claimed: dict[tuple[Level, str], Scope] = {}
    findings: list[Finding] = []
    for scope in every:
        for path in moved_from(scope):
            other = claimed.setdefault((scope.level, path), scope)
            if path == scope.path:
                problem, advice = "is where the scope is now", "write the path that it had before"
            elif path.count("/") + 1 not in _DEPTHS[scope.level]:
                problem, advice = f"is not a path at level {scope.level}", "write the ids from below the account"
            elif whole := _left_out(scope, path):
                problem, advice = "leaves out levels above", f"write `{whole}`; list both if it was there"
            elif (scope.level, path) in there:
                problem, advice = "is still there", "remove one of the two, or the `moved_from`"
            elif other is not scope:
                problem, advice = f"is claimed by {other.title}, too", "let one scope take its place"
            else:
                continue
            message = f"{scope.title} cannot have moved from `{path}`: that {problem}"
            findings.append(Finding("CHR0212", message, scope.at(SECTION.moved_from), help=advice))
    return findings


def _left_out(scope: Scope, path: str) -> str:
    """The path that is meant where this one has the end of it only: as it stands the engine would take it for somebody
    else's, make everything anew and then remove the old. Empty where somebody may have moved so: with the same id, or
    where a scope above, or a second path, says that it stood there.
    """
    above, _, name = path.rpartition("/")
    parent = scope.parent
    if parent is None or parent.level is Level.ACCOUNT or name == scope.id:
        return ""
    is_end = parent.path != above and (not above or parent.path.endswith(f"/{above}"))
    is_said = above in former_paths(parent) or any(other.endswith(f"/{path}") for other in moved_from(scope))
    return f"{parent.path}/{name}" if is_end and not is_said else ""
