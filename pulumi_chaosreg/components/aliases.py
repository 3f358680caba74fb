"""What a scope's component was called before: aliases that keep what hangs below it in the state.

The engine derives the aliases of everything below by itself: their names begin with the component's name.
"""

from collections.abc import Iterator

import pulumi

from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.component_names import (
    IMAGE_TYPE,
    MIRROR_TYPE,
    REPOSITORIES_TYPE,
    component_type,
    mirror_name,
)
from pulumi_chaosreg.scopes.model import Level, Scope, nearest
from pulumi_chaosreg.scopes.moves import former_paths, levels_of_path
from pulumi_chaosreg.scopes.registry import Registry, chooser, joined
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY


def aliases_of(scope: Scope) -> list[pulumi.Input[pulumi.Alias | str]]:
    """Every URN that the scope's component may have in the state: below another parent, under another path, and at the
    root, which is what `pulumi state move` makes of it.
    """
    return [_urn(types, path) for types, path in _former(scope)]


def object_aliases(
    infrastructure: Scope, urn: pulumi.Output[str], type_: str, wrapper: str | None, suffix: str = ""
) -> list[pulumi.Input[pulumi.Alias | str]]:
    """Every URN that an object directly below an infrastructure may have in the state; before 0.2 a component `wrapper`
    was between the two. `urn` is the infrastructure's own, which may be below a component of the user's; `suffix` is
    what the object's resource is called after it.

    All are written out: the engine derives a child's alias from the one URN that its parent was found under, and with
    the child's own type only. So it derives nothing with a wrapper, and nothing once the parent has its new URN.
    """
    between = [(wrapper,), ()] if wrapper else [()]
    former = [
        _urn((*types, *one, type_), f"{path}{suffix}") for types, path in _former(infrastructure) for one in between
    ]
    if wrapper is None:
        return [*former]
    return [urn.apply(lambda now: "::".join(_below(*now.rsplit("::", 2), wrapper, type_))), *former]


def mirror_aliases(scope: Scope, registry: Registry) -> list[pulumi.Input[pulumi.Alias | str]]:
    """The same for the mirror into a registry of a scope, which moves to another stack without its component. Before
    0.2 a scope had one mirror, which was called like the scope.
    """
    at_root: list[pulumi.Input[pulumi.Alias | str]] = [pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]
    former = former_paths(scope)
    at_root += [_urn((MIRROR_TYPE,), mirror_name(old, registry.path)) for old in former]
    if not was_nameless(scope, registry):
        return at_root
    nameless = [_urn((MIRROR_TYPE,), old) for old in (scope.path, *former)]
    return [*at_root, pulumi.Alias(name=scope.path), *nameless]


def repositories_aliases(scope: Scope, registry: Registry) -> list[pulumi.Input[pulumi.Alias | str]]:
    """The same for the repositories of a registry, which there were not before 0.2."""
    former = [_urn((REPOSITORIES_TYPE,), mirror_name(old, registry.path)) for old in former_paths(scope)]
    return [pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE), *former]


def was_nameless(owner: Scope, registry: Registry) -> bool:
    """Whether this is what a scope's only registry before 0.2 has become: the one that it still writes without a name,
    or else the named one that it chooses for itself.
    """
    if registry.name:
        return chooser(owner)[1] == registry.name
    return registry.path == joined(registry.server.value, _own_account(owner))


def short_before(owner: Scope, registry: Registry, image: Reference) -> str | None:
    """What an image of a scope's only registry was called before 0.2, below the scope; None for other registries."""
    if registry.name and not was_nameless(owner, registry):
        return None
    account = registry.account.value.strip("/") if registry.name else _own_account(owner)
    path = f"{image.repository}:{image.tag}"
    return path.removeprefix(f"{account}/") if account else path


def _own_account(owner: Scope) -> str:
    said = nearest(owner, IMAGE_REGISTRY.account)
    return said.value.strip("/") if said else ""


def image_name(scope: Scope, scope_path: str, tagged: str) -> str:
    """What a mirrored image (`server/repository:tag`) is called. It begins with its mirror's name, so that the engine
    finds it when that one moves; an account's images have no other scope before them.
    """
    return tagged if scope.level is Level.ACCOUNT else mirror_name(scope_path, tagged)


def image_aliases(scope: Scope, registry: Registry, image: Reference) -> list[pulumi.Input[pulumi.Alias | str]]:
    """Every URN that a mirrored image may have."""
    tagged, below = image.tagged, short_before(scope, registry, image)
    chains = [(*types, MIRROR_TYPE, IMAGE_TYPE) for types, _ in _former(scope)] + [(MIRROR_TYPE, IMAGE_TYPE)]
    paths = [scope.path, *former_paths(scope)]
    names = [image_name(scope, path, tagged) for path in paths]
    aliases: list[pulumi.Input[pulumi.Alias | str]] = []
    if below is not None:
        short = [below] if scope.level is Level.ACCOUNT else [f"{path}/{below}" for path in paths]
        aliases.append(pulumi.Alias(name=short[0]))
        names += short
    return [*aliases, *(_urn(types, name) for types in dict.fromkeys(chains) for name in dict.fromkeys(names))]


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
