"""What one `up` makes once for all that is below a registry's path, by kind: two registries can have it in common."""

from collections.abc import Callable
from typing import NamedTuple

from pulumi_chaosreg.registries import artifactory
from pulumi_chaosreg.registries.google import google_place
from pulumi_chaosreg.registries.kinds import RegistryKind
from pulumi_chaosreg.registries.servers import identity


class MadeThing(NamedTuple):
    """One thing at a vendor. Two registries whose things are equal are made as one."""

    server: str
    """What all names of the server have in common."""
    what: str
    """In words: "repository", "project"."""
    name: str


def made_thing(kind: RegistryKind, server: str, account: str, repository_key: str = "") -> MadeThing | None:
    """What is made for this server and path; None where that is for no other path, or where the path names none."""
    found = _OF_PROVISIONERS.get(kind.provisioner)
    thing = found(kind, server, account.strip("/"), repository_key) if found else None
    return thing if thing and thing.name else None


def _at_artifactory(kind: RegistryKind, server: str, account: str, repository_key: str) -> MadeThing:
    at = artifactory.named(server, account, repository_key)
    return MadeThing(identity(at.platform), "repository", at.key)


def _at_google(kind: RegistryKind, server: str, account: str, _: str) -> MadeThing:
    at = google_place(server, kind.region(server) or "", account)
    return MadeThing(identity(server), "repository", f"{at.project}/{at.repository}" if at.repository else "")


def _at_harbor(kind: RegistryKind, server: str, account: str, _: str) -> MadeThing:
    return MadeThing(identity(server), "project", account.partition("/")[0])


_OF_PROVISIONERS: dict[str, Callable[[RegistryKind, str, str, str], MadeThing]] = {
    "artifactory": _at_artifactory,
    "gar": _at_google,
    "harbor": _at_harbor,
}
