"""How firmly digests hold: the setting `images.pin`, and what it asks of the lockfile."""

from enum import StrEnum

from pulumi_chaosreg.scopes.model import Decided, Scope, nearest
from pulumi_chaosreg.settings.table import IMAGES


class Pin(StrEnum):
    """What `images.pin` may say, and that nobody says it."""

    UNSAID = "unsaid"  # what is mirrored must be locked, and tags that move; references carry what is known
    STRICT = "strict"  # all that is mirrored or pulled must be locked
    RECORD = "record"  # all is locked and copied by digest; references stay by tag; what is not locked yet is a warning
    OFF = "off"  # the lockfile is not asked: tags are resolved when an image is copied, and references are tags

    @property
    def uses_lockfile(self) -> bool:
        """Whether digests come from the lockfile."""
        return self is not Pin.OFF

    @property
    def in_references(self) -> bool:
        """Whether the references that a cluster gets carry the digest."""
        return self in (Pin.UNSAID, Pin.STRICT)

    def may_copy_unlocked(self, *, floating: bool) -> bool:
        """Whether `up` may find out by itself what a tag stands for, where the lockfile does not say it."""
        return self is Pin.OFF or (self is Pin.RECORD and not floating)

    def wants_locked(self, *, mirrored: bool, floating: bool) -> bool:
        """Whether `chaosreg lock` records such an image."""
        if self is Pin.UNSAID:
            return mirrored or floating
        return self.uses_lockfile


def pin_of(scope: Scope) -> Decided[Pin] | None:
    """What the nearest level says; None where no level does, which is Pin.UNSAID."""
    said = nearest(scope, IMAGES.pin)
    return Decided(Pin(said.value), said.origin) if said else None
