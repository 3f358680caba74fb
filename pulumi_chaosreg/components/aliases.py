"""What a scope's component was called before: aliases that keep what hangs below it in the state.

The engine derives the aliases of everything below by itself: their names begin with the component's name.
"""

import pulumi

from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.scopes.moves import former_paths, levels_of_path

MIRROR_TYPE = "chaosreg:index:ImageMirror"


def component_type(level: Level) -> str:
    """The type token of a level's component."""
    return f"chaosreg:index:{level.capitalize()}"


def aliases_of(scope: Scope) -> list[pulumi.Input[pulumi.Alias | str]]:
    """Every URN that the scope's component may have in the state: below another parent, under another path, and at the
    root, which is what `pulumi state move` makes of it.
    """
    at_root = [pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)] if scope.parent else []
    return [*at_root, *(urn for path in former_paths(scope) for urn in _urns(scope.level, path))]


def mirror_aliases(scope: Scope) -> list[pulumi.Input[pulumi.Alias | str]]:
    """The same for the mirror of the scope's registry, which moves to another stack without its component."""
    at_root = [pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]
    return [*at_root, *(_urn((MIRROR_TYPE,), path) for path in former_paths(scope))]


def _urns(level: Level, path: str) -> list[str]:
    chains = [tuple(map(component_type, levels)) for levels in levels_of_path(level, path)]
    return [_urn(types, path) for types in dict.fromkeys([*chains, (component_type(level),)])]


def _urn(types: tuple[str, ...], name: str) -> str:
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{'$'.join(types)}::{name}"
