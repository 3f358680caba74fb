"""Registries that are named and that nobody uses."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.registry import Definition
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.table import SECTION


def check_registries(scopes: Iterable[Scope], configs: Iterable[ResolvedConfig]) -> Iterator[Finding]:
    """CHR0216: a hint, since a name may be written before it is needed."""
    every = list(configs)
    if any(config.infrastructure.is_unclear(SECTION.image_registry) for config in every):
        return  # who would choose it is told to be wrong
    used = {(config.owner, config.registry.name) for config in every}
    for scope in scopes:
        for name in scope.get(SECTION.registries) or ():
            below = any(config.infrastructure.within(scope) for config in every)
            if below and (scope, name) not in used:
                yield Finding(
                    "CHR0216",
                    f"nobody uses the registry `{name}`, so nothing is made or mirrored for it",
                    scope.at(*Definition(scope, name).base),
                    help=f"write `image_registry: {name}` where it is meant, or remove it",
                    severity="hint",
                )
