"""Harness's chaos manager: a stand-in, since nobody can run it at home. `lab.harness` says what it does."""

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from lab.harness import KEYS
from lab.network import Network
from lab.ports import answers
from lab.process import Process
from lab.site import Site
from lab.state import HarnessState

ACCOUNT = "LabAccount0000000000xQ"


class Harness:
    name = "harness"
    needs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._process: Process | None = None
        self._key = f"pat.{ACCOUNT}.{secrets.token_hex(12)}"

    def describe(self) -> str:
        return "the GraphQL API of image registries of Harness's chaos manager: a stand-in"

    def build(self, network: Network) -> Mapping[str, Path]:
        return {}

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        """Nothing: it starts empty."""

    def start(self, site: Site) -> HarnessState:
        room, port = site.room(self.name), site.port(self.name)
        requests = room / "requests.jsonl"
        if self._process is None:
            words = ["--address", site.address, "--port", str(port), "--log", str(requests)]
            environment = {KEYS: f"{ACCOUNT}:{self._key}"}
            self._process = Process(
                [sys.executable, "-m", "lab.harness", *words], room / "harness.log", env=environment
            )
        self._process.start()
        self._process.wait_until(lambda: answers(site.address, port), 30)
        return HarnessState(f"http://{site.address}:{port}/gateway", ACCOUNT, self._key, str(requests))

    def stop(self, site: Site) -> None:
        if self._process:
            self._process.kill()  # what it knew is gone, as with the end of the lab

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""
