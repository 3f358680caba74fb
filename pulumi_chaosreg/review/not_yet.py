"""Settings that are part of the format and that this version does nothing about: said, never passed over."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.settings.table import PULL_SECRET


def not_yet(scopes: Iterable[Scope]) -> Iterator[Finding]:
    """What scopes ask for in vain (CHR0111)."""
    for scope in scopes:
        if scope.get(PULL_SECRET.adopt):
            yield Finding(
                "CHR0111",
                f"`{PULL_SECRET.adopt}` has no effect in this version: an existing Secret stops `up`; adopt it with "
                "`pulumi import`",
                scope.at(PULL_SECRET.adopt),
                help="keep it if you like; a later version uses it",
                severity="warning",
            )
