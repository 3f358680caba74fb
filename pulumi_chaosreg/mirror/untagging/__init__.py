"""Taking one of an image's tags away where the distribution API cannot: by the registry's own API.

Which kinds of registry that is, and how, stands in `registries/kinds.toml`.
"""

from collections.abc import Collection
from functools import cache
from importlib import import_module

from pulumi_chaosreg.credentials.login import LoginSource
from pulumi_chaosreg.mirror.untagging.protocol import Delete, DeleterOfKind, Door, KeptError, Untag, UntaggerOfKind
from pulumi_chaosreg.oci.registry import Registry
from pulumi_chaosreg.registries.kinds import registry_kind

__all__ = ["Delete", "KeptError", "Untag", "deleting", "untagging"]


def untagging(registry: Registry, login: LoginSource | None, *, named: str = "") -> Untag | None:
    """How tags are taken away there besides the distribution API's way; None where that is good enough.

    `named` is the setting that says who does it, where one does: then nobody else's identity is used.
    """
    door = Door(registry_kind(registry.server, service=registry.service), registry, login, named)
    if not door.kind.untags_by:
        return None
    made = cache(lambda: untagger(door.kind.untags_by)(door))

    def untag(repository: str, tags: Collection[str]) -> None:
        try:
            made()(repository, tags)
        except ModuleNotFoundError as missing:
            if missing.name and missing.name.startswith("pulumi_chaosreg"):
                raise
            extra = door.kind.cloud
            raise door.refused(
                f"the extra `{extra}` is not installed", f"run `pip install 'pulumi-chaosreg[{extra}]'`"
            ) from None

    return untag


def deleting(registry: Registry, login: LoginSource | None, *, named: str = "") -> Delete | None:
    """How manifests are deleted there besides the distribution API's way; None where that is good enough."""
    door = Door(registry_kind(registry.server, service=registry.service), registry, login, named)
    if not door.kind.deletes_by:
        return None
    found: DeleterOfKind = import_module(f"{__package__}.{door.kind.deletes_by}").deleter
    return found(door)


def untagger(name: str) -> UntaggerOfKind:
    """The module of this name, imported now."""
    found: UntaggerOfKind = import_module(f"{__package__}.{name}").untagger
    return found
