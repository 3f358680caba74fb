"""What `repositories` says in vain: nothing is made, or the kind of registry has nothing like it.

A setting above may be meant for one registry of many: it is told only where none that it counts for takes it. What a
kind takes is data (`made.takes` in `registries/kinds.toml`).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.registries.kinds import (
    RegistryKind,
    all_kinds,
    registry_kind,
    resembled_kind,
    to_say,
    unsaid_kinds,
)
from pulumi_chaosreg.scopes.mirror_policy import own_or_inherited
from pulumi_chaosreg.scopes.model import Decided, Scope
from pulumi_chaosreg.scopes.registry import definitions
from pulumi_chaosreg.settings.setting import Path, Setting
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, REPOSITORIES, SECTION

_KEYS = {SECTION.registries.key, *REPOSITORIES.PATH}
_WHERE = (SECTION.image_registry, SECTION.registries)
"""What says which registries there are."""


def check_untaken(scopes: Collection[Scope], *, is_whole: bool) -> Iterator[Finding]:
    """CHR0111 and CHR0497. `is_whole`: whether every registry that inherits from these scopes is there."""
    defined = [_Defined.at(scope, base) for scope in scopes for base in definitions(scope)]
    for scope in scopes:
        if not scope.settings.keys() & _KEYS:
            continue
        for base in ((), *((SECTION.registries.key, name) for name in scope.get(SECTION.registries) or ())):
            said = [row for row in REPOSITORIES.ROWS.values() if scope.get(row, base) is not None]
            here = [one for one in defined if one.is_at(scope, base) or (not base and one.owner.within(scope))]
            for row in said:
                finding = _untaken(scope, base, row, here) if here else None
                if not here and is_whole and _is_clear(scope, scopes):
                    why = f"no registry is defined at {scope.title} or below"
                    finding = _vain("CHR0111", scope, base, row, why, "remove it, or define a registry")
                if finding:
                    yield finding


def _untaken(scope: Scope, base: Path, row: "Setting[object]", here: "list[_Defined]") -> Finding | None:
    counting = [one for one in here if one.counts(scope, base, row)]
    if any(one.is_of_unclear_kind for one in counting):
        return None
    unsaid = next((one for one in counting if one.is_unsaid), None)
    able = [one for one in counting if one.kind.provisions]
    if row is REPOSITORIES.create:
        if able or not counting or not scope.get(row, base):  # the others' own ways are on their pages
            return None
        kind, server = counting[0].kind, counting[0].server
        none = f"this version makes no repositories at `{server}`"
        why = f"at {kind.title} {kind.left_alone}" if kind.left_alone else none
        advice = "remove it" if kind.left_alone else "make them in the registry first"
        if counting[0].is_unsaid:
            advice = f"{to_say(unsaid_kinds(server))}; otherwise {advice}"
        return _vain("CHR0111", scope, base, row, why, advice)
    if not counting:
        return None
    if unsaid and unsaid.asks:
        return None  # that nothing is made there is told, and that its kind may lack
    if not able:
        why = f"this version makes no repositories at `{counting[0].server}`"
        return _vain("CHR0111", scope, base, row, why, "remove it, and set this in the registry itself")
    taking = [one for one in able if one.kind.made.is_taken(row.key)]
    if not taking:
        kind = able[0].kind
        others, own = _others(row), kind.made.instead.get(row.key, "")
        advice = f"remove it: only {others} takes it" if others else "remove it"
        advice += f"; at {kind.title} write {own}" if own else ""
        takes = ", ".join(f"`{key}`" for key in kind.made.takes)
        return _vain(
            "CHR0497",
            scope,
            base,
            row,
            f"{kind.title} has nothing like it",
            advice,
            able[0],
            (f"{kind.title} takes", takes),
        )
    if any(one.creates or one.is_unclear for one in taking):
        return None
    return _vain("CHR0111", scope, base, row, "`repositories.create` is not true", "add `create: true`, or remove it")


def _vain(
    code: str,
    scope: Scope,
    base: Path,
    row: "Setting[object]",
    why: str,
    advice: str,
    at: "_Defined | None" = None,
    *notes: tuple[str, str],
) -> Finding:
    where = f" at `{at.server}`" if at else ""
    return Finding(
        code,
        f"`{'.'.join((*base, *row.path))}` has no effect{where}: {why}",
        scope.at(*base, row),
        notes=notes,
        help=advice,
        severity="warning",
    )


def _others(row: "Setting[object]") -> str:
    return " or ".join(kind.title for kind in all_kinds().values() if kind.made.is_taken(row.key))


@dataclass(frozen=True, slots=True)
class _Defined:
    """A registry, where it is defined."""

    owner: Scope
    base: Path
    server: str
    kind: RegistryKind
    asks: bool
    """Whether somebody asks us to make its repositories."""
    is_unsaid: bool
    """Whether nothing tells its kind."""

    @classmethod
    def at(cls, owner: Scope, base: Path) -> "_Defined":
        server = owner.value_at((*base, IMAGE_REGISTRY.server.key)) or ""
        said = owner.value_at((*base, IMAGE_REGISTRY.kind.key))
        kind = registry_kind(server, said)
        create = own_or_inherited(owner, base, REPOSITORIES.create)
        return cls(owner, base, server, kind, bool(create and create.value), said is None and not kind.hosts)

    @property
    def creates(self) -> bool:
        """Whether we make its repositories."""
        return self.kind.provisions and self.asks

    @property
    def is_unclear(self) -> bool:
        """Whether something wrong is said of whether we make them."""
        own = len(self.base) > 1 and self.owner.is_unclear(*self.base, REPOSITORIES.create)
        return own or self.owner.is_unclear(REPOSITORIES.create)

    @property
    def is_of_unclear_kind(self) -> bool:
        """Whether something wrong is said of its kind, where its host tells none."""
        own = len(self.base) > 1 and self.owner.is_unclear(*self.base, IMAGE_REGISTRY.kind.key)
        wrong = own or self.owner.is_unclear(IMAGE_REGISTRY.kind) or (self.is_unsaid and self._is_told_otherwise())
        return not self.kind.hosts and wrong

    def _is_told_otherwise(self) -> bool:
        """Whether its host (CHR0424) or its login (CHR0510) is told, which say that it is of another kind."""
        login = self.owner.value_at((*self.base, IMAGE_REGISTRY.authentication.key)) or {}
        known = ("kubernetes_secret", *self.kind.authentication)
        return resembled_kind(self.server) is not None or login.get("type", known[0]) not in known

    def is_at(self, owner: Scope, base: Path) -> bool:
        return self.owner is owner and self.base == base

    def counts(self, scope: Scope, base: Path, row: "Setting[object]") -> bool:
        """Whether what the scope says there is what holds for this registry."""
        said: Decided[object] | None = own_or_inherited(self.owner, self.base, row)
        return said is not None and said.origin.scope is scope and said.origin.path == (*base, *row.path)


def _is_clear(scope: Scope, scopes: Collection[Scope]) -> bool:
    """Whether nothing wrong is said of which registries there are at or below the scope."""
    return not any(one.is_unclear(row) for one in scopes if one.within(scope) for row in _WHERE)
