"""What makes a cluster of an API server: the controllers that carry out Jobs and the like, and the scheduler.

Both are started by name only: most tests want a cluster in which nobody but they changes anything.
"""

from collections.abc import Mapping
from pathlib import Path

from lab.network import Network
from lab.parts.kubernetes import VERSION, certificate_of, control_loop, is_healthy, kubernetes_programs
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
        log = room / f"{self.name}.log"
        if self._process is None:
            self._process = control_loop(site, self.name, cluster.kubeconfig, port, log, **self.flags(site))
        self._process.start()
        self._process.wait_until(lambda: is_healthy(f"https://{site.address}:{port}/healthz"), 60)
        return ControlLoopState(str(log))

    def stop(self, site: Site) -> None:
        if self._process:
            self._process.kill()

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""


class ControllerManager(_ControlLoop):
    name = "controller-manager"

    def describe(self) -> str:
        return f"the controllers of Kubernetes {VERSION}: Jobs, CronJobs, ServiceAccounts, removal of Namespaces"

    def flags(self, site: Site) -> Mapping[str, object]:
        return {
            "service_account_private_key_file": site.room("kubernetes") / "signing.key",
            "use_service_account_credentials": "true",
            "root_ca_file": certificate_of(site),  # each Namespace gets it as `kube-root-ca.crt`
        }


class Scheduler(_ControlLoop):
    name = "scheduler"

    def describe(self) -> str:
        return f"the scheduler of Kubernetes {VERSION}: Pods need not name their node"
