"""The token endpoint of a registry (distribution's token specification), with real RS256 tokens.

The key is made from a fixed seed, in plain Python: it protects nothing.
"""

import base64
import hashlib
import json
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from faults import FaultServer, Reply, Seen

from lab.registry import RegistryServer

_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
_SERVICE, _ISSUER, _KEY_ID = "test-registry", "test-issuer", "test-key"


class TokenServer(FaultServer):
    """Gives each user the actions that `rights` allows; user "" is the anonymous one."""

    def __init__(self, passwords: Mapping[str, str], rights: Mapping[str, set[str]]) -> None:
        self._passwords, self._rights = passwords, rights
        super().__init__(self._token)

    def _token(self, seen: Seen) -> Reply:
        user, _, password = (
            base64.b64decode(seen.headers.get("Authorization", "").partition(" ")[2]).decode().partition(":")
        )
        if user and self._passwords.get(user) != password:
            return Reply(401, b'{"errors":[{"code":"UNAUTHORIZED","message":"incorrect username or password"}]}')
        access = []
        for scope in parse_qs(seen.query).get("scope", ()):
            kind, name, actions = scope.split(":")
            granted = sorted(set(actions.split(",")) & self._rights.get(user, set()))
            access.append({"type": kind, "name": name, "actions": granted})
        return Reply(200, json.dumps({"token": _signed(user, access), "expires_in": 300}).encode())


@contextmanager
def registry_with_tokens(
    folder: Path, passwords: Mapping[str, str], rights: Mapping[str, set[str]]
) -> Iterator[tuple[RegistryServer, TokenServer]]:
    """A real registry that believes a token server's tokens."""
    folder.mkdir()
    (folder / "keys.json").write_text(json.dumps(_public_keys()), "utf-8")
    with TokenServer(passwords, rights) as tokens:
        realm = f"http://{tokens.host}/token"
        settings = {"realm": realm, "service": _SERVICE, "issuer": _ISSUER, "jwks": str(folder / "keys.json")}
        with RegistryServer(folder, extra={"auth": {"token": settings}}) as server:
            yield server, tokens


def _signed(user: str, access: list[dict[str, object]]) -> str:
    now = int(time.time())
    header = {"typ": "JWT", "alg": "RS256", "kid": _KEY_ID}
    claims = {
        "iss": _ISSUER,
        "sub": user,
        "aud": _SERVICE,
        "nbf": now - 5,
        "iat": now,
        "exp": now + 300,
        "access": access,
    }
    text = f"{_encoded(json.dumps(header).encode())}.{_encoded(json.dumps(claims).encode())}"
    modulus, secret = _key()
    digest = _SHA256 + hashlib.sha256(text.encode()).digest()
    length = (modulus.bit_length() + 7) // 8
    padded = b"\x00\x01" + b"\xff" * (length - len(digest) - 3) + b"\x00" + digest  # PKCS #1 v1.5
    return f"{text}.{_encoded(pow(int.from_bytes(padded), secret, modulus).to_bytes(length))}"


def _public_keys() -> dict[str, object]:
    number = _encoded(_key()[0].to_bytes(128))
    return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": _KEY_ID, "e": "AQAB", "n": number}]}


@cache
def _key() -> tuple[int, int]:
    """Modulus and secret exponent, 1024 bits."""
    draw = random.Random(4711)
    first, second = _prime(draw), _prime(draw)
    return first * second, pow(65537, -1, (first - 1) * (second - 1))


def _prime(draw: random.Random) -> int:
    while True:
        candidate = draw.getrandbits(512) | 3 << 510 | 1
        if all(candidate % small for small in range(3, 2000, 2)) and pow(2, candidate - 1, candidate) == 1:
            return candidate


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
