"""Which of Azure's roles somebody gets on a registry: by its role assignment mode, on all of it or below one path."""

import uuid
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pulumi_chaosreg.provision.protocol import AzureSettings, OwnedRegistry

ROLES = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "AcrDelete": "c2f4ef07-c644-48eb-af81-4b1b4947fb11",
    "Container Registry Repository Reader": "b93aa761-3e63-49ed-ac28-beffa264f7ac",
    "Container Registry Repository Writer": "2a1e307c-b015-4ebd-883e-5b7698a07328",
    "Container Registry Repository Contributor": "2efddaa5-3f1f-4df3-97df-af3f13818f4c",
}
"""Azure's built-in roles, which have the same IDs everywhere (learn.microsoft.com/azure/role-based-access-control)."""
_BY_CONDITION = {
    "pull": ("Container Registry Repository Reader", ("read",)),
    "push": ("Container Registry Repository Writer", ("read", "write")),
    "delete": ("Container Registry Repository Contributor", ("read", "write", "delete")),
}
_ASSIGNMENTS = uuid.UUID("0f0b8a1c-5d0e-5b7e-9d5e-6b1f0d7a3c55")
"""What names of role assignments are made in: the same assignment has the same name in every run."""
_TYPES = {"group": "Group", "user": "User", "": "ServicePrincipal"}


class Assignment(NamedTuple):
    """A role for somebody on the registry; Azure has one of each principal and role."""

    principal: str
    principal_type: str
    role: str
    condition: str | None


def condition(registry: OwnedRegistry, verbs: Sequence[str]) -> str:
    """By which a role counts for repositories below the path alone. The slash at its end keeps out `chaos-other`."""
    repositories = "Microsoft.ContainerRegistry/registries/repositories"
    others = " AND ".join(
        f"!(ActionMatches{{'{repositories}/{what}/{verb}'}})" for what in ("content", "metadata") for verb in verbs
    )
    return f"(({others}) OR (@Request[{repositories}:name] StringStartsWithIgnoreCase '{registry.account}/'))"


def assignments(registry: OwnedRegistry, azure: AzureSettings) -> list[Assignment]:
    """Each once, in the order of the settings."""
    found: dict[tuple[str, str], Assignment] = {}
    for who, principals in azure.principals.items():
        for said in principals:
            kind, _, principal = said.rpartition(":")
            for role, limit in roles(registry, azure, who):
                one = Assignment(principal.lower(), _TYPES[kind], role, limit)
                found.setdefault((one.principal, role), one)
    return list(found.values())


def roles(registry: OwnedRegistry, azure: AzureSettings, who: str) -> Iterator[tuple[str, str | None]]:
    """AcrPull, AcrPush and AcrDelete do not count where the registry is in ABAC mode, nor conditions where not."""
    if azure.permissions == "abac":
        role, verbs = _BY_CONDITION[who]
        yield role, condition(registry, verbs)
    else:
        yield from ((role, None) for role in registry.kind.rights[who])


def rights(registry: OwnedRegistry, azure: AzureSettings, who: str) -> tuple[str, ...]:
    """The names of somebody's roles."""
    return tuple(role for role, _ in roles(registry, azure, who))


def assignment_name(scope: str, one: Assignment) -> str:
    """A GUID that is always the same for the same assignment."""
    return str(uuid.uuid5(_ASSIGNMENTS, f"{scope.lower()} {ROLES[one.role]} {one.principal}"))
