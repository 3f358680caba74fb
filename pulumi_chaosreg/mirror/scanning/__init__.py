"""How the scan of an image goes, by the registry's own API.

Which kinds of registry have one, and how it is asked, stands in `registries/kinds.toml`.
"""

from importlib import import_module

from pulumi_chaosreg.mirror.scanning.protocol import Scan, ScanOfKind, Stage
from pulumi_chaosreg.oci.registry import Registry
from pulumi_chaosreg.registries.kinds import registry_kind

__all__ = ["Scan", "ScanOfKind", "Stage", "scans_of"]


def scans_of(registry: Registry) -> ScanOfKind | None:
    """Who tells about scans there; None where nobody is known to."""
    name = registry_kind(registry.server, service=registry.service).scans_by
    if not name:
        return None
    found: ScanOfKind = import_module(f"{__package__}.{name}").scan
    return found
