"""A real Kubernetes API: etcd, kube-apiserver, and the two controllers without which nothing can be removed.

An object that is deleted in the foreground waits for the garbage collector, and a Namespace for whoever empties it. No
other controllers: nobody but tests makes anything, and Namespaces get no `default` ServiceAccount.
"""

import base64
import secrets
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import yaml

from lab.gobuild import GoBuild
from lab.names import SERVICES
from lab.network import Network
from lab.ports import answers
from lab.process import Process
from lab.programs import program
from lab.site import Site, write_private
from lab.state import KubernetesState

VERSION = "1.34.3"
CONTEXTS = ["prod-eu", "prod-us", "staging"]
"""One machine has one cluster: all contexts lead to the same API server."""

ISSUER = "https://issuer.chaosreg-lab.example/cluster"
"""Of the tokens of ServiceAccounts. As on EKS it is not the server's address: clouds know a cluster by it."""

_FLAG = "-X k8s.io/component-base/version.git"


def kubernetes_programs() -> dict[str, Path]:
    """`kube`: API server, kubelet and the rest in one program."""
    minor = VERSION.split(".")[1]
    flags = f"-s -w {_FLAG}Version=v{VERSION} {_FLAG}Major=1 {_FLAG}Minor={minor}"
    return GoBuild("kubernetes", VERSION, {"kube": "."}, cold="6 min", ldflags=flags).ensure()


class Kubernetes:
    name = "kubernetes"
    needs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._token = secrets.token_urlsafe(24)
        self._etcd: Process | None = None
        self._server: Process | None = None
        self._remover: Process | None = None

    def describe(self) -> str:
        return f"etcd, the Kubernetes API server {VERSION}, garbage collector and removal of Namespaces"

    def build(self, network: Network) -> Mapping[str, Path]:
        etcd = GoBuild("etcd", "3.6.13", {"etcd": "go.etcd.io/etcd/server/v3"}, cold="half a minute")
        return {**etcd.ensure(), **kubernetes_programs(), "signing-key": program("signing-key")}

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        """Nothing: keys and certificates are made at the start."""

    def start(self, site: Site) -> KubernetesState:
        room, port = site.room(self.name), site.port(self.name)
        store = f"http://127.0.0.1:{site.port('etcd')}"
        self._etcd = self._etcd or _etcd(site, room, store)
        self._etcd.start()
        self._server = self._server or self._api_server(site, room, store)
        self._etcd.wait_until(lambda: answers("127.0.0.1", site.port("etcd")), 30)
        self._server.start()
        url = f"https://{site.address}:{port}"
        certificate = certificate_of(site)
        self._server.wait_until(lambda: self._ready(url, certificate), 90)
        kubeconfig = kubeconfig_of(site)
        write_private(kubeconfig, yaml.safe_dump(self._kubeconfig(url, certificate), sort_keys=False))
        self._remover = self._remover or _remover(site, room, kubeconfig)
        self._remover.start()
        healthy = f"https://{site.address}:{site.port('remover')}/healthz"
        self._remover.wait_until(lambda: is_healthy(healthy), 60)
        return KubernetesState(str(kubeconfig), url, list(CONTEXTS), ISSUER)

    def stop(self, site: Site) -> None:
        # A polite end of an API server takes as long as its longest watch; etcd keeps what was written.
        for process in (self._remover, self._server, self._etcd):
            if process:
                process.kill()

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""

    def _api_server(self, site: Site, room: Path, store: str) -> Process:
        key = subprocess.run([site.bin["signing-key"]], capture_output=True, text=True, check=True).stdout
        write_private(room / "signing.key", key)
        write_private(room / "tokens.csv", f'{self._token},admin,admin,"system:masters"\n')
        flags = {
            "etcd-servers": store,
            "bind-address": site.address,
            "advertise-address": site.address,
            "secure-port": site.port(self.name),
            "cert-dir": room / "certificates",
            "service-account-key-file": room / "signing.key",
            "service-account-signing-key-file": room / "signing.key",
            "service-account-issuer": ISSUER,
            "token-auth-file": room / "tokens.csv",
            "authorization-mode": "RBAC",
            "service-cluster-ip-range": SERVICES,
            "feature-gates": "ImageVolume=true",  # as from 1.35 on: volumes pull images, too
            # Pods find it by the Service `kubernetes`, whose endpoint may not be a loopback address.
            "endpoint-reconciler-type": "lease" if site.network == "namespace" else "none",
        }
        words = [f"--{flag}={value}" for flag, value in flags.items()]
        return Process([site.bin["kube"], "apiserver", *words], room / "apiserver.log")

    def _ready(self, url: str, certificate: Path) -> bool:
        request = urllib.request.Request(f"{url}/readyz", headers={"Authorization": f"Bearer {self._token}"})
        try:
            trust = ssl.create_default_context(cafile=str(certificate))
            with urllib.request.urlopen(request, timeout=2, context=trust) as answer:
                return bool(answer.status == 200)
        except (OSError, ssl.SSLError, urllib.error.URLError):
            return False

    def _kubeconfig(self, url: str, certificate: Path) -> dict[str, object]:
        authority = base64.b64encode(certificate.read_bytes()).decode()
        cluster = {"server": url, "certificate-authority-data": authority}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster} for name in CONTEXTS],
            "users": [{"name": "admin", "user": {"token": self._token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": "admin"}} for name in CONTEXTS],
            "current-context": CONTEXTS[0],
        }


def kubeconfig_of(site: Site) -> Path:
    """Its file; there as soon as the cluster has been up once."""
    return site.room(Kubernetes.name) / "kubeconfig"


def certificate_of(site: Site) -> Path:
    """Of the API server, good for its Service, too; with the authority that it has made for itself."""
    return site.room(Kubernetes.name) / "certificates" / "apiserver.crt"


def is_healthy(url: str) -> bool:
    """Whether a control loop says so."""
    # Its certificate is its own and new with every start: there is nothing to compare it with, and nothing is sent.
    anyone = ssl._create_unverified_context()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=anyone))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def control_loop(site: Site, kind: str, kubeconfig: Path | str, port: int, log: Path, **flags: object) -> Process:
    """A program that watches the API server and reacts: `controller-manager` or `scheduler`."""
    every = {
        "kubeconfig": kubeconfig,
        "leader-elect": "false",
        "bind-address": site.address,
        "secure-port": port,
        **{name.replace("_", "-"): value for name, value in flags.items()},
    }
    return Process([site.bin["kube"], kind, *(f"--{flag}={value}" for flag, value in every.items())], log)


def _remover(site: Site, room: Path, kubeconfig: Path) -> Process:
    only = "garbage-collector-controller,namespace-controller"
    return control_loop(
        site, "controller-manager", kubeconfig, site.port("remover"), room / "remover.log", controllers=only
    )


def _etcd(site: Site, room: Path, store: str) -> Process:
    peer = f"http://127.0.0.1:{site.port('etcd-peer')}"
    flags = {
        "data-dir": room / "etcd",
        "listen-client-urls": store,
        "advertise-client-urls": store,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
        "log-level": "warn",
    }
    words = [f"--{flag}={value}" for flag, value in flags.items()]
    # A crash of the machine may lose this cluster: it lives as long as the lab.
    return Process([site.bin["etcd"], *words, "--unsafe-no-fsync"], room / "etcd.log")
