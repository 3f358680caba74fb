"""Where a server's API is: by https, but plain http on this machine's own addresses. Nothing is resolved."""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from pulumi_chaosreg.images.servers import HUB

HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_API_HOSTS = {HUB: "registry-1.docker.io"}


def base_url(server: str) -> str:
    """The root of a server's API: https, or plain http on a loopback address (as Docker does)."""
    host = _API_HOSTS.get(server, server)
    scheme = "http" if is_loopback(urlsplit(f"//{host}").hostname or "") else "https"
    return f"{scheme}://{host}"


def is_loopback(host: str) -> bool:
    """Whether the host is this machine by its spelling: `localhost`, 127.0.0.0/8 or ::1, however they are written."""
    address = address_of(host)
    return address.is_loopback if address else plain_name(host).rpartition(".")[2] == "localhost"


def plain_name(host: str) -> str:
    """Without what makes no difference: capitals, and the dot of the root."""
    return host.lower().rstrip(".")


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is, in any spelling that the system's resolver takes for one; None for a name."""
    try:
        address = ip_address(host)
    except ValueError:
        if not HOST_NAME.fullmatch(host):
            return None
        try:
            return IPv4Address(socket.inet_aton(plain_name(host)))  # octal, hexadecimal, one number, three
        except OSError:
            return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
