"""The token endpoint of a registry (distribution's token specification), with real RS256 tokens.

The key is made from a fixed seed, in plain Python: it protects nothing.
"""

import base64
import hashlib
import itertools
import json
import random
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from lab.registry import RegistryServer
from tests.support.answering import AnsweringServer, Asked
from tests.support.faults import Reply

_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
SERVICE, _ISSUER, _KEY_ID = "test-registry", "test-issuer", "test-key"


class TokenServer(AnsweringServer):
    """Gives each user the actions that `rights` allows; user "" is the anonymous one.

    Nobody may do anything in the repositories of `closed`. Speaks both protocols of token endpoints, or those of
    `speaks`: GET with basic credentials, and OAuth2's POST with a password or a refresh token. A refresh token is good
    for as many uses as `uses` says, and comes with its successor.
    """

    def __init__(
        self,
        passwords: Mapping[str, str],
        rights: Mapping[str, set[str]],
        *,
        speaks: tuple[str, ...] = ("GET", "POST"),
        uses: int = 1000,
        closed: Collection[str] = (),
    ) -> None:
        self.passwords, self._rights, self._closed = dict(passwords), rights, closed
        self._speaks, self._uses = speaks, uses
        self._refresh: dict[str, tuple[str, int]] = {}
        self._given = itertools.count(1)
        super().__init__(self.token)

    def refresh_token(self, user: str) -> str:
        """A new one for this user."""
        text = f"canary-refresh-{user}-{next(self._given)}"
        self._refresh[text] = (user, self._uses)
        return text

    def token(self, asked: Asked) -> Reply:
        if asked.method not in self._speaks:
            return Reply(405, b'{"errors":[{"code":"UNSUPPORTED"}]}')
        user = self._by_basic(asked) if asked.method == "GET" else self._by_grant(asked.form)
        if user is None:
            # Real ones repeat what they were sent more often than one should think.
            echo = f"incorrect username or password: {asked.headers.get('Authorization', '')} {asked.body.decode()}"
            return Reply(401, json.dumps({"errors": [{"code": "UNAUTHORIZED", "message": echo}]}).encode())
        scopes = parse_qs(asked.body.decode() if asked.method == "POST" else asked.query).get("scope", [])
        access = []
        for scope in (one for several in scopes for one in several.split()):
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            allowed = set() if name in self._closed else self._rights.get(user, set())
            granted = sorted(set(actions.split(",")) & allowed)
            access.append({"type": kind, "name": name, "actions": granted})
        answer: dict[str, object] = {"access_token": signed(user, access), "expires_in": 300}
        if asked.method == "POST":
            answer["refresh_token"] = self.refresh_token(user)
        return Reply(200, json.dumps(answer).encode())

    def _by_basic(self, asked: Asked) -> str | None:
        given = base64.b64decode(asked.headers.get("Authorization", "").partition(" ")[2]).decode()
        user, _, password = given.partition(":")
        return user if not user or self.passwords.get(user) == password else None

    def _by_grant(self, form: Mapping[str, str]) -> str | None:
        if form["grant_type"] == "password":
            return form["username"] if self.passwords.get(form["username"]) == form["password"] else None
        user, left = self._refresh.get(form["refresh_token"], ("", 0))
        if left < 1:
            return None
        self._refresh[form["refresh_token"]] = (user, left - 1)
        return user


@contextmanager
def registry_with_tokens(
    folder: Path,
    passwords: Mapping[str, str],
    rights: Mapping[str, set[str]],
    *,
    speaks: tuple[str, ...] = ("GET", "POST"),
    uses: int = 1000,
    closed: Collection[str] = (),
) -> Iterator[tuple[RegistryServer, TokenServer]]:
    """A real registry that believes a token server's tokens."""
    with (
        TokenServer(passwords, rights, speaks=speaks, uses=uses, closed=closed) as tokens,
        registry_believing(folder, tokens) as one,
    ):
        yield one, tokens


@contextmanager
def registry_believing(folder: Path, tokens: AnsweringServer, path: str = "/token") -> Iterator[RegistryServer]:
    """A real registry whose challenges name this token endpoint."""
    folder.mkdir()
    (folder / "keys.json").write_text(json.dumps(_public_keys()), "utf-8")
    realm = f"http://{tokens.host}{path}"
    settings = {"realm": realm, "service": SERVICE, "issuer": _ISSUER, "jwks": str(folder / "keys.json")}
    with RegistryServer(folder, extra={"auth": {"token": settings}}) as server:
        yield server


def signed(user: str, access: list[dict[str, object]]) -> str:
    """A token that the registry believes."""
    now = int(time.time())
    header = {"typ": "JWT", "alg": "RS256", "kid": _KEY_ID}
    claims = {
        "iss": _ISSUER,
        "sub": user,
        "aud": SERVICE,
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
