"""Which addresses a registry client may talk to, and what it may carry there.

A registry answers with addresses of its own choosing: token realms, redirects, upload locations. A hostile or
hijacked one could point them at a cloud's metadata service, or at somebody who collects passwords. Names are not
resolved here: an internal registry may well have internal helpers. Judged is what is written: addresses in every form
that a resolver takes for one (`0x7f.1`, `2130706433`, `::ffff:10.0.0.1`), and the few names that are always local.
What two readers could take for different hosts (a user before the host, backslashes) is refused as a whole.
"""

import re
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit, urlunsplit

from pulumi_chaosreg.images.server_address import HOST_NAME, address_of, is_loopback, plain_name
from pulumi_chaosreg.oci.problems import RegistryError, problem

_DEFAULT_PORTS = {"http": 80, "https": 443}
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\]")
_METADATA = ("metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal")
"""The clouds' own names for what hands out a machine's identity."""


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: what two addresses must share before one gets the other's credentials."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS.get(parts.scheme)


def redacted(url: str) -> str:
    """The address without user, query and fragment: those may hold signatures and session secrets."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an unreadable address"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def query_values(url: str) -> list[str]:
    """The query as it is written, and each of its values: a signature among them opens what the address names."""
    query = urlsplit(url).query
    return [query, *(value for _, value in parse_qsl(query))]


def check_realm(realm: str, registry: str) -> str:
    """The token endpoint that a challenge names, if a password may be sent there; ChaosregError (CHR0414) if not."""
    target, home = _parsed(realm, registry), urlsplit(registry)
    secure = target.scheme == "https" or (home.scheme == "http" and target.scheme == "http" and _is_local(target))
    if not secure:
        raise _unsafe(realm, registry, "its token endpoint is not https")
    _check_host(target, home, registry, "its token endpoint")
    return realm


def next_url(current: str, location: str, registry: str) -> str:
    """Where a redirect or an upload location leads, its query untouched; ChaosregError (CHR0414) if not there.

    `location` is relative to the request that was answered, not to the registry's root.
    """
    try:
        url = urljoin(current, location)
    except ValueError:
        raise _unsafe(location, registry, "it leads to an unreadable address") from None
    target, before = _parsed(url, registry), urlsplit(current)
    if target.scheme not in ("http", "https"):
        raise _unsafe(url, registry, "it leads to something that is neither http nor https")
    if target.scheme == "http" and before.scheme == "https":
        raise _unsafe(url, registry, "it leads from https to plain http")
    if target.scheme == "http" and origin(url) != origin(current) and not _is_local(target):
        raise _unsafe(url, registry, "it leads to another host by plain http")
    _check_host(target, urlsplit(registry), registry, "a redirect or upload location")
    return url


def _parsed(url: str, registry: str) -> SplitResult:
    """The parts of an address that everybody reads in the same way."""
    try:
        target = urlsplit(url)
        _ = target.port
    except ValueError:
        raise _unsafe(url, registry, "it names an unreadable address") from None
    if "@" in target.netloc:
        raise _unsafe(url, registry, "it names an address with a user")
    host = target.hostname or ""
    if _AMBIGUOUS.search(url) or not (HOST_NAME.fullmatch(host) or address_of(host) or not target.netloc):
        raise _unsafe(url, registry, "it names an address that can be read in two ways")
    return target


def _check_host(target: SplitResult, home: SplitResult, registry: str, role: str) -> None:
    if target.hostname == home.hostname or is_loopback(home.hostname or ""):
        return
    if not _is_public(target.hostname or ""):
        raise _unsafe(urlunsplit(target), registry, f"{role} is a private, link-local or loopback address")


def _is_local(target: SplitResult) -> bool:
    return is_loopback(target.hostname or "")


def _is_public(host: str) -> bool:
    address = address_of(host)
    if address:
        return address.is_global and not address.is_multicast and not address.is_reserved
    return bool(host) and not is_loopback(host) and plain_name(host) not in _METADATA


def _unsafe(url: str, registry: str, cause: str) -> RegistryError:
    return problem("CHR0414", server=urlsplit(registry).netloc, cause=cause, notes=[("address", redacted(url))])
