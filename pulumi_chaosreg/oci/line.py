"""The line below HTTP: whom this machine really connects to for a server, and a socket that leads there.

For whoever wants to know where a connection fails. Requests go by `transport.py`, which makes its own lines.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Self
from urllib.parse import urlsplit

from pulumi_chaosreg.images.server_address import base_url
from pulumi_chaosreg.oci.broken_connection import CONNECT
from pulumi_chaosreg.oci.proxies import Proxy, proxy_for

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Line:
    """From this machine to one server, by the same rules as all requests."""

    host: str
    """The server's own name; Docker Hub's is another than images have."""
    port: int
    has_tls: bool
    _proxy: Proxy | None = None

    @classmethod
    def to(cls, server: str, environment: Mapping[str, str] = os.environ) -> Self:
        """The line to a server as image references name it. ProxyUnusable where the proxy's address is of no use."""
        url = base_url(server)
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        return cls(parts.hostname or "", port, parts.scheme == "https", proxy_for(url, environment))

    @property
    def proxy(self) -> str:
        """`host:port` of the environment's proxy, without its password; empty where none is used."""
        return self._proxy.name if self._proxy else ""

    @property
    def first_host(self) -> str:
        """Whose name this machine looks up: the proxy's, which looks up the server's."""
        return self._proxy.host if self._proxy else self.host

    @property
    def can_tunnel(self) -> bool:
        """Whether `open` can lead through the proxy: not where the proxy itself wants TLS."""
        return not self._proxy or self._proxy.scheme == "http"

    def open(self) -> socket.socket:
        """A socket that leads to the server, before any TLS; OSError, with the proxy's own words where it refuses."""
        if not self._proxy:
            return socket.create_connection((self.host, self.port), CONNECT)
        try:
            return self._tunnel(self._proxy)
        except (HTTPException, ValueError):  # their texts may hold what the proxy sent, or its address
            raise OSError("something that is not a proxy's answer") from None

    def _tunnel(self, proxy: Proxy) -> socket.socket:
        tunnel = HTTPConnection(proxy.host, proxy.port, timeout=CONNECT)
        tunnel.set_tunnel(self.host, self.port, dict(proxy.headers))
        tunnel.connect()
        line: socket.socket = tunnel.sock
        return line
