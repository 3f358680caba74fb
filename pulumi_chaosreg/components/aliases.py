"""What a scope's component was called before: aliases that keep what hangs below it in the state.

The engine derives the aliases of everything below by itself: their names begin with the component's name.
"""

from collections.abc import Iterator

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
    return [_urn(types, path) for types, path in _former(scope)]


def object_aliases(
    infrastructure: Scope, urn: pulumi.Output[str], type_: str, wrapper: str
) -> list[pulumi.Input[pulumi.Alias | str]]:
    """Every URN that an object directly below an infrastructure may have in the state; before 0.2 a component `wrapper`
    was between the two. `urn` is the infrastructure's own, which may be below a component of the user's.

    All are written out: the engine derives a child's alias from the one URN that its parent was found under, and with
    the child's own type only. So it derives nothing with a wrapper, and nothing once the parent has its new URN.
    """
    wrapped = urn.apply(lambda now: "::".join(_below(*now.rsplit("::", 2), wrapper, type_)))
    former = [
        _urn((*types, *between, type_), path) for types, path in _former(infrastructure) for between in ((wrapper,), ())
    ]
    return [wrapped, *former]


def mirror_aliases(scope: Scope) -> list[pulumi.Input[pulumi.Alias | str]]:
    """The same for the mirror of the scope's registry, which moves to another stack without its component."""
    at_root = [pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]
    return [*at_root, *(_urn((MIRROR_TYPE,), path) for path in former_paths(scope))]


def _former(scope: Scope) -> Iterator[tuple[tuple[str, ...], str]]:
    """(types from the account on, name) of the scope's component as it may have been."""
    alone = (component_type(scope.level),)
    if scope.parent:
        yield alone, scope.path
    for path in former_paths(scope):
        chains = [tuple(map(component_type, levels)) for levels in levels_of_path(scope.level, path)]
        yield from ((types, path) for types in dict.fromkeys([*chains, alone]))


def _urn(types: tuple[str, ...], name: str) -> str:
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{'$'.join(types)}::{name}"


def _below(stack: str, types: str, name: str, *more: str) -> tuple[str, str, str]:
    return stack, "$".join((types, *more)), name
