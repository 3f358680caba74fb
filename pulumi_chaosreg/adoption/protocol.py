"""What every kind tells about what is there, whatever the kind: plain values.

An adopter is made by the function `adopter` of the module `adoption/<name>.py`, where `<name>` is the kind's
provisioner. It asks with the machine's identity, reads only, and changes nothing.
"""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.provision.protocol import ImageRepository, OwnedRegistry, RepositorySettings


class Effect(StrEnum):
    """What `pulumi up` will do about a difference, once the repository is the stack's."""

    UPDATE = "changed in place"  # the cloud changes it, and nothing else goes with it
    OVERWRITE = "overwritten"  # ours is put over it in one call, without a moment with neither
    MAKE = "made"  # there is none
    REMOVE = "removed"  # we say that there is none
    STAY = "left as it is"  # we say nothing about it, and what we do not say we do not touch
    REFUSE = "cannot be changed"  # another one would be made in its place, and that one's images be lost


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is not as we would make it."""

    setting: str
    """As it is written below `repositories`: `scan_on_push`, `tags.team`."""
    there: str
    ours: str
    effect: Effect
    keep: str = ""
    """With what theirs would stay: "`scan_on_push: false`"; empty where no setting keeps it."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What `pulumi import` is told about one resource. Type and name are those that the stack's program gives it."""

    type: str
    name: str
    id: str
    below: "tuple[str, str] | None" = None
    """(type, name) of the resource that is its parent; None for the registry's own component."""
    version: str = ""
    """Of the plugin that the program will use; empty where that is not known here."""


@dataclass(frozen=True, slots=True)
class FoundRepository:
    """What is there for one image."""

    path: str
    imports: tuple[Imported, ...] = ()
    """The repository, and what hangs below it and is as we would make it. Empty: there is none."""
    differences: tuple[Difference, ...] = ()

    @property
    def is_there(self) -> bool:
        """Whether there is one at all."""
        return bool(self.imports)

    @property
    def refused(self) -> tuple[Difference, ...]:
        """Why it cannot be taken over as it is; empty where it can."""
        return tuple(one for one in self.differences if one.effect is Effect.REFUSE)


class UnansweredError(ChaosregError):
    """The cloud does not tell about one repository, for a reason that mostly holds for the others, too."""

    def __init__(self, path: str, reason: Hashable, say: Callable[[str], Finding]) -> None:
        """`reason` is equal for what is the same; `say` makes the finding about "`chaos/x`", or several of them."""
        super().__init__(say(f"`{path}`"))
        self.path, self.reason, self._say = path, reason, say

    def said_with(self, others: Collection[str]) -> Finding:
        """The one finding about this repository and those, for which the reason is the same."""
        return self._say(f"`{self.path}`" + (f" and {len(others)} more" if others else ""))


class Adopter(Protocol):
    """Asks one registry. Safe to share between threads."""

    def look(self, image: ImageRepository) -> FoundRepository:
        """What is there for the image; UnansweredError where the cloud does not tell."""
        ...

    def others(self, ours: Collection[str]) -> tuple[str, ...] | None:
        """The paths of the repositories below the registry's path that are none of ours, sorted; None where we may not
        ask.
        """
        ...


class AdopterOfKind(Protocol):
    """Makes the adopter of a registry."""

    def __call__(self, registry: OwnedRegistry, settings: RepositorySettings) -> Adopter:
        """ChaosregError where this machine is nobody there, or somebody else than it should be."""
        ...
