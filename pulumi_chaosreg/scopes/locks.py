"""`allow_overrides`: which levels may not set registry, images or mirror, and how they are told."""

from collections.abc import Iterable
from dataclasses import replace

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.settings.table import LOCKABLE, leaves
from pulumi_chaosreg.settings.yaml_file import Lines


def lock_above(scope: Scope) -> Scope | None:
    """The nearest ancestor that locks this scope: it says `allow_overrides: false`, or sets something lockable
    without saying `allow_overrides: true`.
    """
    for above in reversed(scope.chain()[:-1]):
        if ("allow_overrides",) in above.left_out:  # whether it does is not known
            return None
        if locks_explicitly(above) or (not above.settings.get("allow_overrides") and any(_lockable(above))):
            return above
    return None


def locks_explicitly(scope: Scope) -> bool:
    """Whether it says `allow_overrides: false`."""
    return scope.settings.get("allow_overrides") is False


def check_locks(scopes: Iterable[Scope]) -> list[Finding]:
    """One finding (CHR0203) per field that a lock above forbids."""
    locked = ((scope, owner) for scope in scopes if (owner := lock_above(scope)))
    lines = Lines()
    return [_finding(scope, path, owner, lines) for scope, owner in locked for path in _lockable(scope)]


def _lockable(scope: Scope) -> Iterable[tuple[str, ...]]:
    return leaves({key: value for key, value in scope.settings.items() if key in LOCKABLE})


def _finding(scope: Scope, path: tuple[str, ...], owner: Scope, lines: Lines) -> Finding:
    said = locks_explicitly(owner)
    where = owner.at("allow_overrides") if said else owner.place
    where = replace(lines.located(where), scope=owner.title)
    reason = "allow_overrides: false" if said else "allow_overrides is not set there"
    return Finding(
        "CHR0203",
        f"`{'.'.join(path)}` may not be set here: {owner.title} does not allow overrides",
        scope.at(*path),
        notes=(("locked by", f"{where} ({reason})"),),
        help=f"remove the field, or set `allow_overrides: true` in {owner.title}",
    )
