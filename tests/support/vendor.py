"""A vendor's registry under its real name: a real distribution by TLS, which the mirror finds behind a company's proxy,
and the node as containerd's configuration of that name says. Its control plane, its tokens and its limits are not here.
"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from lab.node_files import CERTIFICATES
from lab.ports import free_port
from lab.registry import RegistryServer
from lab.state import load
from tests.support.certificates import Certificate
from tests.support.connect_proxy import ConnectProxy


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
    signer, address = trustme.CA(), "127.0.0.1"
    signer.cert_pem.write_to_path(folder / "authority.pem")
    made = signer.issue_cert(host, address)
    certificate = Certificate(folder / "registry.pem", folder / "registry.key")
    made.cert_chain_pems[0].write_to_path(certificate.certificate)
    made.private_key_pem.write_to_path(certificate.key)
    server = RegistryServer(folder / host, port=free_port(address), logins=logins, extra=certificate.settings)
    at_node = Path(load().node.containerd).parent / CERTIFICATES / name
    at_node.mkdir(parents=True)
    (at_node / "hosts.toml").write_text(
        f'server = "https://{server.host}"\n\n[host."https://{server.host}"]\n'
        f'  capabilities = ["pull", "resolve"]\n  ca = "{folder / "authority.pem"}"\n',
        "utf-8",
    )
    try:
        with server, ConnectProxy({f"{host}:443": server.port}) as proxy:
            direct = ",".join(("localhost", address, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
            environment = {"HTTPS_PROXY": f"http://{proxy.host}", "SSL_CERT_FILE": str(folder / "authority.pem")}
            yield Vendor(server, {**environment, "NO_PROXY": direct, "no_proxy": direct})
    finally:
        shutil.rmtree(at_node)
