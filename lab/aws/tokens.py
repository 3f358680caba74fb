"""ECR's passwords: for whoever asked, and good for a while. None is kept: each says itself what it is for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Bearer:
    """Whom a password was given to."""

    account: str
    expires: float
    role: str = ""
    """ARN of the role that it was given to, whose policies decide what it opens; empty: everything of the account."""
    session: str = ""
    """ARN of the role's session, as AWS calls who asks."""


class Tokens:
    """Gives passwords and knows its own again. `seconds` may be changed at any time; AWS's is fixed."""

    def __init__(self, seconds: float = 12 * 3600) -> None:
        self.seconds = seconds
        self._key = secrets.token_bytes(32)

    def give(self, account: str, role: str = "", session: str = "") -> tuple[str, float]:
        """A new password, and when it ends."""
        expires = time.time() + self.seconds
        bearer = asdict(Bearer(account, expires, role, session))
        told = base64.urlsafe_b64encode(json.dumps({**bearer, "nonce": secrets.token_hex(8)}).encode()).decode()
        return f"{told}.{self._sign(told)}", expires

    def read(self, password: str) -> Bearer | None:
        """Whose it is, also when it has ended; None for what was never given."""
        told, _, signature = password.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(told).encode()):
            return None
        said = json.loads(base64.urlsafe_b64decode(told))
        return Bearer(**{name: value for name, value in said.items() if name != "nonce"})

    def _sign(self, told: str) -> str:
        return hmac.new(self._key, told.encode(), hashlib.sha256).hexdigest()
