"""What makes a cluster of an API server: the controllers that carry out Jobs and the like, and the scheduler.

Both are started by name only: most tests want a cluster in which nobody but they changes anything.
"""

import ssl
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from lab.network import Network
from lab.parts.kubernetes import VERSION, kubernetes_programs
from lab.process import Process
from lab.site import Site
from lab.state import ControlLoopState, KubernetesState


class _ControlLoop:
    """A program that watches the API server and reacts."""

    name: str
    needs: tuple[str, ...] = ("kubernetes",)

    def __init__(self) -> None:
        self._process: Process | None = None

    def flags(self, site: Site) -> Mapping[str, object]:
        """What it wants besides what both want."""
        return {}

    def build(self, network: Network) -> Mapping[str, Path]:
        return kubernetes_programs()

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        """Nothing."""

    def start(self, site: Site) -> ControlLoopState:
        cluster = site.sections["kubernetes"]
        assert isinstance(cluster, KubernetesState)
        room, port = site.room(self.name), site.port(self.name)
        flags = {
            "kubeconfig": cluster.kubeconfig,
            "leader-elect": "false",
            "bind-address": site.address,
            "secure-port": port,
            **self.flags(site),
        }
        words = [f"--{flag}={value}" for flag, value in flags.items()]
        log = room / f"{self.name}.log"
        self._process = self._process or Process([site.bin["kube"], self.name, *words], log)
        self._process.start()
        self._process.wait_until(lambda: _is_healthy(f"https://{site.address}:{port}/healthz"), 60)
        return ControlLoopState(str(log))

    def stop(self, site: Site) -> None:
        if self._process:
            self._process.kill()

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""


class ControllerManager(_ControlLoop):
    name = "controller-manager"

    def describe(self) -> str:
        return f"the controllers of Kubernetes {VERSION}: Jobs, default ServiceAccounts, removal of Namespaces"

    def flags(self, site: Site) -> Mapping[str, object]:
        key = site.room("kubernetes") / "signing.key"
        return {"service-account-private-key-file": key, "use-service-account-credentials": "true"}


class Scheduler(_ControlLoop):
    name = "scheduler"

    def describe(self) -> str:
        return f"the scheduler of Kubernetes {VERSION}: Pods need not name their node"


def _is_healthy(url: str) -> bool:
    # Its certificate is its own and new with every start: there is nothing to compare it with, and nothing is sent.
    anyone = ssl._create_unverified_context()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=anyone))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
