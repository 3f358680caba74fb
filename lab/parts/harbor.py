"""Harbor: a stand-in in front of a real registry. `lab.harbor` says what it does."""

import secrets
import sys

from lab.harbor import PASSWORD
from lab.parts.before_registry import BeforeRegistry
from lab.ports import answers, free_port
from lab.process import Process
from lab.registry import RegistryServer
from lab.site import Site
from lab.state import HarborState, Login

_ADDRESS = "127.0.0.1"


class Harbor(BeforeRegistry):
    name = "harbor"

    def __init__(self) -> None:
        super().__init__()
        self._admin = Login("admin", "Aa1" + secrets.token_urlsafe(18))
        self._port = 0

    def describe(self) -> str:
        return "Harbor's API v2.0, token service and registry: a stand-in before a real registry"

    def start(self, site: Site) -> HarborState:
        room = site.room(self.name)
        requests = room / "requests.jsonl"
        self._port = self._port or free_port(_ADDRESS)  # loopback, as the private registry: plain http is for it alone
        self._behind = self._behind or RegistryServer(room / "behind", binary=site.bin["registry"])
        self._behind.start()
        if self._process is None:
            words = ["--address", _ADDRESS, "--port", str(self._port), "--behind", self._behind.host]
            command = [sys.executable, "-m", "lab.harbor", *words, "--log", str(requests)]
            environment = {PASSWORD: self._admin.password}
            self._process = Process(command, room / "harbor.log", env=environment)
        self._process.start()
        self._process.wait_until(lambda: answers(_ADDRESS, self._port), 30)
        host = f"{_ADDRESS}:{self._port}"
        return HarborState(host, f"http://{host}", self._admin, str(requests))
