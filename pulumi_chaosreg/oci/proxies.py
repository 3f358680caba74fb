"""The proxy of this machine's environment, by the rules of Docker, crane and all Go tools.

`HTTPS_PROXY` and `HTTP_PROXY` (or in lower case, which comes first) name it, and `NO_PROXY` lists whom it is not for.
urllib3 reads none of them by itself. Loopback addresses are never asked for through a proxy.
"""

import os
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

import urllib3
from urllib3.util import parse_url

from pulumi_chaosreg.images.server_address import is_loopback
from pulumi_chaosreg.oci.addresses import origin
from pulumi_chaosreg.oci.trust import trusting

Origin = tuple[str, str, int | None]
_PORTS = {"http": 80, "https": 443}
_UNREADABLE = (
    "cannot be used, as its address cannot be read (`/`, `#` and `?` of a password are `%2F`, `%23` and `%3F`)"
)


class ProxyUnusable(Exception):  # noqa: N818
    """Somebody has set a proxy that we cannot talk to. Its words hold nothing of the address."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy's address, taken apart: its user and password are in the headers alone."""

    scheme: str
    host: str
    port: int
    headers: Mapping[str, str] = field(repr=False)
    """The login that it wants to see, if it has one. Secret."""

    @classmethod
    def read(cls, address: str, whose: str) -> Self:
        """ProxyUnusable for an address that cannot be read, and for kinds that we have no words for."""
        try:
            parts = parts_with_login(address if "://" in address else f"http://{address}")
            headers = _login(parts)
        except ValueError:
            raise ProxyUnusable(f"{whose} {_UNREADABLE}") from None
        if not parts.hostname:
            raise ProxyUnusable(f"{whose} {_UNREADABLE}")
        if parts.scheme not in _PORTS:
            raise ProxyUnusable(f"{whose} cannot be used, as it is a `{parts.scheme}` proxy and neither http nor https")
        return cls(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], headers)

    @property
    def name(self) -> str:
        """`host:port`, for messages."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def address(self) -> str:
        """Without the user and the password."""
        return f"{self.scheme}://{self.name}"


def parts_with_login(address: str) -> SplitResult:
    """Of an address that may have a user and a password. ValueError, whose text may repeat them, if it is not readable.

    An `@` behind the host means a password with an unescaped `/`, `#` or `?`: the "host" is a part of it then.
    """
    parts = urlsplit(address)
    _ = parts.port
    parse_url(f"http://{parts.netloc.rpartition('@')[2]}")  # urllib3 takes fewer names for a host
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":
        raise ValueError
    return parts


def proxy_for(url: str, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy that a request to that address goes through; None for none. ProxyUnusable where that cannot be."""
    parts = urlsplit(url)
    name = f"{parts.scheme}_proxy"
    proxy = (environment.get(name) or environment.get(name.upper()) or "").strip()
    host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
    spared = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if not proxy or is_loopback(host) or any(_fits(entry, host, port) for entry in spared.lower().split(",")):
        return None
    return Proxy.read(proxy, "the environment's proxy")


def _fits(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY means the host: `*`, an address, a network, a domain, some with a port."""
    entry = entry.strip()
    if entry in ("", "*"):
        return entry == "*"
    try:
        if "/" in entry:
            return ip_address(host) in ip_network(entry, strict=False)
        return ip_address(host) == ip_address(entry.strip("[]"))
    except ValueError:  # one of the two is a name, or a port follows
        pass
    try:
        wanted = urlsplit(f"//{entry}")
        if wanted.port not in (None, port):
            return False
    except ValueError:  # nothing is written like this: an entry that means nobody
        return False
    domain = (wanted.hostname or "").removeprefix("*")
    return host == domain or host.endswith(domain if domain.startswith(".") else f".{domain}")


class Connections:
    """Connections that are kept and used again: straight, or through the environment's proxy."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        # In a closure, because a proxy's password may stand there: no `vars` and no traceback shows it.
        known = dict(environment)
        self._proxy: Callable[[str], Proxy | None] = lambda url: proxy_for(url, known)
        self._plain = urllib3.PoolManager(maxsize=32, retries=False)
        self._straight: urllib3.PoolManager | None = None
        """By TLS: made when it is needed, as it reads from the disk whom this machine trusts."""
        self._through: dict[Origin, urllib3.ProxyManager] = {}
        self._guard = threading.Lock()

    def to(self, url: str) -> urllib3.PoolManager:
        """What asks for that address; ProxyUnusable for a proxy that we cannot talk to."""
        proxy = self._proxy(url)
        if not proxy and not url.startswith("https:"):
            return self._plain
        with self._guard:
            if not proxy:
                self._straight = self._straight or urllib3.PoolManager(
                    maxsize=32, retries=False, ssl_context=trusting()
                )
                return self._straight
            if origin(url) not in self._through:
                self._through[origin(url)] = _through(proxy)
            return self._through[origin(url)]

    def proxy_name(self, url: str) -> str | None:
        """The proxy's host and port, without its password; None where none is used."""
        proxy = self._proxy(url)
        return proxy.name if proxy else None


def _through(proxy: Proxy) -> urllib3.ProxyManager:
    trust = trusting()
    return urllib3.ProxyManager(
        proxy.address,
        proxy_headers=proxy.headers,
        maxsize=32,
        retries=False,
        ssl_context=trust,
        proxy_ssl_context=trust,
    )


def _login(proxy: SplitResult) -> dict[str, str]:
    """The header that a proxy with a user and a password in its address wants to see. Secret."""
    if proxy.username is None:
        return {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {b64encode(login).decode()}"}
