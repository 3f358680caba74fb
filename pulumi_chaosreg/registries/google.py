"""Where Google has what a host and a path stand for: as its API names it."""

from typing import NamedTuple

_OF_OLD_HOSTS = "gcr.io"
"""What repositories are called that answer for the hosts of the old Container Registry: by the host itself."""


_MAILED = ("user", "group", "serviceAccount", "domain")
"""Members of IAM that an address of e-mail or a domain names: these alone may be spelled in either case."""


class GooglePlace(NamedTuple):
    """A repository of Artifact Registry, and what a path says below it."""

    project: str
    location: str
    repository: str
    below: str = ""
    """The image, or the beginning of it; with slashes."""

    @property
    def name(self) -> str:
        """The repository, as the API has it."""
        return f"projects/{self.project}/locations/{self.location}/repositories/{self.repository}"


def google_place(server: str, location: str, path: str) -> GooglePlace:
    """What a path on this host stands for. A domain's project (`example.com/project`) has two segments."""
    segments = path.split("/")
    owner, rest = (":".join(segments[:2]), segments[2:]) if "." in segments[0] else (segments[0], segments[1:])
    if server.endswith(_OF_OLD_HOSTS):
        return GooglePlace(owner, location, server, "/".join(rest))
    return GooglePlace(owner, location, rest[0] if rest else "", "/".join(rest[1:]))


def one_member(member: str) -> str:
    """What all spellings of one member of IAM have in common: Google has each once, and a principal by its letters."""
    kind, _, _ = member.partition(":")
    return member.casefold() if kind in _MAILED else member
