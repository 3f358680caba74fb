"""A real node: containerd and the kubelet, so that Pods run and images are pulled as in any cluster."""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lab import cgroups, kubeapi, node, node_identity, private_folders
from lab.deadline import wait_for
from lab.errors import LabError
from lab.names import resolv_conf
from lab.network import Network, unmount_below
from lab.node_files import PAUSE_IMAGE, POD_LOGS, containerd_toml, kubelet_yaml, network_json
from lab.oci_image import archive, image, layer
from lab.parts.kubernetes import kubernetes_programs
from lab.parts.node_programs import node_programs, other_kubelet
from lab.parts.part import UnavailableError
from lab.process import Process
from lab.programs import program
from lab.site import Site
from lab.state import KubernetesState, NodeState

NAME = "lab"

_GROUP = "k8s.io"  # named after containerd's namespace; nothing lets one choose


class Node:
    name = "node"
    needs: tuple[str, ...] = ("kubernetes",)

    def __init__(self) -> None:
        self._containerd: Process | None = None
        self._kubelet: Process | None = None

    def describe(self) -> str:
        return "a kubelet with containerd: Pods with `nodeName: lab` really run"

    def build(self, network: Network) -> Mapping[str, Path]:
        if network != "namespace":
            raise UnavailableError("containerd and the kubelet need root and namespaces of the lab's own")
        other = other_kubelet()
        if other:
            raise UnavailableError(f"another kubelet runs on this machine (pid {other})")
        identity = node_identity.credential_provider()
        return {**node_programs(), **kubernetes_programs(), **identity, "pause": program("pause")}

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        """Nothing: it pulls its images from the lab's registries."""

    def start(self, site: Site) -> NodeState:
        room = site.room(self.name)
        cluster = site.sections["kubernetes"]
        assert isinstance(cluster, KubernetesState)
        private_folders.cover(room)
        self._write_files(site, room)
        state = NodeState(NAME, str(room / "containerd.sock"), str(site.bin["ctr"]), str(room / POD_LOGS))
        for registry in ("registry", "upstream"):  # also where it is not started yet: its port is known
            node.allow_plain_http(f"127.0.0.1:{site.port(registry)}", state)
        self._containerd = self._containerd or Process(
            [site.bin["containerd"], "--config", room / "containerd.toml"], room / "containerd.log"
        )
        self._containerd.start()
        self._containerd.wait_until(lambda: _works(state, "version"), 60)
        self._import_pause_image(room, state, site.bin["pause"])
        self._kubelet = self._kubelet or self._new_kubelet(site, room, cluster)
        self._kubelet.start()
        self._kubelet.wait_until(lambda: _is_ready(cluster), 90)
        return state

    def stop(self, site: Site) -> None:
        for process in (self._kubelet, self._containerd):
            if process:
                process.kill()
        room = site.room(self.name)
        for group in _groups(room):
            cgroups.kill(group)
        _kill_shims(room)
        unmount_below(room)
        private_folders.uncover(room)
        self.forget(site.folder)

    def forget(self, folder: Path) -> None:
        room = folder / self.name
        for group in _groups(room):
            cgroups.remove(group)
        if room.exists():
            cgroups.remove_if_empty(_GROUP)
        private_folders.forget(room)

    def _write_files(self, site: Site, room: Path) -> None:
        files = {
            "containerd.toml": containerd_toml(room, site.bin["runc"], site.bin["cni"]),
            "kubelet.yaml": kubelet_yaml(
                room, resolv_conf(site.folder), site.port("kubelet"), site.port("kubelet-health")
            ),
            "cni/10-lab.conflist": network_json(room),
        }
        for name, text in files.items():
            (room / name).parent.mkdir(exist_ok=True)
            (room / name).write_text(text, "utf-8")

    def _new_kubelet(self, site: Site, room: Path, cluster: KubernetesState) -> Process:
        flags = {
            "config": room / "kubelet.yaml",
            "kubeconfig": cluster.kubeconfig,
            "root-dir": room / "kubelet",
            "cert-dir": room / "kubelet-certificates",
            "hostname-override": NAME,
            "node-ip": site.address,
            **self._identity(site, room),
        }
        words = [f"--{flag}={value}" for flag, value in flags.items()]
        return Process([site.bin["kube"], "kubelet", *words], room / "kubelet.log")

    def _identity(self, site: Site, room: Path) -> dict[str, Path]:
        # Also where AWS is not started yet: its port is known.
        endpoint = f"http://{site.address}:{site.port('aws')}"
        return node_identity.write_files(room, site.bin["ecr-credential-provider"], endpoint)

    def _import_pause_image(self, room: Path, state: NodeState, pause: Path) -> None:
        if PAUSE_IMAGE in node.images(state):
            return
        machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
        made = image(machine, [layer({"/pause": pause.read_bytes()}, mode=0o755)], {"Entrypoint": ["/pause"]})
        packed = room / "pause.tar"
        packed.write_bytes(archive(made, PAUSE_IMAGE))
        node.ctr(state, "images", "import", "--snapshotter", "native", str(packed))


def _works(state: NodeState, *words: str) -> bool:
    with suppress(LabError):
        node.ctr(state, *words)
        return True
    return False


def _is_ready(cluster: KubernetesState) -> bool:
    """Whether the API server says that the node is Ready."""
    found = kubeapi.get(cluster, f"/api/v1/nodes/{NAME}")
    conditions = found.get("status", {}).get("conditions", []) if found else []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _groups(room: Path) -> list[str]:
    """The cgroups of the containers that this containerd has, or had when it was killed."""
    return [f"{_GROUP}/{path.name}" for path in (room / "state").glob("io.containerd.runtime.v2.task/k8s.io/*")]


def _kill_shims(room: Path) -> None:
    """End the processes that containerd leaves running on purpose: one per Pod."""
    ours = f"\0{room}/containerd.sock\0".encode()

    def gone() -> bool:
        left = False
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
                if b"containerd-shim" in words and ours in words:
                    os.kill(int(entry.name), signal.SIGKILL)
                    left = True
        return not left

    wait_for(gone, 5)
