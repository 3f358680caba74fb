"""Azure Container Registry: rights for one path on a registry, and the registry itself where somebody asks for it.

Repositories come with their first push. What is made are scope maps and tokens, role assignments for principals, and
the passwords of `authentication: {type: made}`. All of it is for the registry's path, whatever images there are. What
each default is for: docs/registries/acr.md.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.provision.acr_roles import ROLES, Assignment, assignment_name, assignments, rights, roles
from pulumi_chaosreg.provision.azure_provider import provider_for
from pulumi_chaosreg.provision.protocol import (
    Access,
    AzureSettings,
    ImageRepository,
    MadeLogin,
    OwnedRegistry,
    Provisioned,
    RepositorySettings,
)
from pulumi_chaosreg.settings.yaml_file import locate

if TYPE_CHECKING:
    import pulumi
    from pulumi_azure_native import containerregistry
    from pulumi_azure_native.containerregistry import NetworkRuleSetArgsDict, RetentionPolicyArgsDict

MADE = "made"
"""Who pulls with a credential that the owner makes: tokens beside that of `pull`, whose passwords are somebody's."""
ACTIONS = {
    "pull": ("content/read",),
    MADE: ("content/read",),
    "push": ("content/read", "content/write", "metadata/read"),
    "delete": ("content/delete", "content/read", "metadata/read"),
}
"""The least that each needs of a scope map: `metadata/read` lists tags, which no kubelet does."""
_LONGEST_NAME = 50


def provision(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    images: Sequence[ImageRepository],
    *,
    parent: "pulumi.Resource | None" = None,
    before: Provisioned | None = None,
) -> Provisioned:
    """A `Registry` where that is asked for, a `ScopeMap` and a `Token` for each of `tokens`, a `RoleAssignment` for
    each of `principals`.
    """
    azure = settings.azure
    there: pulumi.Resource | None = None
    logins: dict[tuple[str, str], MadeLogin] = {}
    if azure.create_registry or azure.tokens or azure.principals or settings.made:
        provider = provider_for(registry.server, azure.subscription_id)
        there = _registry(registry, settings, parent, provider) if azure.create_registry else None
        for who in azure.tokens:
            opts = _options(settings, who, parent, there, provider)
            _token(registry, settings, who, _scope_map(registry, settings, who, opts), opts)
        pulls = rights(registry, azure, "pull")
        for one in assignments(registry, azure):
            who = "pull" if one.role in pulls else ""
            _assign(registry, azure, one, _options(settings, who, parent, there, provider))
        if settings.made:
            logins = _logins(registry, settings, parent, _options(settings, MADE, parent, there, provider))
    pull, push, delete = (
        Access(rights(registry, azure, who), username=token_name(registry, who) if who in azure.tokens else None)
        for who in ("pull", "push", "delete")
    )
    return Provisioned(
        pull=pull,
        push=push,
        delete=delete,
        node_identity=_node_identity(registry, azure),
        logins=logins,
        shared=there,
        must_exist=() if there else (f"registry `{registry_name(registry)}` in `{azure.resource_group}`",),
    ).serving(images)


def registry_name(registry: OwnedRegistry) -> str:
    """What Azure calls it: the host's first part, without the digest that a host with a domain name label has."""
    return registry.server.partition(".")[0].partition("-")[0]


def registry_id(registry: OwnedRegistry, azure: AzureSettings) -> str:
    """Its resource ID, known before it is there."""
    group = f"/subscriptions/{azure.subscription_id}/resourceGroups/{azure.resource_group}"
    return f"{group}/providers/Microsoft.ContainerRegistry/registries/{registry_name(registry)}"


def token_name(registry: OwnedRegistry, who: str, stack: str = "") -> str:
    """What a token and its scope map are called: `chaosreg-chaos-pull`. One of a stack ends in a digest, as a path and
    a stack may have the same words; so does what a name cannot have, or is too long.
    """
    plain = re.sub(r"[^a-zA-Z0-9_-]", "-", registry.account)
    of_stack = re.sub(r"[^a-zA-Z0-9_-]", "-", stack)
    name = "-".join(word for word in ("chaosreg", plain, who) if word)
    if not stack and plain == registry.account and "--" not in name and len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(f"{registry.account}/{who}/{stack}".encode()).hexdigest()[:8]
    room = _LONGEST_NAME - len(f"chaosreg--{who}-{digest}")
    return f"chaosreg-{f'{plain}-{of_stack}'[:room].strip('-_')}-{who}-{digest}"


def actions(registry: OwnedRegistry, who: str) -> list[str]:
    """What a scope map lets somebody do, below the registry's path and nowhere else."""
    return [f"repositories/{registry.account}/*/{action}" for action in ACTIONS[who]]


def _node_identity(registry: OwnedRegistry, azure: AzureSettings) -> dict[str, Any]:
    """What the kubelet identity of AKS needs, for whoever does not name it in `principals`."""
    ((role, limit),) = roles(registry, azure, "pull")
    return {"role": role, "scope": registry_id(registry, azure)} | ({"condition": limit} if limit else {})


def _registry(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    parent: "pulumi.Resource | None",
    provider: "pulumi.ProviderResource",
) -> "pulumi.Resource":
    import pulumi
    from pulumi_azure_native import containerregistry

    azure = settings.azure
    sku = azure.sku or "Standard"
    keep = pulumi.ResourceOptions(
        parent=parent,
        provider=provider,
        retain_on_delete=settings.retain,
        protect=settings.protect or None,
        # It never moves: the engine would plan to delete it with all its images. It is compared below.
        ignore_changes=["location"],
        delete_before_replace=False,
    )
    made = containerregistry.Registry(
        registry.name,
        registry_name=registry_name(registry),
        resource_group_name=azure.resource_group,
        location=azure.location,
        sku={"name": sku},
        admin_user_enabled=False,
        anonymous_pull_enabled=False,
        public_network_access="Enabled" if azure.public_network else "Disabled",
        network_rule_set=_only(azure.allowed_ips) if azure.allowed_ips else None,
        policies={"retention_policy": retention(settings)} if sku == "Premium" else None,
        tags=dict(settings.tags) or None,
        opts=keep,
    )
    made.location.apply(lambda found: _compare_locations(registry, settings, found))
    return made


def _only(addresses: Sequence[str]) -> "NetworkRuleSetArgsDict":
    return {
        "default_action": "Deny",
        "ip_rules": [{"action": "Allow", "i_p_address_or_range": one} for one in addresses],
    }


def retention(settings: RepositorySettings) -> "RetentionPolicyArgsDict":
    """Off where nobody asks: what is untagged may still run, by its digest."""
    days = settings.expire_untagged_after_days
    return {"status": "enabled", "days": days} if days else {"status": "disabled"}


def _scope_map(
    registry: OwnedRegistry, settings: RepositorySettings, who: str, opts: "pulumi.ResourceOptions"
) -> "containerregistry.ScopeMap":
    """What tokens of this name may do, below the registry's path."""
    from pulumi_azure_native import containerregistry

    return containerregistry.ScopeMap(
        f"{registry.name}/{who}",
        scope_map_name=token_name(registry, who),
        registry_name=registry_name(registry),
        resource_group_name=settings.azure.resource_group,
        actions=actions(registry, who),
        description=f"{who} {registry.path} (pulumi-chaosreg)",
        opts=opts,
    )


def _token(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    who: str,
    limits: "containerregistry.ScopeMap",
    opts: "pulumi.ResourceOptions",
    stack: str = "",
) -> "pulumi.Resource":
    """A token alone opens nothing: it has no password. It is never changed, since a change could take its passwords."""
    from pulumi_azure_native import containerregistry

    return containerregistry.Token(
        "/".join(filter(None, (registry.name, who, stack))),
        token_name=token_name(registry, who, stack),
        registry_name=registry_name(registry),
        resource_group_name=settings.azure.resource_group,
        scope_map_id=limits.id,
        status="enabled",
        opts=opts,
    )


def _logins(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    parent: "pulumi.Resource | None",
    opts: "pulumi.ResourceOptions",
) -> dict[tuple[str, str], MadeLogin]:
    """A token for all, or for each stack, and its two passwords. They end with who makes them."""
    from pulumi_chaosreg.provision.acr_passwords import logins

    limits = _scope_map(registry, settings, MADE, opts)

    def token_for(stack: str) -> "tuple[str, pulumi.Resource]":
        return token_name(registry, MADE, stack), _token(registry, settings, MADE, limits, opts, stack)

    where = registry_id(registry, settings.azure)
    return logins(registry.name, where, registry.server, settings.made, token_for, parent)


def _assign(registry: OwnedRegistry, azure: AzureSettings, one: Assignment, opts: "pulumi.ResourceOptions") -> None:
    from pulumi_azure_native import authorization

    scope = registry_id(registry, azure)
    definitions = f"/subscriptions/{azure.subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
    authorization.RoleAssignment(
        f"{registry.name}/{one.role}/{one.principal}",
        role_assignment_name=assignment_name(scope, one),
        scope=scope,
        principal_id=one.principal,
        principal_type=one.principal_type,
        role_definition_id=f"{definitions}/{ROLES[one.role]}",
        condition=one.condition,
        condition_version="2.0" if one.condition else None,
        opts=opts,
    )


def _options(
    settings: RepositorySettings,
    who: str,
    parent: "pulumi.Resource | None",
    there: "pulumi.Resource | None",
    provider: "pulumi.ProviderResource",
) -> "pulumi.ResourceOptions":
    """Rights go as soon as nobody asks for them. Those to pull alone outlive their stack where it keeps the images."""
    import pulumi

    stays = parent if who == "pull" else None  # with a registry that stays, nobody else's rights do
    return pulumi.ResourceOptions(
        parent=parent,
        provider=provider,
        deleted_with=stays if settings.retain else there,
        depends_on=[there] if there else None,
        retain_on_delete=False,
    )


def _compare_locations(registry: OwnedRegistry, settings: RepositorySettings, found: str | None) -> None:
    """RunError (CHR0473) where it is somewhere else."""
    import pulumi

    there, wanted = (found or "").replace(" ", "").lower(), settings.azure.location
    if there and there != wanted:
        finding = Finding(
            "CHR0473",
            f"registry `{registry_name(registry)}` is in `{there}`, not `{wanted}`: Azure never moves it",
            settings.places.get("azure", registry.place),
            help=f"write `location: {there}`",
        )
        raise pulumi.RunError(str(ChaosregError(locate([finding]))))
