"""Settings that are part of the format and that this version does nothing about: said, never passed over."""

from collections.abc import Callable
from typing import Any

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.settings.setting import Setting
from pulumi_chaosreg.settings.table import PULL_SECRET, REPOSITORIES, SECTION


def not_yet(scope: Scope) -> list[Finding]:
    """What one scope asks for in vain (CHR0111)."""
    if not scope.settings.keys() & _KEYS:
        return []
    definitions = scope.get(SECTION.registries) or {}
    asked = [
        (base, setting, why)
        for base in ((), *((SECTION.registries.key, name) for name in definitions))
        for setting, asks, why in _NOT_YET
        if asks(scope.get(setting, base))
    ]
    return [
        Finding(
            "CHR0111",
            f"`{'.'.join((*base, *setting.path))}` has no effect in this version: {why}",
            scope.at(*base, setting),
            help="it may stay; a later version acts on it",
            severity="warning",
        )
        for base, setting, why in asked
    ]


def _is_true(value: object) -> bool:
    return value is True


def _is_said(value: object) -> bool:
    return value is not None


_UNCONFIGURED = "repositories are not configured yet"
_UNPUBLISHED = "nothing is written into Harness yet"
_NOT_YET: tuple[tuple[Setting[Any], Callable[[object], bool], str], ...] = (
    (REPOSITORIES.create, _is_true, "make them in the registry first"),
    (REPOSITORIES.immutable_tags, _is_said, _UNCONFIGURED),
    (REPOSITORIES.scan_on_push, _is_said, _UNCONFIGURED),
    (REPOSITORIES.expire_untagged_after_days, _is_said, _UNCONFIGURED),
    (SECTION.harness_id, _is_said, _UNPUBLISHED),
    (SECTION.environment, _is_said, _UNPUBLISHED),
    (
        PULL_SECRET.adopt,
        _is_true,
        "a Secret that is there already stops `up`; take it over with `pulumi import`",
    ),
)
"""(setting, which values ask for something, why nothing comes of it)."""
_KEYS = {SECTION.registries.key, *(setting.path[0] for setting, _, _ in _NOT_YET)}
