"""A vendor's registry under its real name: a real distribution by TLS, which the mirror finds behind a company's proxy,
and the node as containerd's configuration of that name says. Its control plane and its limits are not here; who gets in
is a list of logins, or what one of the lab's clouds decides.
"""

import shutil
import subprocess
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import trustme

from lab.aws.authority import Authority
from lab.clouds.answers import Answer, Asked, Decide
from lab.clouds.front import CloudFront
from lab.node_files import CERTIFICATES, signed_by_toml
from lab.ports import free_port
from lab.registry import RegistryServer
from lab.state import load
from tests.support.certificates import Certificate
from tests.support.connect_proxy import ConnectProxy

_ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Vendor:
    registry: RegistryServer
    environment: Mapping[str, str]
    """Of whoever goes through the company's proxy; this machine's own addresses are asked directly."""


@contextmanager
def vendor(
    folder: Path, name: str, host: str, logins: Mapping[str, str], content: Mapping[str, str] | None = None
) -> Iterator[Vendor]:
    """`name` as images have it, `host` as it is spoken to: `docker.io`, `registry-1.docker.io`. `content`: what it has
    from the beginning, `repository:tag` → where that is copied from.
    """
    folder.mkdir(parents=True)
    if content:
        with RegistryServer(folder / host) as plain:
            for target, source in content.items():
                words = ["crane", "copy", "--insecure", source, f"{plain.host}/{target}"]
                subprocess.run(words, check=True, capture_output=True)
    signer, authority = trustme.CA(), folder / "authority.pem"
    signer.cert_pem.write_to_path(authority)
    made = signer.issue_cert(host, _ADDRESS)
    certificate = Certificate(folder / "registry.pem", folder / "registry.key")
    made.cert_chain_pems[0].write_to_path(certificate.certificate)
    made.private_key_pem.write_to_path(certificate.key)
    server = RegistryServer(folder / host, port=free_port(_ADDRESS), logins=logins, extra=certificate.settings)
    with (
        _known_to_the_node(name, server.host, authority),
        server,
        ConnectProxy({f"{host}:443": server.port}) as proxy,
    ):
        yield Vendor(server, _environment(proxy, authority))


@contextmanager
def vendors(folder: Path, doors: Mapping[str, Decide]) -> Iterator[dict[str, Vendor]]:
    """By host, each with the one who decides about it; all of them behind one proxy."""
    folder.mkdir(parents=True)
    authority = Authority(folder)
    with ExitStack() as running:
        found = {host: running.enter_context(RegistryServer(folder / host)) for host in doors}
        ports = {
            host: running.enter_context(_front(host, door, found[host], authority)) for host, door in doors.items()
        }
        for host, port in ports.items():
            # by this name, since the authority's certificates are for names
            running.enter_context(_known_to_the_node(host, f"localhost:{port}", authority.certificate))
        proxy = running.enter_context(ConnectProxy({f"{host}:443": port for host, port in ports.items()}))
        environment = _environment(proxy, authority.certificate)
        yield {host: Vendor(server, environment) for host, server in found.items()}


def by_password(logins: Collection[tuple[str, str]]) -> Decide:
    """Whoever has one of these, which may change, gets in, with each request; nobody else does."""

    def decide(asked: Asked) -> Answer | None:
        if asked.basic in logins:
            return None
        refused = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
        return Answer(401, refused, {"WWW-Authenticate": 'Basic realm="lab"', "Content-Type": "application/json"})

    return decide


@contextmanager
def _front(host: str, decide: Decide, behind: RegistryServer, authority: Authority) -> Iterator[int]:
    """The port at which it is this host, by whatever name it is called."""
    server = CloudFront((_ADDRESS, 0), lambda asked: decide(replace(asked, host=host)), behind.host, authority)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _known_to_the_node(name: str, at: str, authority: Path) -> Iterator[None]:
    folder = Path(load().node.containerd).parent / CERTIFICATES / name
    folder.mkdir(parents=True)
    (folder / "hosts.toml").write_text(signed_by_toml(at, str(authority)), "utf-8")
    try:
        yield
    finally:
        shutil.rmtree(folder)


def _environment(proxy: ConnectProxy, authority: Path) -> dict[str, str]:
    direct = ",".join(("localhost", _ADDRESS, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
    return {
        "HTTPS_PROXY": f"http://{proxy.host}",
        "SSL_CERT_FILE": str(authority),
        "NO_PROXY": direct,
        "no_proxy": direct,
    }
