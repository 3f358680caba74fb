"""Waiting for scans where no registry is known to keep images back for one."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding, listed
from pulumi_chaosreg.registries.kinds import all_kinds
from pulumi_chaosreg.scopes.demand import Demand
from pulumi_chaosreg.scopes.model import Origin
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.settings.table import MIRROR

_SCANNING = [kind for kind in all_kinds().values() if kind.scans_by]


def check_scans(demands: Iterable[Demand]) -> Iterator[Finding]:
    """CHR0466. What one level says may be for one of its registries only: then nobody is told."""
    waiting: dict[str, tuple[Origin, list[Registry]]] = {}
    for demand in demands:
        policy = demand.registry.policy
        if policy and policy.wait_for_scan:
            origin = policy.wait_for_scan.origin
            waiting.setdefault(str(origin.place), (origin, []))[1].append(demand.registry)
    for origin, registries in waiting.values():
        if any(registry.kind.scans_by for registry in registries):
            continue
        servers = listed(sorted({f"`{registry.server.value}`" for registry in registries}))
        known = " and ".join(f"{kind.title} (`kind: {kind.name}`)" for kind in _SCANNING)
        yield Finding(
            "CHR0466",
            f"`{MIRROR.wait_for_scan}` has no effect: no gate for scans is known at {servers}",
            origin.place,
            notes=(("known", known),),
            help="remove it, or say the registry's kind where its `server` stands",
            severity="warning",
        )
