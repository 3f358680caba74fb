"""Two registries that are made and have something in common at their vendor: `up` would make it twice."""

from collections.abc import Hashable, Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.registries.made_things import made_thing
from pulumi_chaosreg.registries.servers import identity
from pulumi_chaosreg.scopes.demand import Demand, by_images
from pulumi_chaosreg.scopes.making import is_made, said_of
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.registry import Registry, definitions, is_same
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, REPOSITORIES
from pulumi_chaosreg.settings.yaml_file import Lines

_UNCLEAR = (IMAGE_REGISTRY.server, IMAGE_REGISTRY.account, IMAGE_REGISTRY.kind, REPOSITORIES.repository_key)


def check_made_twice(demands: Iterable[Demand]) -> Iterator[Finding]:
    """CHR0474, once for each registry that is not the first to have what it would make."""
    made: dict[tuple[Scope, str], Registry] = {}
    for demand in by_images(demands):
        registry, owner = demand.registry, demand.owner
        if owner is not None and is_made(registry) and not any(registry.is_unclear(row) for row in _UNCLEAR):
            made.setdefault((owner, registry.path), registry)
    first: dict[Hashable, tuple[Scope, Registry]] = {}
    lines = Lines()
    for owner, registry in sorted(((owner, one) for (owner, _), one in made.items()), key=_order):
        for key, words in _made_by(registry):
            of_first, other = first.setdefault(key, (owner, registry))
            if other is registry or (is_same(registry.path, other.path) and _is_told(owner, registry, of_first, other)):
                continue
            yield Finding(
                "CHR0474",
                f"`{registry.path}` and `{other.path}` are both made, and would both make {words}",
                registry.account_place,
                notes=(("the other one", str(lines.located(other.account_place))),),
                help=_advice(registry),
            )
            break  # the rest is of the same two


def _order(one: tuple[Scope, Registry]) -> tuple[int, str, int, str]:
    """Who comes first is above, or stands first in the file."""
    owner, registry = one
    defined: list[Path] = list(definitions(owner))
    number = defined.index(registry.base) if registry.base in defined else len(defined)
    return owner.level.rank, owner.path, number, registry.path


def _made_by(registry: Registry) -> Iterator[tuple[Hashable, str]]:
    """(what is made, the same in words), the largest first."""
    server, account = registry.server.value, registry.account.value
    said = said_of(registry, REPOSITORIES.repository_key)
    if thing := made_thing(registry.kind, server, account, said.value if said else ""):
        yield thing, f"{thing.what} `{thing.name}`"
    azure = said_of(registry, REPOSITORIES.azure) if registry.kind.made.is_taken(REPOSITORIES.azure.key) else None
    if azure is None:
        return
    if azure.value.get("create_registry"):
        yield ("registry", identity(server)), f"registry `{server}`"
    for who, principals in azure.value.get("principals", {}).items():
        for principal in principals:
            name = principal.rpartition(":")[2].lower()
            # Azure has one assignment of each principal and role on a registry, whatever its condition
            for role in (who,) if azure.value.get("permissions") == "abac" else registry.kind.rights[who]:
                yield ("role", identity(server), name, role), f"the role assignment by which `{principal}` may {who}"


def _is_told(owner: Scope, registry: Registry, of_first: Scope, other: Registry) -> bool:
    """Whether two definitions of one path are told already: names that one scope sees, or two who fill it (CHR0311)."""
    return owner is of_first or (registry.policy is not None and other.policy is not None)


def _advice(registry: Registry) -> str:
    alone = "have what they share made once: "
    if registry.name:
        return f"{alone}write `repositories: {{create: false}}` in `{registry.name}`, or let both be one registry"
    return f"{alone}let both be one registry, or write `repositories: {{create: false}}` where one of them is defined"
