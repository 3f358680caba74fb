"""Whether an owner's stack makes the repositories of a registry, and who does."""

from typing import TypeVar

from pulumi_chaosreg.scopes.mirror_policy import own_or_inherited
from pulumi_chaosreg.scopes.model import Decided
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.settings.setting import Setting
from pulumi_chaosreg.settings.table import REPOSITORIES

T = TypeVar("T")


def said_of(registry: Registry, setting: Setting[T]) -> Decided[T] | None:
    """What counts for this registry; None where nobody says, or says something else that is wrong."""
    if registry.owner is None or registry.is_unclear(setting):
        return None
    return own_or_inherited(registry.owner, registry.base, setting)


def is_made(registry: Registry) -> bool:
    """Whether its repositories are made."""
    create = said_of(registry, REPOSITORIES.create)
    return registry.kind.provisions and create is not None and create.value


def making_login(registry: Registry) -> Decided[str] | None:
    """NAME of the credential that makes them; None where none is needed, or none is said."""
    return said_of(registry, REPOSITORIES.login) if registry.kind.made.login and is_made(registry) else None


def logins_of_owner(registry: Registry) -> list[Decided[str]]:
    """NAMEs of what the owner's stack logs in with there, to make repositories and to fill them."""
    login = making_login(registry)
    return [*([login] if login else []), *(registry.policy.credentials.values() if registry.policy else ())]
