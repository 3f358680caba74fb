"""Harbor's token service: whoever asks gets a token with as much as they may, be it nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterable
from typing import Final

from lab.harbor.answers import Answer, said
from lab.harbor.callers import Caller
from lab.harbor.records import Records

SERVICE: Final = "harbor-registry"
_ACTIONS: Final = ("pull", "push", "delete")


class Tokens:
    """Gives tokens and knows its own again. `seconds` may be changed at any time; Harbor's own is half an hour."""

    def __init__(self, records: Records, seconds: float = 1800) -> None:
        self.seconds = seconds
        self._records = records
        self._key = secrets.token_bytes(32)

    def service(self, caller: Caller, service: str, scopes: Iterable[str]) -> Answer:
        """What GET /service/token answers."""
        asked = [scope for word in scopes for scope in word.split()]
        if service != SERVICE:
            return Answer(400, f"Unable to handle service: {service}".encode())
        if not asked and not caller.is_known:
            return Answer(401)
        granted = {}
        for scope in asked:
            kind, _, rest = scope.partition(":")
            name = rest.rpartition(":")[0]
            if kind == "repository" and "/" in name:
                granted[name] = self._granted(caller, name)
        claims = {"sub": caller.name, "access": granted, "exp": time.time() + self.seconds}
        text = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
        token = f"{text}.{self._sign(text)}"
        issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())  # containerd reads it
        return said({"token": token, "access_token": "", "expires_in": int(self.seconds), "issued_at": issued})

    def read(self, authorization: str) -> Caller | None:
        """Who bears it; None for what is no token of ours, or has ended."""
        scheme, _, token = authorization.partition(" ")
        text, _, signature = token.partition(".")
        if scheme.lower() != "bearer" or not hmac.compare_digest(signature.encode(), self._sign(text).encode()):
            return None
        claims = json.loads(base64.urlsafe_b64decode(text))
        if claims["exp"] <= time.time():
            return None
        return Caller(
            token={name: frozenset(actions) for name, actions in claims["access"].items()}, subject=claims["sub"]
        )

    def _granted(self, caller: Caller, name: str) -> list[str]:
        project = self._records.named(name.partition("/")[0])
        return [action for action in _ACTIONS if project and caller.may(project, f"repository:{action}")]

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
