"""Tokens of ServiceAccounts, as whoever trusts a cluster's issuer checks them: signed by a key of it, and not ended."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from lab.kubeapi import ApiError, call
from lab.state import KubernetesState

Ask = Callable[[str], Mapping[str, Any]]
"""Path → the JSON that the cluster answers; OSError where there is none."""


class NoTokenError(Exception):
    """What was sent is no token of a cluster."""


class NoKeysError(Exception):
    """Nobody knows the keys of its issuer."""


@dataclass(frozen=True)
class ClusterToken:
    """What one says; nothing of it is proven yet."""

    issuer: str
    subject: str
    ends: float
    audiences: tuple[str, ...]
    _signed: bytes
    _signature: bytes
    _header: Mapping[str, Any]

    @classmethod
    def read(cls, token: str) -> ClusterToken:
        """NoTokenError where it is none."""
        try:
            head, body, signature = token.split(".")
            header, claims = json.loads(_decoded(head)), json.loads(_decoded(body))
            issuer, subject, ends, audience = (
                str(claims["iss"]),
                str(claims["sub"]),
                float(claims["exp"]),
                claims["aud"],
            )
            audiences = (audience,) if isinstance(audience, str) else tuple(audience)
            return cls(issuer, subject, ends, audiences, f"{head}.{body}".encode(), _decoded(signature), header)
        except (ValueError, KeyError, TypeError):
            raise NoTokenError(token.partition(".")[0][:20]) from None

    @property
    def has_ended(self) -> bool:
        return self.ends <= time.time()

    def is_signed_by(self, cluster: Ask) -> bool:
        """By ES256, with the key that the token names: the lab's API server has one on the curve P-256. NoKeysError
        where the token is of another issuer than this cluster, which is the only one that the lab reaches.
        """
        try:
            if cluster("/.well-known/openid-configuration")["issuer"] != self.issuer:
                raise NoKeysError(self.issuer)
            keys = list(cluster("/openid/v1/jwks")["keys"])
        except OSError:
            raise NoKeysError(self.issuer) from None
        if self._header.get("alg") != "ES256" or len(self._signature) != 64:
            return False
        return any(self._is_signed_with(key) for key in keys if key["kid"] == self._header.get("kid"))

    def _is_signed_with(self, key: Mapping[str, Any]) -> bool:
        x, y, r, s = (
            int.from_bytes(each, "big")
            for each in (_decoded(key["x"]), _decoded(key["y"]), self._signature[:32], self._signature[32:])
        )
        try:
            public = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
            public.verify(encode_dss_signature(r, s), self._signed, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


def cluster_at(kubeconfig: Path) -> Ask:
    """The lab's cluster. A cloud asks without a login, under the issuer's name, which nobody serves here."""

    def ask(path: str) -> Mapping[str, Any]:
        server = yaml.safe_load(kubeconfig.read_text("utf-8"))["clusters"][0]["cluster"]["server"]
        try:
            found: Mapping[str, Any] = call(KubernetesState(str(kubeconfig), server, []), "GET", path)
        except ApiError as error:
            raise OSError(str(error)) from None
        return found

    return ask


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
