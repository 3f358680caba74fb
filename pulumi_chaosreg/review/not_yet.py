"""Settings that are part of the format and that this version does nothing about: said, never passed over."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.registries.kinds import registry_kind
from pulumi_chaosreg.scopes.mirror_policy import own_or_inherited
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.registry import definitions
from pulumi_chaosreg.settings.setting import Path, Setting
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, PULL_SECRET, REPOSITORIES, SECTION


def not_yet(scopes: Collection[Scope], *, is_whole: bool) -> Iterator[Finding]:
    """What scopes ask for in vain (CHR0111). `is_whole`: whether every registry that inherits from them is there."""
    defined = [_Defined.at(scope, base) for scope in scopes for base in definitions(scope)]
    for scope in scopes:
        if not scope.settings.keys() & _KEYS:
            continue
        for base in ((), *((SECTION.registries.key, name) for name in scope.get(SECTION.registries) or ())):
            concerned = [one for one in defined if (one.owner.within(scope) and not base) or one.is_at(scope, base)]
            yield from _not_made(scope, base, concerned)
            for setting, asks, why in _NOT_YET:
                if not asks(scope.get(setting, base)):
                    continue
                vain = [one for one in concerned if not one.provisions]
                if (
                    setting.path[:1] == REPOSITORIES.PATH
                    and not vain
                    and (concerned or not (is_whole and _is_clear(scope, scopes)))
                ):
                    continue
                where = f" for `{vain[0].server}`" if 0 < len(vain) < len(concerned) else ""
                yield Finding(
                    "CHR0111",
                    f"`{'.'.join((*base, *setting.path))}` has no effect{where} in this version: {why}",
                    scope.at(*base, setting),
                    help="keep it if you like; a later version uses it",
                    severity="warning",
                )


def _not_made(scope: Scope, base: Path, concerned: Collection["_Defined"]) -> Iterator[Finding]:
    """How repositories are made, of which none are (CHR0111): nobody says `create: true` where they could be."""
    able = [one for one in concerned if one.provisions]
    if not able or any(one.creates or one.is_unclear for one in able):
        return
    for setting in REPOSITORIES.ROWS.values():
        if setting is not REPOSITORIES.create and scope.get(setting, base) is not None:
            yield Finding(
                "CHR0111",
                f"`{'.'.join((*base, *setting.path))}` has no effect: `repositories.create` is not true",
                scope.at(*base, setting),
                help="add `create: true`, or remove it",
                severity="warning",
            )


@dataclass(frozen=True, slots=True)
class _Defined:
    """A registry, where it is defined."""

    owner: Scope
    base: Path
    server: str
    provisions: bool
    """Whether we can make its repositories."""
    creates: bool
    """Whether we do."""

    @classmethod
    def at(cls, owner: Scope, base: Path) -> "_Defined":
        server = owner.value_at((*base, IMAGE_REGISTRY.server.key)) or ""
        provisions, create = registry_kind(server).provisions, own_or_inherited(owner, base, REPOSITORIES.create)
        return cls(owner, base, server, provisions, provisions and bool(create and create.value))

    @property
    def is_unclear(self) -> bool:
        """Whether something wrong is said of whether we make them."""
        own = len(self.base) > 1 and self.owner.is_unclear(*self.base, REPOSITORIES.create)
        return own or self.owner.is_unclear(REPOSITORIES.create)

    def is_at(self, owner: Scope, base: Path) -> bool:
        return self.owner is owner and self.base == base


def _is_clear(scope: Scope, scopes: Collection[Scope]) -> bool:
    """Whether nothing wrong is said of which registries there are at or below the scope."""
    return not any(one.is_unclear(row) for one in scopes if one.within(scope) for row in _WHERE)


def _is_true(value: object) -> bool:
    return value is True


def _is_said(value: object) -> bool:
    return value is not None


_UNCONFIGURED = "it does not configure repositories yet"
_NOT_YET: tuple[tuple[Setting[Any], Callable[[object], bool], str], ...] = (
    (REPOSITORIES.create, _is_true, "make them in the registry first"),
    (REPOSITORIES.immutable_tags, _is_said, _UNCONFIGURED),
    (REPOSITORIES.scan_on_push, _is_said, _UNCONFIGURED),
    (REPOSITORIES.expire_untagged_after_days, _is_said, _UNCONFIGURED),
    (REPOSITORIES.kms_key, _is_said, _UNCONFIGURED),
    (REPOSITORIES.tags, _is_said, _UNCONFIGURED),
    (REPOSITORIES.pullers, _is_said, _UNCONFIGURED),
    (REPOSITORIES.identities, _is_said, "no roles are made there"),
    (REPOSITORIES.aws, _is_said, "nothing is made there"),
    (REPOSITORIES.protect, _is_said, _UNCONFIGURED),
    (
        PULL_SECRET.adopt,
        _is_true,
        "an existing Secret stops `up`; adopt it with `pulumi import`",
    ),
)
"""(setting, which values ask for something, why nothing comes of it)."""
_WHERE = (SECTION.image_registry, SECTION.registries)
"""What says which registries there are."""
_KEYS = {SECTION.registries.key, *(setting.path[0] for setting, _, _ in _NOT_YET)}
