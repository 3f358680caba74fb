"""Which addresses a registry client may talk to, and what it may carry there.

A registry answers with addresses of its own choosing: token realms, redirects, upload locations. A hostile or
hijacked one could point them at a cloud's metadata service, or at somebody who collects passwords. Names are not
resolved here: an internal registry may well have internal helpers; only literal addresses are judged.
"""

from ipaddress import ip_address
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from pulumi_chaosreg.oci.problems import RegistryError, problem

_API_HOSTS = {"docker.io": "registry-1.docker.io"}
_DEFAULT_PORTS = {"http": 80, "https": 443}


def base_url(server: str) -> str:
    """The root of a server's API: https, or plain http on a loopback address (as Docker does)."""
    host = _API_HOSTS.get(server, server)
    scheme = "http" if is_loopback(urlsplit(f"//{host}").hostname or "") else "https"
    return f"{scheme}://{host}"


def is_loopback(host: str) -> bool:
    """Whether the host is this machine by its spelling: `localhost`, 127.0.0.0/8 or ::1."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what two addresses must share before one gets the other's credentials."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS.get(parts.scheme)


def redacted(url: str) -> str:
    """The address without user, query and fragment: those may hold signatures and session secrets."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def check_realm(realm: str, registry: str) -> str:
    """The token endpoint that a challenge names, if a password may be sent there; ChaosregError (CHR0414) if not."""
    target, home = urlsplit(realm), urlsplit(registry)
    secure = target.scheme == "https" or (home.scheme == "http" and target.scheme == "http" and _is_local(target))
    if not secure:
        raise _unsafe(realm, registry, "its token endpoint is not https")
    _check_host(target, home, registry, "its token endpoint")
    return realm


def next_url(current: str, location: str, registry: str) -> str:
    """Where a redirect or an upload location leads, its query untouched; ChaosregError (CHR0414) if not there.

    `location` is relative to the request that was answered, not to the registry's root.
    """
    url = urljoin(current, location)
    target, before = urlsplit(url), urlsplit(current)
    if target.scheme not in ("http", "https"):
        raise _unsafe(url, registry, "it leads to something that is neither http nor https")
    if target.scheme == "http" and before.scheme == "https":
        raise _unsafe(url, registry, "it leads from https to plain http")
    if target.scheme == "http" and origin(url) != origin(current) and not _is_local(target):
        raise _unsafe(url, registry, "it leads to another host by plain http")
    _check_host(target, urlsplit(registry), registry, "a redirect or upload location")
    return url


def _check_host(target: SplitResult, home: SplitResult, registry: str, role: str) -> None:
    if target.hostname == home.hostname or is_loopback(home.hostname or ""):
        return
    if _is_local(target) or not _is_public(target.hostname or ""):
        raise _unsafe(urlunsplit(target), registry, f"{role} is a private, link-local or loopback address")


def _is_local(target: SplitResult) -> bool:
    return is_loopback(target.hostname or "")


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return bool(host)


def _unsafe(url: str, registry: str, cause: str) -> RegistryError:
    return problem("CHR0414", server=urlsplit(registry).netloc, cause=cause, notes=[("address", redacted(url))])
