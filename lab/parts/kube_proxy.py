"""The real kube-proxy, which leads the addresses of Services to who serves them: to the API server first of all.

Started by name only, beside the controllers: Pods of most tests talk to nobody.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from lab.names import API_SERVICE
from lab.network import Network
from lab.parts.kubernetes import VERSION, is_healthy, kubernetes_programs
from lab.parts.node import NAME as NODE
from lab.parts.part import UnavailableError
from lab.ports import answers
from lab.process import Process
from lab.site import Site
from lab.state import ControlLoopState, KubernetesState

_PROGRAMS = ("iptables", "iptables-save", "iptables-restore")
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


class KubeProxy:
    name = "kube-proxy"
    needs: tuple[str, ...] = ("node",)

    def __init__(self) -> None:
        self._process: Process | None = None

    def describe(self) -> str:
        return f"kube-proxy {VERSION}: Pods reach Services, and the API server as `kubernetes.default.svc`"

    def build(self, network: Network) -> Mapping[str, Path]:
        if network != "namespace":
            raise UnavailableError("kube-proxy changes the rules of its network, which must be the lab's own")
        absent = [program for program in _PROGRAMS if not shutil.which(program, path=_PATH)]
        if absent:
            raise UnavailableError(f"not found: {', '.join(absent)}; please install iptables")
        return kubernetes_programs()

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        """Nothing."""

    def start(self, site: Site) -> ControlLoopState:
        cluster = site.sections["kubernetes"]
        assert isinstance(cluster, KubernetesState)
        health = f"{site.address}:{site.port('kube-proxy-health')}"
        log = site.room(self.name) / "kube-proxy.log"
        flags = {
            "kubeconfig": cluster.kubeconfig,
            "hostname-override": NODE,
            "proxy-mode": "iptables",
            "healthz-bind-address": health,
            "metrics-bind-address": f"127.0.0.1:{site.port('kube-proxy-metrics')}",
            # Limits of the whole machine are left alone.
            "conntrack-max-per-core": 0,
            "conntrack-min": 0,
            "conntrack-tcp-timeout-established": 0,
            "conntrack-tcp-timeout-close-wait": 0,
        }
        words = [f"--{flag}={value}" for flag, value in flags.items()]
        self._process = self._process or Process([site.bin["kube"], "proxy", *words], log, env={"PATH": _PATH})
        self._process.start()
        self._process.wait_until(lambda: is_healthy(f"http://{health}/healthz"), 60)
        self._process.wait_until(lambda: answers(API_SERVICE, 443), 60)
        return ControlLoopState(str(log))

    def stop(self, site: Site) -> None:
        # The rules that it made end with the lab's network; a new start puts them right.
        if self._process:
            self._process.kill()

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""
