"""Image references: `server/repository:tag@digest`, with Docker Hub's short forms written out."""

import re
from dataclasses import dataclass, replace

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.servers import spelled

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]{{1,5}})?"
SEGMENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
SERVER = re.compile(rf"^{_HOST}\Z")
REPOSITORY = re.compile(rf"^{SEGMENT}(?:/{SEGMENT})*\Z")
TAG = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
_USER_INFO = re.compile(r"[^/@]*:[^/@]*@(?!sha)")
"""A login in front of a host, which must not be repeated."""
COMPANION_TAG = re.compile(r"sha(?:256|512)-[0-9a-f]{64,128}(?:\.[a-z]+)?")
"""Tags of signatures, attestations and lists of referrers; each begins with the digest that it belongs to."""
DIGEST = re.compile(r"^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\Z")


def port_problem(text: str) -> str:
    """What is wrong with the port of `host:port[/path]`; empty where nothing is."""
    port = text.partition("/")[0].rpartition("]")[2].partition(":")[2]
    return "" if not port or 0 < int(port) < 65536 else "its port is not between 1 and 65535"


def reference_problem(text: str) -> str:
    """Which part of an image reference does not fit the grammar; empty where all do."""
    return _problem(_parts(text))


_Parts = tuple[str, str, str | None, str | None]
"""Server, repository, tag and digest as the text has them, with what Docker adds; None for what is not there."""


def _parts(text: str) -> _Parts:
    rest, at, digest = text.partition("@")
    first, slash, _ = rest.partition("/")
    has_server = bool(slash) and ("." in first or ":" in first or first == "localhost")
    server, path = (first, rest[len(first) + 1 :]) if has_server else ("docker.io", rest)
    server = spelled(server)
    repository, colon, tag = path.partition(":")
    if server == "docker.io" and "/" not in repository:
        repository = f"library/{repository}"
    return server, repository, tag if colon else None, digest if at else None


def _problem(parts: _Parts) -> str:
    """What is wrong with the first part that does not fit its grammar; empty where all do."""
    server, repository, tag, digest = parts
    if not SERVER.match(server) or port_problem(server):
        return "its server is malformed"
    if not REPOSITORY.match(repository):
        return "its repository is malformed"
    if tag is not None and not TAG.match(tag):
        return "its tag is malformed"
    if digest is not None and not DIGEST.match(digest):
        return "its digest is malformed"
    return ""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where an image is: server, repository, and a tag, a digest or both (the digest decides)."""

    server: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Read a reference as Docker does: `nginx` is `docker.io/library/nginx`. A server has one spelling.

        Raises ChaosregError (CHR0301) that names the part that does not fit the grammar of the distribution spec.
        """
        parts = _parts(text)
        if problem := _problem(parts):
            raise ChaosregError.of(
                "CHR0301",
                f"`{_USER_INFO.sub('…@', text)}` is not an image reference: {problem}",
                help="write `server/repository:tag`, for example `docker.io/harness/chaos-ddcr:1.94.0`; repositories "
                "are lowercase",
            )
        return cls(*parts)

    @property
    def name(self) -> str:
        """`server/repository`."""
        return f"{self.server}/{self.repository}"

    @property
    def image(self) -> str:
        """The last part of the repository: what the image is called below a registry's account."""
        return self.repository.rpartition("/")[2]

    @property
    def tagged(self) -> str:
        """`server/repository:tag`, whatever the digest."""
        return f"{self.name}:{self.tag}" if self.tag else self.name

    def with_digest(self, digest: str | None) -> "Reference":
        """The same image, pinned (or unpinned with None)."""
        return replace(self, digest=digest)

    def __str__(self) -> str:
        return self.tagged + (f"@{self.digest}" if self.digest else "")
