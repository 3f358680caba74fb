"""The one spelling of a server and of the path on it.

A server has several names, and what compares them letter by letter (a docker config's keys, the kubelet, two scopes
with one registry) takes them for different ones.
"""

from functools import cache

from pulumi_chaosreg.images.servers import spelled
from pulumi_chaosreg.registries.kinds import all_kinds, registry_kind


def canonical_server(text: str) -> str:
    """The server as `spelled` has it, and a kind with one server by that one's name."""
    server = spelled(text)
    return next((_only_host(kind.name) for kind in all_kinds().values() if server in kind.aliases), server)


def canonical_beginning(text: str) -> str:
    """The same for `server/path` or a server alone."""
    server, slash, path = text.rstrip("/").partition("/")
    return canonical_server(server) + slash + path


@cache
def identity(server: str) -> str:
    """What all names of one registry have in common: for comparing, never for asking."""
    canonical = canonical_server(server)
    return registry_kind(canonical).identity(canonical)


def account_path(text: str) -> str:
    """The path on a server without slashes around it: `/chaos/` is `chaos`."""
    return text.strip("/")


def _only_host(kind: str) -> str:
    """Of a kind with aliases."""
    (form,) = all_kinds()[kind].hosts
    return form.shown
