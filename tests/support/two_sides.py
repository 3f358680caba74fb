"""The two sides of an air gap: a machine that reaches the sources, and one that reaches what it has doors to."""

import base64
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from lab.errors import LabError
from lab.ports import free_port
from lab.registry import RegistryServer
from lab.state import LabState, Login
from lab.workspace import Workspace
from tests.support.air_gap import AirGap, Door
from tests.support.certificates import Authority
from tests.support.connect_proxy import ConnectProxy

HUB = "registry-1.docker.io"
_ROOT = Path(__file__).parents[2]


@contextmanager
def outside(folder: Path, lab: LabState, authority: Authority) -> Iterator[dict[str, str]]:
    """The environment of commands that find the lab's upstream as docker.io: by a proxy, since nothing else here knows
    that name.
    """
    assert lab.upstream
    filled = {"storage": {"filesystem": {"rootdirectory": str(Path(lab.upstream.log).parent / "storage")}}}
    settings = {**authority.issue(HUB).settings, **filled}
    with (
        RegistryServer(folder / HUB, port=free_port("127.0.0.1"), extra=settings) as hub,
        ConnectProxy({f"{HUB}:443": hub.port}) as proxy,
    ):
        known = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
        yield {**known, "HTTPS_PROXY": f"http://{proxy.host}", "SSL_CERT_FILE": str(authority.certificate)}


class Inside(Workspace):
    """A project on a machine behind the gap, whose home is new; what it runs reaches the doors' servers alone."""

    def __init__(self, folder: Path, home: Path, gap: AirGap, environment: Mapping[str, str]) -> None:
        super().__init__(folder)
        home.mkdir()
        self._gap = gap
        engine = str(Path(shutil.which("pulumi") or "pulumi").parent)
        python = str(Path(sys.base_prefix) / "bin")
        path = os.pathsep.join((engine, python, os.defpath))
        # The CLI looks for the home of this user, whatever HOME says.
        self.environment = {"HOME": str(home), "PULUMI_HOME": str(home / ".pulumi"), "PATH": path, **environment}

    def use_checkout(self, lab: LabState) -> None:
        """Nothing has to be installed here: the checkout and the lab's plugins, with what docs/air-gap.md exports."""
        assert lab.engine
        self.environment |= {
            "PATH": os.pathsep.join((str(_ROOT / ".venv/bin"), self.environment["PATH"])),
            "PYTHONPATH": str(_ROOT),
            "PULUMI_HOME": lab.engine.home,
            "PULUMI_BACKEND_URL": (self.folder / ".backend").as_uri(),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PIP_DISABLE_PIP_VERSION_CHECK": "true",
        }

    def run(self, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """As any workspace does, behind the gap."""
        return super().run(*self._gap.words(), *command, check=check)

    def log_in(self, host: str, login: Login) -> None:
        """For whoever works here."""
        logged_in(Path(self.environment["HOME"]) / ".docker", host, login)


def logged_in(folder: Path, host: str, login: Login) -> Path:
    """The folder, with what `docker login` leaves."""
    folder.mkdir()
    auth = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}), "utf-8")
    return folder


def door_to_cluster(lab: LabState) -> Door:
    """The lab's API server, at the address that its kubeconfig names."""
    assert lab.kubernetes
    there = urlsplit(lab.kubernetes.server)
    if not there.hostname or not there.port:
        raise LabError(f"no address: {lab.kubernetes.server}")
    return Door(there.hostname, there.port, (there.hostname, there.port))


def pack_kubernetes_plugin(lab: LabState, archive: Path) -> None:
    """The lab's plugin for Kubernetes, in the form in which Pulumi offers it."""
    assert lab.engine
    name = "pulumi-resource-kubernetes"
    folder = Path(lab.engine.home) / "plugins" / f"resource-kubernetes-v{version('pulumi-kubernetes')}"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder / name, name)
