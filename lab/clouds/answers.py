"""What a cloud's stand-in is asked and says, whatever the cloud."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    host: str
    """Without port, as the client calls the server."""
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    """Of a form or an order; what goes to the registry streams."""

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form in the body, or else in the query."""
        fields = parse_qs(self.body.decode() if self.method == "POST" else self.query)
        return {name: values[-1] for name, values in fields.items()}

    @property
    def basic(self) -> tuple[str, str]:
        """User and password; two empty ones where there are none."""
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(encoded).decode().partition(":") if scheme == "Basic" else ("", "", "")
        except ValueError:
            return "", ""
        return user, password

    @property
    def bearer(self) -> str:
        """The token; empty where there is none."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if scheme == "Bearer" else ""


@dataclass(frozen=True)
class Answer:
    """One whole answer, in JSON where it is no text."""

    status: int
    said: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return (self.said if isinstance(self.said, str) else json.dumps(self.said)).encode()


Decide = Callable[[Asked], Answer | None]
"""None: the request goes to the registry behind, word for word."""


def challenge(asked: Asked, realm: str) -> Answer:
    """What a registry says to whom it does not let in: ask for a token there, by the port that was asked."""
    wanted = f'Bearer realm="https://{asked.headers.get("Host", asked.host)}{realm}",service="{asked.host}"'
    said = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
    return Answer(401, said, {"WWW-Authenticate": wanted, "Content-Type": "application/json"})
