"""A registry that has the referrers API, and cosign, which makes and checks real signatures."""

from collections.abc import Mapping
from pathlib import Path

from lab.gobuild import GoBuild
from lab.network import Network
from lab.olareg import OlaregServer
from lab.site import Site
from lab.state import OlaregState


class Olareg:
    name = "olareg"
    needs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._server: OlaregServer | None = None

    def describe(self) -> str:
        return "a registry with the referrers API, empty, without logins; and cosign"

    def build(self, network: Network) -> Mapping[str, Path]:
        return GoBuild(
            "cosign",
            "3.0.5",
            {
                "olareg": "github.com/olareg/olareg/cmd/olareg",
                "cosign": "github.com/sigstore/cosign/v3/cmd/cosign",
            },
            cold="3 min",
        ).ensure()

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        """Nothing: it starts empty."""

    def start(self, site: Site) -> OlaregState:
        room = site.room(self.name)
        self._server = self._server or OlaregServer(room, port=site.port(self.name), binary=site.bin["olareg"])
        return OlaregState(self._server.start().host)

    def stop(self, site: Site) -> None:
        if self._server:
            self._server.stop()

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""
