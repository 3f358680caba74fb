"""A cluster's issuer of ServiceAccount tokens, with a key of its own: what a cloud asks that trusts it."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256


class ClusterIssuer:
    def __init__(self, issuer: str = "https://kubernetes.default.svc.cluster.local") -> None:
        self.issuer, self._key = issuer, generate_private_key(SECP256R1())

    def __call__(self, path: str) -> Mapping[str, Any]:
        """What the cluster answers at its two public paths."""
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.issuer}
        numbers = self._key.public_key().public_numbers()
        x, y = (_encoded(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"keys": [{"kid": "1", "kty": "EC", "crv": "P-256", "x": x, "y": y}]}

    def token(self, subject: str, audience: str, seconds: float = 3600, issuer: str = "") -> str:
        """One that is good for so long."""
        claims = {"iss": issuer or self.issuer, "sub": subject, "aud": [audience], "exp": time.time() + seconds}
        said = ".".join(_encoded(json.dumps(part).encode()) for part in ({"alg": "ES256", "kid": "1"}, claims))
        r, s = decode_dss_signature(self._key.sign(said.encode(), ECDSA(SHA256())))
        return f"{said}.{_encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
