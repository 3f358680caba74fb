"""Every host that an infrastructure's images make somebody ask: what firewalls and proxies have to let through."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.server_address import base_url
from pulumi_chaosreg.registries.artifactory import named
from pulumi_chaosreg.registries.aws import partition
from pulumi_chaosreg.registries.azure import azure_cloud
from pulumi_chaosreg.registries.kinds import RegistryKind, registry_kind
from pulumi_chaosreg.registries.servers import canonical_server
from pulumi_chaosreg.scopes.delivery import How
from pulumi_chaosreg.scopes.made_by_owner import made_at
from pulumi_chaosreg.scopes.making import is_made, said_of
from pulumi_chaosreg.scopes.publication import Publication
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.table import CLUSTER, REPOSITORIES

_HTTPS, _HTTP = 443, 80


class Who(StrEnum):
    """Who asks."""

    CI = "CI"  # `chaosreg lock`, `chaosreg mirror` and `pulumi up`
    NODES = "nodes"
    REFRESHER = "refresher"


@dataclass(frozen=True, slots=True, order=True)
class Asked:
    """One reason to ask one host."""

    host: str
    """A `*` in it stands for one name that nobody knows beforehand."""
    port: int
    who: Who
    why: str


def asked(config: ResolvedConfig) -> Iterator[Asked]:
    """All that one infrastructure needs; the clusters' own API servers are known to whoever reaches them."""
    registry = config.registry
    server, kind = registry.server.value, registry.kind
    if registry.policy:
        for source in {image.source.server for image in config.images if image.source}:
            yield from _registry(source, Who.CI, "source")
        yield from _registry(server, Who.CI, "mirror")
        yield from _hosts(kind.reach.login, server, kind, Who.CI, f"login at {server}")
        deletes = registry.policy.on_destroy is not None and registry.policy.on_destroy.value == "delete"
        yield from _hosts(kind.reach.delete if deletes else (), server, kind, Who.CI, f"deletions at {server}")
    if is_made(registry):
        yield from _makers(registry)
    for pulled in {server, *(image.reference.server for image in config.images)}:
        yield from _registry(pulled, Who.NODES, "pulls")
    provider = config.of_cluster().get(CLUSTER.provider.key, "")
    for delivery, of, of_kind in (
        *([(config.delivery, server, kind)] if config.delivery else []),
        *((one.delivery, one.registry.server.value, one.registry.kind) for one in config.others),
    ):
        who, reach = {How.NODE_IDENTITY: Who.NODES, How.REFRESHER: Who.REFRESHER}.get(delivery.how.value), of_kind.reach
        logins = (delivery.refresher and reach.refresh) or reach.login
        if reach.nodes is not None and who is Who.NODES and of_kind.has_nodes_on(provider):
            logins = reach.nodes
        if delivery.refresher:
            yield from _registry(
                canonical_server(Reference.parse(delivery.refresher.image.value).server),
                Who.NODES,
                "the refresher's image",
            )
        if who:
            yield from _hosts(logins, of, of_kind, who, f"login at {of}")


def _makers(registry: Registry) -> Iterator[Asked]:
    """Whose API makes the repositories, and pull credentials with them."""
    server, kind = registry.server.value, registry.kind
    why, reach = f"repositories at {server}", kind.reach
    yield from _hosts(reach.make, server, kind, Who.CI, why)
    if made_at(registry):
        yield from _hosts(reach.make_logins, server, kind, Who.CI, f"pull credentials of {server}")
    if kind.made.shared_name:
        key = said_of(registry, REPOSITORIES.repository_key)
        platform = named(server, registry.account.value, key.value if key else "").platform
        yield _asked(f"https://{platform}", Who.CI, why)
    elif not reach.make:
        yield _asked(base_url(server), Who.CI, why)


def asked_for_record(record: Publication) -> Asked:
    """What a level asks that is published in Harness."""
    return _asked(record.endpoint.value, Who.CI, "Harness's API")


def _asked(url: str, who: Who, why: str) -> Asked:
    """Whoever answers at this address."""
    address = urlsplit(url)
    port = address.port or (_HTTPS if address.scheme == "https" else _HTTP)
    return Asked(address.hostname or "", port, who, why)


def _registry(server: str, who: Who, why: str) -> Iterator[Asked]:
    """Whoever answers for this server, in all that a copy or a pull needs."""
    kind = registry_kind(server)
    yield _asked(base_url(server), who, why)
    yield from _hosts(kind.reach.tokens, server, kind, who, f"tokens of {server}")
    yield from _hosts(kind.reach.blobs, server, kind, who, f"layers of {server}")


def _hosts(forms: Iterable[str], server: str, kind: RegistryKind, who: Who, why: str) -> Iterator[Asked]:
    region = kind.region(server) or ""
    known = {
        "region": region,
        "aws": partition(region).suffix,
        "entra": azure_cloud(server).authority,
        "arm": azure_cloud(server).manager,
        "server": server.partition(":")[0],
        "name": server.partition(".")[0],
    }
    yield from (Asked(form.format(**known), _HTTPS, who, why) for form in forms)
