"""Which repository of Artifactory a host and a path stand for, and where its API answers.

JFrog names a Docker repository in three ways (its documentation, "Docker Repository URL Formats"): as the first part of
the path (`acme.jfrog.io/KEY`), in the host (`KEY.artifactory.company.com`, `acme-KEY.jfrog.io`), or by a port. Only the
first one shows: in the others the settings say the key.
"""

from typing import NamedTuple

_CLOUD = ".jfrog.io"
_IN_NAMES = ("docker", "oci", "container", "containers", "images", "local")
"""Words in the names of repositories that companies hardly have in theirs."""
_LEAST_DOTS = 2
"""Of a host that is a company's Artifactory: `artifactory.company.com`."""


class Named(NamedTuple):
    """One repository."""

    key: str
    """Empty where neither the path nor the settings tell it."""
    platform: str
    """The host, with its port, that answers for JFrog's APIs."""


def named(server: str, account: str, said: str = "") -> Named:
    """`said` is the repository's key where the host or the port stands for it: it is then no part of the path."""
    if not said:
        return Named(account.strip("/").partition("/")[0], server)
    host, _, port = server.partition(":")
    label, _, above = host.partition(".")
    if label == said and above.count(".") >= _LEAST_DOTS:
        return Named(said, f"{above}:{port}" if port else above)
    if host.endswith(_CLOUD) and label.endswith(f"-{said}") and above == _CLOUD[1:]:
        return Named(said, label.removesuffix(f"-{said}") + _CLOUD)
    return Named(said, host)  # the port is the repository's own; the platform has the usual one


def too_far_above(server: str, said: str) -> str:
    """What is left of a host without the repository's name where that is a whole domain: `acme.com` of
    `docker.acme.com`. Nobody's administrator's token goes there by a guess. Empty elsewhere.
    """
    label, _, above = server.partition(":")[0].partition(".")
    return above if said and label == said and above.count(".") < _LEAST_DOTS else ""


def is_nowhere(server: str, account: str, said: str) -> bool:
    """Whether images cannot get into the repository of this key: neither the path begins with it, nor does the host of
    JFrog's cloud have it. Where a company's own host or port leads, nobody else can tell.
    """
    host, _, port = server.partition(":")
    if not said or port or not host.endswith(_CLOUD) or account.strip("/").partition("/")[0] == said:
        return False
    return named(server, account, said).platform == host


def sounds_named(server: str) -> str:
    """The end of a host of JFrog's cloud that may well be a repository: `docker-local` of `acme-docker-local`."""
    label, _, above = server.partition(".")
    words = label.split("-")
    found = next((number for number, word in enumerate(words) if number and word in _IN_NAMES), None)
    return "-".join(words[found:]) if found and above == _CLOUD[1:] else ""
