"""The one spelling of a server, by what all servers have in common: lower case, and no port that says nothing.

Who compares servers letter by letter (the kubelet and its logins, a lockfile's lines) takes two spellings for two.
"""

import re
from ipaddress import ip_address

HUB = "docker.io"
HUB_ALIASES = ("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
"""Other names of Docker Hub, which image references have, too."""
_PORT = re.compile(r"(?P<host>.+):0*(?P<port>[1-9][0-9]*)", re.DOTALL)
_NAME = re.compile(r"(?:.+\.)(?!localhost\Z)[a-z][^.]*")
"""Of a host with a dot, and none of the strange forms of an address (`0x7f.1`)."""


def spelled(text: str) -> str:
    """The server in lower case, without https's own port, and Docker Hub by one name: `docker.io`.

    The port stays where it means something: on a loopback address, which is spoken to without TLS, and behind a host
    without a dot, which image references take for a server by its port alone (`harbor:443/chaos`).
    """
    server = text.lower()
    if found := _PORT.fullmatch(server):
        host, port = found["host"], found["port"]
        server = host if port == "443" and _has_default_port(host) else f"{host}:{port}"
    return HUB if server in HUB_ALIASES else server


def _has_default_port(host: str) -> bool:
    """Whether it is spoken to by TLS at port 443, and known for a server without its port."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return bool(_NAME.fullmatch(host))
    return not (getattr(address, "ipv4_mapped", None) or address).is_loopback
