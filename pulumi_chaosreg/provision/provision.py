"""From a registry to the module that makes what it needs. `registries/kinds.toml` is the table."""

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provision.protocol import (
    ImageRepository,
    OwnedRegistry,
    Provisioned,
    Provisioner,
    RepositorySettings,
)

if TYPE_CHECKING:
    import pulumi


def provision(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    images: Sequence[ImageRepository],
    *,
    parent: "pulumi.Resource | None" = None,
    before: Provisioned | None = None,
) -> Provisioned:
    """What one owner's images go to, made by its kind's module where `settings.create` says so.

    ChaosregError (CHR0480) where the module needs an extra that is not installed.
    """
    if before and before.serves_all:
        return before.serving(images)
    kind = registry.kind
    try:
        make = provisioner(kind.provisioner if settings.create else "generic")
        return make(registry, settings, images, parent=parent, before=before)
    except ModuleNotFoundError as missing:
        if not missing.name or missing.name.startswith("pulumi_chaosreg"):
            raise
        raise ChaosregError.of(
            "CHR0480",
            f"repositories on `{registry.server}` ({kind.title}) need the Python package `{missing.name}`",
            help=f"run `pip install 'pulumi-chaosreg[{kind.extra}]'`, or make them yourself and write "
            "`repositories: {create: false}`",
        ) from None


def provisioner(name: str) -> Provisioner:
    """The provisioner of this name; its module is imported now."""
    found: Provisioner = import_module(f"pulumi_chaosreg.provision.{name}").provision
    return found
