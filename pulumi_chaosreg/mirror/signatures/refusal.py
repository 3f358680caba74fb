"""Why one signature is not accepted."""

from typing import NoReturn

TELLING = (
    "CHR0454",  # a trusted signer, and another image
    "CHR0452",  # another identity
    "CHR0453",  # another issuer
    "CHR0458",  # a certificate or log entry that proves nothing
    "CHR0455",  # an attestation
    "CHR0451",  # another key
    "CHR0457",  # a key where a certificate is expected, or the reverse
    "CHR0456",  # unreadable
    "CHR0450",  # none at all
)
"""The codes, the one that says most about what happened first: how far a signature got before it was refused."""


class Refused(Exception):  # noqa: N818
    """This one signature does not count; another one may."""

    def __init__(self, code: str, cause: str) -> None:
        self.code, self.cause = code, cause
        super().__init__(cause)


def malformed(cause: str) -> NoReturn:
    """Raise Refused for a signature that is not one (CHR0456)."""
    raise Refused("CHR0456", cause)
