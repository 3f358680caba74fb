"""Google's and Azure's side of a pull from their registries: stand-ins, since nobody can run them at home."""

import sys
from collections.abc import Mapping
from pathlib import Path

from lab.names import CLOUDS
from lab.network import Network
from lab.parts.kubernetes import kubeconfig_of
from lab.parts.registry import registry_programs
from lab.ports import answers
from lab.process import Process
from lab.registry import RegistryServer
from lab.site import Site
from lab.state import CloudState


class Cloud:
    needs: tuple[str, ...] = ()

    def __init__(self, name: str) -> None:
        self.name = name
        self._process: Process | None = None
        self._behind: RegistryServer | None = None

    def describe(self) -> str:
        return (
            f"{self.name.title()}'s logins and a registry under its real name, {CLOUDS[self.name].registry}: a stand-in"
        )

    def build(self, network: Network) -> Mapping[str, Path]:
        return registry_programs()

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        """Nothing: it starts empty."""

    def start(self, site: Site) -> CloudState:
        room, cloud = site.room(self.name), CLOUDS[self.name]
        behind = self._behind = self._behind or RegistryServer(
            room / "behind", port=site.port(f"{self.name}-behind"), binary=site.bin["registry"]
        )
        behind.start()
        if site.network != "namespace":  # nobody would find the names, and port 443 is not ours
            return CloudState("", "", behind.host)
        if self._process is None:
            words = ["--address", cloud.address, "--room", str(room), "--behind", behind.host]
            words += ["--cluster", str(kubeconfig_of(site))]  # also where it is not started yet
            command = [sys.executable, "-m", "lab.cloud_front", self.name, *words]
            self._process = Process(command, room / f"{self.name}.log")
        self._process.start()
        self._process.wait_until(lambda: answers(cloud.address, 443), 30)
        return CloudState(cloud.registry, str(room / "authority.pem"), behind.host)

    def stop(self, site: Site) -> None:
        if self._process:
            self._process.kill()  # what it knew is gone, as with the end of the lab
        if self._behind:
            self._behind.stop()

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""
