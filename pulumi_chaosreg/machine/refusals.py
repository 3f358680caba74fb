"""The error of a cloud that knows no identity of this machine, or refuses it."""

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.machine.words import harmless


def identity_refused(cloud: str, server: str, said: object, advice: str) -> ChaosregError:
    """CHR0515, with the SDK's words as far as nothing in them could be a secret."""
    return ChaosregError.of(
        "CHR0515",
        f"`{server}` rejects the machine's identity at {cloud}",
        notes=[("its SDK says", harmless(str(said)) or type(said).__name__)],
        help=advice,
    )
