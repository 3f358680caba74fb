"""From what stack files say about a registry to what provisioners get: plain values."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from pulumi_chaosreg.provision.protocol import (
    AzureSettings,
    CloudAccess,
    HarborSettings,
    MadeCredential,
    OwnedRegistry,
    Pullers,
    RepositorySettings,
    RoleSettings,
)
from pulumi_chaosreg.scopes.made_by_owner import made_at
from pulumi_chaosreg.scopes.mirror_policy import repositories_said
from pulumi_chaosreg.scopes.model import Scope, nearest
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.trust import trusted
from pulumi_chaosreg.settings.azure_tables import IDENTITIES
from pulumi_chaosreg.settings.harbor_grammars import quota_bytes
from pulumi_chaosreg.settings.table import REPOSITORIES, SECTION

if TYPE_CHECKING:
    import pulumi


def owned_registry(owner: Scope, registry: Registry, name: str) -> OwnedRegistry:
    """The registry as provisioners know it."""
    server, account = registry.server.value, registry.account.value.strip("/")
    return OwnedRegistry(server, account, registry.kind, name, owner.path, place=registry.place)


def repository_settings(
    owner: Scope,
    registry: Registry,
    day: date,
    login: "pulumi.Input[Any] | None" = None,
    stacks: Iterable[str] = (),
) -> RepositorySettings:
    """What the owner says about the repositories of its registry, on this day. `login` is the value of
    `repositories.login`; `stacks` are those whose infrastructures pull from it.
    """
    decided = repositories_said(owner, registry.base)
    said = {key: one.value for key, one in decided.items()}
    pullers = said.pop(REPOSITORIES.pullers.key, None) or {}
    members = said.pop(REPOSITORIES.members.key, None) or {}
    roles = said.pop(REPOSITORIES.identities.key, None) or {}
    access = said.pop(REPOSITORIES.aws.key, None) or {}
    said.pop(REPOSITORIES.login.key, None)
    azure = said.pop(REPOSITORIES.azure.key, None) or {}
    harbor = said.pop(REPOSITORIES.harbor.key, None) or {}
    destroys = nearest(owner, SECTION.on_destroy)
    return RepositorySettings(
        **said,
        pullers=Pullers(
            tuple(pullers.get("accounts", ())), tuple(pullers.get("roles", ())), pullers.get("organization", "")
        ),
        members={who: tuple(members[who]) for who in ("pull", "push", "delete") if members.get(who)},
        roles=RoleSettings(
            {who: trusted(roles[who]["trust"]) for who in ("push", "pull", "delete") if roles.get(who)},
            path=roles.get("path", "/"),
            permissions_boundary=roles.get("permissions_boundary", ""),
        ),
        aws=CloudAccess(**access),
        login=login,
        made=tuple(_to_make(registry, stacks, day)),
        day=day,
        azure=_at_azure(azure),
        harbor=_harbor(registry, harbor, deletes=destroys is not None and destroys.value == "delete"),
        with_signatures=registry.policy is None or registry.policy.copies_signatures,
        retain=destroys is None or destroys.value == "retain",
        places={key: one.origin.place for key, one in decided.items()},
    )


def _to_make(registry: Registry, stacks: Iterable[str], day: date) -> Iterator[MadeCredential]:
    """This turn's and the former one's, for all or for each stack: what goes with the former one is still in use."""
    if made := made_at(registry):
        users = sorted(set(stacks))
        for stack in users if made.per_stack else users and [""]:
            for turn in made.turns(day):
                yield MadeCredential(stack, turn.slot, turn.number, turn.ends, made.lifetime_days)


def _at_azure(said: dict[str, Any]) -> AzureSettings:
    principals = said.get("principals", {})
    plain = {key: tuple(value) if isinstance(value, list) else value for key, value in said.items()}
    return AzureSettings(
        **plain | {"principals": {who: tuple(principals[who]) for who in IDENTITIES if principals.get(who)}}
    )


def _harbor(registry: Registry, said: Mapping[str, Any], *, deletes: bool) -> HarborSettings:
    policy = registry.policy
    pushes = policy is not None and policy.push is None
    removes = deletes and policy is not None and policy.delete is None and policy.push is None
    quota = said.get("quota")
    given = {key: value for key, value in said.items() if key not in ("quota", "public")}
    return HarborSettings(
        public=said.get("public", registry.type.value == "public"),
        quota=quota_bytes(quota) if quota else None,
        robots=(*(("push",) if pushes else ()), *(("delete",) if removes else ())),
        **given,
    )
