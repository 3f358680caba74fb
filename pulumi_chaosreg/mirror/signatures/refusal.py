"""Why one signature is not accepted."""

from enum import Enum
from typing import NoReturn


class Why(Enum):
    """Each with the code of its error; what says most about what happened first: how far a signature got."""

    OTHER_IMAGE = "CHR0454"  # a trusted signer, and another image
    OTHER_IDENTITY = "CHR0452"
    OTHER_ISSUER = "CHR0453"
    UNPROVED = "CHR0458"  # a certificate or log entry that proves nothing
    ATTESTATION = "CHR0455"
    OTHER_KEY = "CHR0451"
    OTHER_KIND = "CHR0457"  # a key where a certificate is expected, or the reverse
    UNREADABLE = "CHR0456"
    NONE = "CHR0450"

    @property
    def distance(self) -> int:
        """From the one that says most."""
        return list(Why).index(self)


class Refused(Exception):  # noqa: N818
    """This one signature does not count; another one may."""

    def __init__(self, why: Why, cause: str) -> None:
        self.why, self.cause = why, cause
        super().__init__(cause)

    @property
    def code(self) -> str:
        """Of its error."""
        return self.why.value


def malformed(cause: str) -> NoReturn:
    """Raise Refused for a signature that is not one (CHR0456)."""
    raise Refused(Why.UNREADABLE, cause)
