"""From a registry to the module that looks at what is there: the one that is called like its kind's provisioner."""

from importlib import import_module
from importlib.util import find_spec

from pulumi_chaosreg.adoption.protocol import Adopter, AdopterOfKind
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provision.protocol import OwnedRegistry, RepositorySettings
from pulumi_chaosreg.registries.kinds import RegistryKind


def can_adopt(kind: RegistryKind) -> bool:
    """Whether this version can look at what a registry of this kind has."""
    return kind.provisions and find_spec(_module(kind)) is not None


def adopter(registry: OwnedRegistry, settings: RepositorySettings) -> Adopter:
    """Who asks this registry; its module is imported now.

    ChaosregError: CHR0490 where the module needs an extra that is not installed; and what the kind's own module says.
    """
    kind = registry.kind
    try:
        make: AdopterOfKind = import_module(_module(kind)).adopter
    except ModuleNotFoundError as missing:
        if not missing.name or missing.name.startswith("pulumi_chaosreg"):
            raise
        package = missing.name.partition(".")[0]
        raise ChaosregError.of(
            "CHR0490",
            f"looking at `{registry.server}` ({kind.title}) needs the Python package `{package}`",
            help=f"run `pip install 'pulumi-chaosreg[{kind.cloud or kind.extra}]'`",
        ) from None
    return make(registry, settings)


def _module(kind: RegistryKind) -> str:
    return f"{__package__}.{kind.provisioner}"
