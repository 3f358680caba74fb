"""The registry that stands for docker.io: anonymous, filled with stand-ins of Harness's images."""

import json
from collections.abc import Mapping
from pathlib import Path

from lab.images import copy_storage, filled_storage
from lab.network import Network
from lab.parts.registry import registry_programs
from lab.registry import RegistryServer
from lab.site import Site
from lab.state import UpstreamState


class Upstream:
    name = "upstream"
    needs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._server: RegistryServer | None = None

    def describe(self) -> str:
        return "a registry that stands for docker.io/harness, filled with stand-in images"

    def build(self, network: Network) -> Mapping[str, Path]:
        programs = registry_programs()
        filled_storage(programs["registry"])
        return programs

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        source = filled_storage(programs["registry"])
        room = folder / self.name
        copy_storage(source, room / "storage")
        (room / "digests.json").write_bytes((source.parent / "digests.json").read_bytes())

    def start(self, site: Site) -> UpstreamState:
        room = site.room(self.name)
        self._server = self._server or RegistryServer(room, port=site.port(self.name), binary=site.bin["registry"])
        self._server.start()
        digests = json.loads((room / "digests.json").read_text("utf-8"))
        return UpstreamState(self._server.host, str(self._server.log), digests)

    def stop(self, site: Site) -> None:
        if self._server:
            self._server.stop()

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""
