"""The public keys of a policy, and whether one of them made a signature. Needs `cryptography`, and
`nacl` for Ed25519ph, imported when used.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.signing_policy import SigningPolicy

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_MIN_RSA_BITS = 2048


class PublicKeys:
    """ECDSA on P-256, P-384 and P-521, RSA (PKCS #1 v1.5) and Ed25519, as cosign makes them.

    Hashes: SHA-256, and for ECDSA also the one that belongs to the curve (cosign signs classic payloads with SHA-256
    whatever the curve is). Ed25519 also in its variant "ph", which is cosign's default for such keys.
    """

    def __init__(self, policy: SigningPolicy) -> None:
        """ChaosregError (CHR0322) for a key that cannot be used."""
        self._keys = [_loaded(pem) for pem in policy.public_keys]

    def __bool__(self) -> bool:
        return bool(self._keys)

    def made(self, signature: bytes, message: bytes) -> bool:
        """Whether one of the keys signed the message so."""
        return any(_made(key, signature, message) for key in self._keys)


def _loaded(pem: str) -> "PublicKeyTypes":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    why = "it is neither ECDSA (P-256, P-384, P-521), RSA nor Ed25519"
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    match key:
        case ec.EllipticCurvePublicKey() if key.curve.name in ("secp256r1", "secp384r1", "secp521r1"):
            return key
        case ed25519.Ed25519PublicKey():
            return key
        case rsa.RSAPublicKey():
            if key.key_size >= _MIN_RSA_BITS:
                return key
            why = f"an RSA key of {key.key_size} bits can be broken"
        case None:
            why = "it cannot be read"
    raise ChaosregError.of("CHR0322", f"a public key of `mirror.verify` cannot be used: {why}")


def _made(key: "PublicKeyTypes", signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

    of_curve = {"secp384r1": hashes.SHA384(), "secp521r1": hashes.SHA512()}
    attempts: list[Callable[[], None]] = []
    match key:
        case ec.EllipticCurvePublicKey():
            ways = [hashes.SHA256(), *(way for name, way in of_curve.items() if name == key.curve.name)]
            attempts = [partial(key.verify, signature, message, ec.ECDSA(way)) for way in ways]
        case ed25519.Ed25519PublicKey():
            attempts = [partial(key.verify, signature, message), partial(_check_ed25519ph, key, signature, message)]
        case rsa.RSAPublicKey():
            attempts = [partial(key.verify, signature, message, padding.PKCS1v15(), hashes.SHA256())]
    for attempt in attempts:
        with suppress(InvalidSignature):
            attempt()
            return True
    return False


def _check_ed25519ph(key: "Ed25519PublicKey", signature: bytes, message: bytes) -> None:
    """Raise InvalidSignature where the key did not sign the message's hash (RFC 8032, 5.1)."""
    from cryptography.exceptions import InvalidSignature
    from nacl import bindings, exceptions

    state = bindings.crypto_sign_ed25519ph_state()
    bindings.crypto_sign_ed25519ph_update(state, message)
    try:
        bindings.crypto_sign_ed25519ph_final_verify(state, signature, key.public_bytes_raw())
    except exceptions.CryptoError:  # also for a signature of another length
        raise InvalidSignature from None
