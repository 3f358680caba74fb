"""The lab's registries as Pods reach them: at the bridge's address, with TLS, by a private authority's certificates."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from lab.network import BRIDGE_ADDRESS
from lab.ports import free_port
from lab.registry import RegistryServer
from lab.state import LabState


@dataclass(frozen=True)
class Doors:
    """Two more processes over the storage of the lab's upstream and private registry."""

    upstream: str
    target: str
    target_server: RegistryServer
    authority: str
    """PEM."""


@contextmanager
def doors(folder: Path, lab: LabState, login: tuple[str, str]) -> Iterator[Doors]:
    """The upstream for everybody; the private registry for this login only."""
    assert lab.upstream
    assert lab.registry
    authority = trustme.CA()
    certificate = authority.issue_cert(BRIDGE_ADDRESS)
    folder.mkdir()
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    tls = {"certificate": str(folder / "certificate.pem"), "key": str(folder / "key.pem")}

    def door(name: str, storage: Path, logins: dict[str, str]) -> RegistryServer:
        port = free_port(BRIDGE_ADDRESS)
        below = {"filesystem": {"rootdirectory": str(storage)}}
        extra = {"http": {"addr": f":{port}", "tls": tls}, "storage": below}
        return RegistryServer(folder / name, port=port, logins=logins, extra=extra)

    upstream = door("upstream", Path(lab.upstream.log).parent / "storage", {})
    target = door("target", Path(lab.registry.storage), dict([login]))
    with upstream, target:
        hosts = [f"{BRIDGE_ADDRESS}:{server.port}" for server in (upstream, target)]
        yield Doors(*hosts, target, authority.cert_pem.bytes().decode())
    shutil.rmtree(folder)
