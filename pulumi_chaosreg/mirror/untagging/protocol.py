"""What every kind tells about taking one of an image's tags away by its own API, whatever the kind.

An untagger is made by the function `untagger` of the module `mirror/untagging/<name>.py`, where `<name>` is what the
kind's row says: `untags_by`.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from pulumi_chaosreg.credentials.login import LoginSource
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.machine.words import harmless
from pulumi_chaosreg.oci.registry import Registry
from pulumi_chaosreg.registries.kinds import RegistryKind

Untag = Callable[[str, Collection[str]], None]
"""(repository, tags) → they are gone; ChaosregError (CHR0447) otherwise."""


Delete = Callable[[str, str], bool]
"""(repository, digest) → whether the manifest is gone, with what only it needed."""


class KeptError(ChaosregError):
    """The registry keeps the tag, whoever asks: another way to take it away would only fail later."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where tags are to be taken away, and who does it."""

    kind: RegistryKind
    registry: Registry
    """With the login."""
    login: LoginSource | None
    named: str = ""
    """The setting that says who does it, where one does: then nobody else's identity is used."""

    @property
    def server(self) -> str:
        """The registry's host."""
        return self.registry.server

    def refused(self, why: str, advice: str, notes: Iterable[tuple[str, str]] = ()) -> ChaosregError:
        """CHR0447."""
        message = f"{self.kind.title} removes a single tag only through its own API: {why}"
        return ChaosregError.of("CHR0447", message, notes=notes, help=advice)

    def forbidden(self, repository: str, said: str) -> ChaosregError:
        """CHR0447 with the words of an API that was asked as this machine's identity."""
        right = self.kind.rights["delete"][0]
        advice = f"it needs `{right}` on `{repository}`; check this machine's identity"
        return self.refused("this machine's identity could not do it", advice, api_says(said))

    def not_accepted(self) -> ChaosregError:
        """CHR0447: the named login is one of the registry's, and the API knows no such."""
        return self.refused(
            f"the login of `{self.named}` is a registry login, which that API does not accept",
            f"remove `{self.named}`, so that this machine's identity is used, or remove the tag there",
        )


def api_says(said: str) -> list[tuple[str, str]]:
    """The note with an API's words, in which nothing could be a secret."""
    return [("its API says", harmless(said) or "nothing that can be shown")]


class UntaggerOfKind(Protocol):
    """Makes the untagger of a registry. Nobody is asked before the first tag."""

    def __call__(self, door: Door) -> Untag:
        """How tags are taken away at this door."""
        ...


class DeleterOfKind(Protocol):
    """Makes what deletes manifests of a registry, where the distribution API wants more rights for that."""

    def __call__(self, door: Door) -> Delete:
        """How manifests are deleted at this door."""
        ...
