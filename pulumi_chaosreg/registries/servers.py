"""The one spelling of a server and of the path on it.

A server has several names, and what compares them letter by letter (a docker config's keys, the kubelet, two scopes
with one registry) takes them for different ones.
"""

import re
from ipaddress import ip_address

from pulumi_chaosreg.registries.kinds import all_kinds

_PORT = re.compile(r"(?P<host>.+):0*(?P<port>[1-9][0-9]*)", re.DOTALL)
_NAME = re.compile(r"(?:.+\.)(?!localhost\Z)[a-z][^.]*")
"""Of a host with a dot, and none of the strange forms of an address (`0x7f.1`)."""


def canonical_server(text: str) -> str:
    """The server in lower case, without https's own port, and Docker Hub by one name: `docker.io`.

    The port stays where it means something: on a loopback address, which is spoken to without TLS, and behind a host
    without a dot, which image references take for a server by its port alone (`harbor:443/chaos`).
    """
    server = text.lower()
    if found := _PORT.fullmatch(server):
        host, port = found["host"], found["port"]
        server = host if port == "443" and _has_default_port(host) else f"{host}:{port}"
    return next((_only_host(kind.name) for kind in all_kinds().values() if server in kind.aliases), server)


def account_path(text: str) -> str:
    """The path on a server without slashes around it: `/chaos/` is `chaos`."""
    return text.strip("/")


def _has_default_port(host: str) -> bool:
    """Whether it is spoken to by TLS at port 443, and known for a server without its port."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return bool(_NAME.fullmatch(host))
    return not (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _only_host(kind: str) -> str:
    """Of a kind with aliases."""
    (form,) = all_kinds()[kind].hosts
    return form.shown
