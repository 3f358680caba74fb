"""Stand-ins of Google's APIs: the token endpoint of service accounts, and Artifact Registry as far as a test says.

What they answer follows Google's references ("Using OAuth 2.0 for server to server applications"; the REST reference of
Artifact Registry v1). Who asks them is the real google-auth.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.answering import AnsweringServer, Asked, Said, tls_of
from tests.support.certificates import Authority

TOKEN = "canary-google-token"
EMAIL = "mirror@acme-prod.iam.gserviceaccount.com"

Api = Callable[[Asked], "Said | None"]
"""What the API answers to somebody with a good token; None is 404."""


@dataclass
class Google:
    """The running stand-in, and who may ask it."""

    server: AnsweringServer
    key: str
    """The JSON of a service account's key. Secret, by its form."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Of a machine that is this service account."""

    @property
    def asked(self) -> list[Asked]:
        """What came to the API."""
        return [asked for asked in self.server.seen if asked.path != "/token"]


@contextmanager
def google(folder: Path, api: Api, authority: Authority | None = None) -> Iterator[Google]:
    """Google, and a key of a service account in the folder. With an authority it speaks TLS."""

    def answer(asked: Asked) -> Said:
        if asked.path == "/token":
            is_key = asked.form.get("grant_type", "").endswith("jwt-bearer") and asked.form.get("assertion")
            return said({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}) if is_key else Said(400)
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        return api(asked) or refusal(404, "NOT_FOUND", "Requested entity was not found.")

    tls = tls_of(authority.issue("127.0.0.1")) if authority else None
    with AnsweringServer(answer, tls=tls) as server:
        address = f"{'https' if authority else 'http'}://{server.host}"
        key = json.dumps(
            {
                "type": "service_account",
                "project_id": "acme-prod",
                "private_key_id": "1",
                "private_key": _private_key(),
                "client_email": EMAIL,
                "token_uri": f"{address}/token",
            }
        )
        path = folder / "google-key.json"
        path.write_text(key, "utf-8")
        environment = {
            "GOOGLE_APPLICATION_CREDENTIALS": str(path),
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_ARTIFACTREGISTRY": f"{address}/",
            "NO_PROXY": "127.0.0.1",
        }
        yield Google(server, key, environment)


def said(content: Any) -> Said:
    return Said(200, json.dumps(content).encode(), {"Content-Type": "application/json"})


def refusal(status: int, word: str, message: str) -> Said:
    """As all of Google's APIs refuse (google.rpc.Status)."""
    content = {"error": {"code": status, "message": message, "status": word}}
    return Said(status, json.dumps(content).encode(), {"Content-Type": "application/json"})


@cache
def _private_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, *form).decode()
