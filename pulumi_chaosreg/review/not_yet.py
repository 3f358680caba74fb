"""Settings that are part of the format and that this version does nothing about: said, never passed over."""

from collections.abc import Callable, Mapping

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.model import Scope


def not_yet(scope: Scope) -> list[Finding]:
    """What one scope asks for in vain (CHR0111)."""
    if not any(path[0] in scope.settings for path in _NOT_YET):
        return []
    said = ((path, scope.get(path), without_effect, why) for path, (without_effect, why) in _NOT_YET.items())
    return [
        Finding(
            "CHR0111",
            f"`{'.'.join(path)}` has no effect in this version: {why}",
            scope.at(*path),
            help="it may stay; a later version acts on it",
            severity="warning",
        )
        for path, value, without_effect, why in said
        if without_effect(value)
    ]


_NOT_YET: Mapping[tuple[str, ...], tuple[Callable[[object], bool], str]] = {
    ("repositories", "create"): (lambda value: value is True, "make them in the registry first"),
    ("repositories", "immutable_tags"): (lambda value: value is not None, "repositories are not configured yet"),
    ("repositories", "scan_on_push"): (lambda value: value is not None, "repositories are not configured yet"),
    ("repositories", "expire_untagged_after_days"): (
        lambda value: value is not None,
        "repositories are not configured yet",
    ),
    ("pull_secret", "adopt"): (
        lambda value: value is True,
        "a Secret that is there already stops `up`; take it over with `pulumi import`",
    ),
}
"""Path → (which values ask for something, why nothing comes of it)."""
