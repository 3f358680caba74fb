"""Google's and Azure's side of a pull from their registries: stand-ins, since nobody can run them at home."""

import sys

from lab.names import CLOUDS
from lab.parts.before_registry import BeforeRegistry
from lab.parts.kubernetes import kubeconfig_of
from lab.ports import answers
from lab.process import Process
from lab.registry import RegistryServer
from lab.site import Site
from lab.state import CloudState


class Cloud(BeforeRegistry):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()

    def describe(self) -> str:
        return (
            f"{self.name.title()}'s logins and a registry under its real name, {CLOUDS[self.name].registry}: a stand-in"
        )

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
            command = [sys.executable, "-m", "lab.clouds.front", self.name, *words]
            self._process = Process(command, room / f"{self.name}.log")
        self._process.start()
        self._process.wait_until(lambda: answers(cloud.address, 443), 30)
        return CloudState(cloud.registry, str(room / "authority.pem"), behind.host)
