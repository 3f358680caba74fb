"""Which kind of registry a server is, by its host. The table is `kinds.toml`."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class RegistryKind:
    """One kind of registry."""

    name: str
    hosts: tuple[re.Pattern[str], ...]
    authentication: tuple[str, ...]
    """The authentication types that its pulls accept, beside a Secret that is there already."""
    cloud: str | None = None
    """Whose identity opens it: `aws`, `gcp` or `azure`; None for those that know users only."""

    def region(self, server: str) -> str | None:
        """The cloud region that the server's name tells; None where it tells none."""
        for pattern in self.hosts:
            found = pattern.fullmatch(_host(server))
            if found and "region" in pattern.groupindex:
                return found["region"]
        return None


def registry_kind(server: str, said: str | None = None) -> RegistryKind:
    """The kind of this server: what its host tells, or else what the settings say, or else `generic`."""
    kinds = _kinds()
    host = _host(server)
    told = next((kind for kind in kinds.values() if any(p.fullmatch(host) for p in kind.hosts)), kinds["generic"])
    return kinds.get(said, told) if said and told.name == "generic" else told


def _host(server: str) -> str:
    return server.partition(":")[0].lower()


@cache
def _kinds() -> dict[str, RegistryKind]:
    table = tomllib.loads(files(__package__).joinpath("kinds.toml").read_text("utf-8"))
    return {
        name: RegistryKind(
            name, tuple(map(re.compile, entry["hosts"])), tuple(entry["authentication"]), entry.get("cloud")
        )
        for name, entry in table.items()
    }
