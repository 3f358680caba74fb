"""The proxy of this machine's environment, by the rules of Docker, crane and all Go tools.

`HTTPS_PROXY` and `HTTP_PROXY` (or in lower case, which comes first) name it, and `NO_PROXY` lists whom it is not for.
urllib3 reads none of them by itself. Loopback addresses are never asked for through a proxy.
"""

import os
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit

import urllib3

from pulumi_chaosreg.oci.addresses import is_loopback, origin
from pulumi_chaosreg.oci.trust import trusting

Origin = tuple[str, str, int | None]
_PORTS = {"http": 80, "https": 443}


class ProxyUnusable(Exception):  # noqa: N818
    """The environment names a proxy that we cannot talk to."""


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """The proxy that a request to that address goes through, with its user and password; None for none."""
    parts = urlsplit(url)
    name = f"{parts.scheme}_proxy"
    proxy = (environment.get(name) or environment.get(name.upper()) or "").strip()
    host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
    spared = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if not proxy or is_loopback(host) or any(_fits(entry, host, port) for entry in spared.lower().split(",")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


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
        self._proxy: Callable[[str], str | None] = lambda url: proxy_for(url, known)
        self._plain = urllib3.PoolManager(maxsize=32, retries=False)
        self._straight: urllib3.PoolManager | None = None
        """By TLS: made when it is needed, as it reads from the disk whom this machine trusts."""
        self._through: dict[Origin, urllib3.ProxyManager] = {}
        self._guard = threading.Lock()

    def to(self, url: str) -> urllib3.PoolManager:
        """What asks for that address; ProxyUnusable for a proxy of a kind that we have no words for."""
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
        return urlsplit(proxy).netloc.rpartition("@")[2] if proxy else None


def _through(proxy: str) -> urllib3.ProxyManager:
    parts = urlsplit(proxy)
    if parts.scheme not in _PORTS:
        raise ProxyUnusable(f"that it is a `{parts.scheme}` proxy, but only http and https can be used")
    headers = login_for(parts)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    trust = trusting()
    return urllib3.ProxyManager(
        address, proxy_headers=headers, maxsize=32, retries=False, ssl_context=trust, proxy_ssl_context=trust
    )


def login_for(proxy: SplitResult) -> dict[str, str]:
    """The header that a proxy with a user and a password in its address wants to see. Secret."""
    if proxy.username is None:
        return {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {b64encode(login).decode()}"}
