"""The private registry that images are mirrored into: distribution with password logins."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from lab.gobuild import GoBuild
from lab.network import Network
from lab.registry import RegistryServer
from lab.site import Site
from lab.state import Login, RegistryState


def registry_programs() -> dict[str, Path]:
    """The registry, and clients that were not written by us."""
    return GoBuild(
        "registry",
        "3.1.1",
        {
            "registry": "github.com/distribution/distribution/v3/cmd/registry",
            "crane": "github.com/google/go-containerregistry/cmd/crane",
            "regctl": "github.com/regclient/regclient/cmd/regctl",
        },
        cold="1 min",
    ).ensure()


class Registry:
    name = "registry"
    needs: tuple[str, ...] = ()

    def __init__(self) -> None:
        # Distribution knows no rights per user: both logins may do everything. They differ in the log.
        self._pull = Login("puller", secrets.token_urlsafe(18))
        self._push = Login("pusher", secrets.token_urlsafe(18))
        self._server: RegistryServer | None = None

    def describe(self) -> str:
        return "a private registry with password logins, the target of the mirror; crane and regctl"

    def build(self, network: Network) -> Mapping[str, Path]:
        return registry_programs()

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        """Nothing: it starts empty."""

    def start(self, site: Site) -> RegistryState:
        if not self._server:
            logins = {login.username: login.password for login in (self._pull, self._push)}
            port, binary = site.port(self.name), site.bin["registry"]
            self._server = RegistryServer(site.room(self.name), logins=logins, port=port, binary=binary)
        server = self._server.start()
        return RegistryState(server.host, self._pull, self._push, str(server.log), str(server.storage))

    def stop(self, site: Site) -> None:
        if self._server:
            self._server.stop()

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""
