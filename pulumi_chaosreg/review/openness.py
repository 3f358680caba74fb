"""What a level leaves open to those below it, so that two versions of it can be compared."""

from dataclasses import dataclass

from pulumi_chaosreg.review.facts import lockable_keys
from pulumi_chaosreg.scopes.locks import ALL
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.registry import visible
from pulumi_chaosreg.settings.table import ALLOW_OVERRIDES, LOCKABLE, SECTION


@dataclass(frozen=True, slots=True)
class _Open:
    """What may be set, where, and which registries may be chosen; None for all of them."""

    settings: frozenset[str]
    scopes: frozenset[str] | None = None
    registries: frozenset[str] | None = None

    def is_within(self, other: "_Open") -> bool:
        """Whether the other one leaves all of this open, too."""
        if not self.settings:
            return True
        return (
            self.settings <= other.settings
            and (other.scopes is None or (self.scopes is not None and _below(self.scopes, other.scopes)))
            and (other.registries is None or (self.registries is not None and self.registries <= other.registries))
        )


def opened(was: Scope, now: Scope) -> bool:
    """Whether a level leaves something open now that it did not before."""
    return not _open(now).is_within(_open(was))


def _open(scope: Scope) -> _Open:
    said = scope.get(SECTION.allow_overrides)
    if not isinstance(said, dict):
        locks = said is False or (said is None and bool(lockable_keys(scope)))
        return _Open(frozenset() if locks else frozenset(LOCKABLE))
    settings, scopes, registries = (said.get(row.key) for row in ALLOW_OVERRIDES.ROWS.values())
    names = [one.name for one in visible(scope)] if registries == ALL else registries
    return _Open(
        frozenset(LOCKABLE if settings is None else settings),
        None if scopes is None else frozenset(scopes),
        None if names is None else frozenset(names),
    )


def _below(paths: frozenset[str], others: frozenset[str]) -> bool:
    return all(any(path == other or path.startswith(f"{other}/") for other in others) for path in paths)
