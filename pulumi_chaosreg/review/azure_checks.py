"""What `repositories.azure` must say before a registry's rights can be made, and what no registry there can be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pulumi_chaosreg.errors import Finding, listed
from pulumi_chaosreg.scopes.demand import Demand, by_images
from pulumi_chaosreg.scopes.mirror_policy import own_or_inherited, repositories_said
from pulumi_chaosreg.scopes.model import Decided
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.settings.table import REPOSITORIES

_PREMIUM = {"allowed_ips": "rules for addresses", "public_network": "private endpoints"}
"""Key → what only this tier has."""
_OF_NEW = ("location", "sku")
"""What a registry has from the day it is made."""

_ALWAYS = ("subscription_id", "resource_group", "permissions")
_EXAMPLES = {"subscription_id": "…", "resource_group": "…", "permissions": "rbac", "location": "westeurope"}
_ASKING = {
    "subscription_id": "az account list",
    "resource_group": "az group list",
    "location": "az account list-locations",
}
"""Key → what prints the values that a registry may have that is not there yet."""


def check_azure(demands: Iterable[Demand]) -> Iterator[Finding]:
    """CHR0471 to CHR0473, once for each registry whose rights are made."""
    found: dict[Finding, None] = {}
    for demand in by_images(demands):
        registry, owner = demand.registry, demand.owner
        if owner is None or registry.kind.provisioner != "acr" or registry.is_unclear(REPOSITORIES.azure):
            continue
        said = repositories_said(owner, registry.base)
        create = said.get(REPOSITORIES.create.key)
        if create is None or not create.value or registry.is_unclear(REPOSITORIES.create):
            continue
        azure = own_or_inherited(owner, registry.base, REPOSITORIES.azure)
        if azure is None:
            found[_unsaid(registry, create, _ALWAYS)] = None
            continue
        found |= dict.fromkeys([*_lacking(registry, azure), *_tier(azure, said), *_impossible(registry, azure)])
    yield from found


def _unsaid(registry: Registry, where: Decided[Any], keys: Sequence[str], *, is_new: bool = False) -> Finding:
    lines = [f"{key}: {_EXAMPLES[key]}" for key in keys]
    is_all = where.origin.path[-1] != REPOSITORIES.azure.key
    advice = f"write `azure: {{{', '.join(lines)}}}`" if is_all else f"add {listed(f'`{one}`' for one in lines)} to it"
    if is_new:
        asking = [f"`{_ASKING[key]}`" for key in keys if key in _ASKING]
        advice += f"; see {listed(asking)}" if asking else ""
    else:
        name = registry.server.value.partition(".")[0].partition("-")[0]  # behind a `-` is Azure's own hash
        advice += f"; `az acr show --name {name}` prints what holds there"
    if "permissions" in keys and not is_new:
        advice += " (`permissions: abac` where its `roleAssignmentMode` is `AbacRepositoryPermissions`)"
    return Finding(
        "CHR0471",
        f"`repositories.azure` does not say {listed(f'`{key}`' for key in keys)} of `{registry.server.value}`",
        where.origin.place,
        help=advice,
    )


def _lacking(registry: Registry, azure: Decided[dict[str, Any]]) -> Iterator[Finding]:
    said = azure.value
    is_new = bool(said.get("create_registry"))
    unsaid = [key for key in (*_ALWAYS, *(["location"] if is_new else [])) if not said.get(key)]
    if unsaid:
        yield _unsaid(registry, azure, unsaid, is_new=is_new)
    if registry.kind.made.needs_path and not registry.account.value.strip("/"):
        yield Finding(
            "CHR0471",
            f"`{registry.server.value}` has no path: rights would be for every repository of the registry",
            registry.account_place,
            help="write `account: chaos`, or another path that nobody else uses",
        )


def _tier(azure: Decided[dict[str, Any]], repositories: Mapping[str, Decided[Any]]) -> Iterator[Finding]:
    said, days = azure.value, repositories.get(REPOSITORIES.expire_untagged_after_days.key)
    is_new = bool(said.get("create_registry"))
    usual = (None, True) if is_new else (None,)
    asked = [(key, what, azure) for key, what in _PREMIUM.items() if said.get(key) not in usual]
    asked += [("expire_untagged_after_days", "retention of untagged images", days)] if days else []
    asked = [(key, "", azure) for key in _OF_NEW if not is_new and said.get(key)] + asked
    for key, what, where in asked:
        if not is_new:
            advice = "remove it, and set it at the registry itself, or write `create_registry: true` for a new one"
            message = f"`{key}` cannot be set: the registry is there already, and stays as it is"
        elif said.get("sku") != "Premium":
            advice = "write `sku: Premium`, which costs more, or remove it"
            message = f"`{key}` cannot be set: only the tier Premium has {what}"
        else:
            continue
        yield Finding("CHR0472", message, where.origin.place, help=advice)


def _impossible(registry: Registry, azure: Decided[dict[str, Any]]) -> Iterator[Finding]:
    said, host = azure.value, registry.server.value
    if not said.get("create_registry"):
        return
    name = host.partition(".")[0]
    if said.get("permissions") == "abac":
        yield Finding(
            "CHR0473",
            "a registry in ABAC mode cannot be made here: Pulumi's provider knows no such setting",
            azure.origin.place,
            help=f"run `az acr create --name {name} --role-assignment-mode rbac-abac …` and remove `create_registry`",
        )
    if not (name.isalnum() and 5 <= len(name) <= 50):
        yield Finding(
            "CHR0473",
            f"Azure would not make a registry for `{host}`: names have 5 to 50 letters and digits",
            registry.place,
            help="correct the server; a host with a `-` is given by Azure, so that registry must exist already",
        )
