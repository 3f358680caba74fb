"""Tokens of ServiceAccounts, as STS takes them: of the lab's cluster, for an audience that IAM knows, not ended."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from moto.iam.models import iam_backends

from lab.aws.refused import RefusedError

Ask = Callable[[str], Mapping[str, Any]]
"""Path → the JSON that the cluster answers; OSError where there is none."""

_NO_JWT: Final = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
_NO_KEY: Final = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)


@dataclass(frozen=True)
class Identity:
    """Who a verified token is about."""

    issuer: str
    """Without `https://`, as IAM writes it in providers and conditions."""
    subject: str
    audiences: tuple[str, ...]

    @property
    def facts(self) -> dict[str, tuple[str, ...]]:
        """The keys of conditions in a role's trust policy."""
        issuer = self.issuer.lower()
        return {f"{issuer}:sub": (self.subject,), f"{issuer}:aud": self.audiences}


def verified(token: str, account: str, cluster: Ask) -> Identity:
    """What the token proves in this account; RefusedError in STS's words when it proves nothing."""
    try:
        head, body, signature = token.split(".")
        header, claims = json.loads(_decoded(head)), json.loads(_decoded(body))
        issuer, subject, ends = str(claims["iss"]), str(claims["sub"]), float(claims["exp"])
        audience = claims["aud"]
    except (ValueError, KeyError, TypeError):
        raise _invalid(_NO_JWT) from None
    provider = next(
        (
            each
            for each in iam_backends[account]["aws"].open_id_providers.values()
            if each.url == issuer.removeprefix("https://")
        ),
        None,
    )
    if provider is None:
        raise _invalid(f"No OpenIDConnect provider found in your account for {issuer}")
    if not _is_signed(f"{head}.{body}".encode(), _decoded(signature), header, _keys(issuer, cluster)):
        raise _invalid("The ID Token provided is not signed by a key of its issuer")
    if ends <= time.time():
        words = f"Token expired: current date/time {time.time():.0f} must be before the expiration date/time {ends:.0f}"
        raise RefusedError("ExpiredTokenException", words)
    audiences = (audience,) if isinstance(audience, str) else tuple(audience)
    if not set(audiences) & set(provider.client_id_list):
        raise _invalid("Incorrect token audience")
    return Identity(provider.url, subject, audiences)


def _keys(issuer: str, cluster: Ask) -> list[Mapping[str, Any]]:
    """What AWS finds at the issuer's address; of all issuers the lab's AWS reaches its cluster alone."""
    try:
        if cluster("/.well-known/openid-configuration")["issuer"] == issuer:
            return list(cluster("/openid/v1/jwks")["keys"])
    except OSError:
        pass
    raise _invalid(_NO_KEY)


def _is_signed(said: bytes, signature: bytes, header: Mapping[str, Any], keys: list[Mapping[str, Any]]) -> bool:
    """By ES256, with the key that the token names: the lab's API server has one on the curve P-256."""
    if header.get("alg") != "ES256" or len(signature) != 64:
        return False
    for key in keys:
        if key["kid"] != header.get("kid"):
            continue
        x, y, r, s = (
            int.from_bytes(each, "big")
            for each in (_decoded(key["x"]), _decoded(key["y"]), signature[:32], signature[32:])
        )
        try:
            public = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
            public.verify(encode_dss_signature(r, s), said, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True
    return False


def _invalid(message: str) -> RefusedError:
    return RefusedError("InvalidIdentityToken", message)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
