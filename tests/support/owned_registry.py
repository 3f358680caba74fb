"""A registry that the account `acme` owns."""

from pulumi_chaosreg.provision.protocol import OwnedRegistry
from pulumi_chaosreg.registries.kinds import registry_kind


def owned_registry(server: str, account: str = "chaos", *, kind: str | None = None) -> OwnedRegistry:
    """`kind` where the server's name does not say it."""
    return OwnedRegistry(server, account, registry_kind(server, kind), name=f"acme:{server}/{account}", owner="acme")
