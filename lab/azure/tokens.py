"""What a registry knows of its tokens: scope maps, tokens, and two passwords of each. Nothing of HTTP."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

PASSWORDS: Final = ("password1", "password2")


class Refused(Exception):  # noqa: N818
    """What the API says no to."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class Token:
    """One token, and the passwords that were made of it."""

    name: str
    scope_map: str
    status: str = "enabled"
    passwords: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def shown(self) -> list[dict[str, str]]:
        """As `GET` has them: without their values."""
        return [{k: v for k, v in one.items() if k != "value"} for one in self.passwords.values()]


class Tokens:
    """By resource ID, which is compared without regard to case. Safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._tokens: dict[str, Token] = {}
        self._ticks = 0

    def put(self, resource_id: str, scope_map: str) -> Token:
        """Make one, or change it; its passwords stay."""
        with self._guard:
            name = resource_id.rpartition("/")[2]
            token = self._tokens.setdefault(resource_id.casefold(), Token(name, scope_map))
            token.scope_map = scope_map
            return token

    def get(self, resource_id: str) -> Token:
        with self._guard:
            return self._of(resource_id)

    def delete(self, resource_id: str) -> None:
        with self._guard:
            self._tokens.pop(resource_id.casefold(), None)

    def keep(self, resource_id: str, names: list[str]) -> Token:
        """Passwords that are not among these go (Tokens_Update)."""
        with self._guard:
            token = self._of(resource_id)
            token.passwords = {name: one for name, one in token.passwords.items() if name in names}
            return token

    def generate(self, resource_id: str, name: str | None, expiry: str | None) -> dict[str, Any]:
        """Make a password anew; both of them where nobody says which (Registries_GenerateCredentials)."""
        if name not in (None, *PASSWORDS):
            raise Refused(400, "InvalidPasswordName", f"The password name {name} is invalid")
        with self._guard:
            token, made = self._of(resource_id), []
            for one in (name,) if name else PASSWORDS:
                self._ticks += 1
                now = datetime.now(UTC) + timedelta(seconds=self._ticks)  # no two are made at one moment
                token.passwords[one] = {
                    "name": one,
                    "creationTime": f"{now:%Y-%m-%dT%H:%M:%S.%f}0Z",
                    **({"expiry": expiry} if expiry else {}),
                    "value": secrets.token_urlsafe(39),
                }
                made.append(dict(token.passwords[one]))
            return {"username": token.name, "passwords": made}

    def opens(self, registry: str, name: str, password: str) -> bool:
        """Whether this password of a token lets anybody into the registry of that name now."""
        with self._guard:
            token = next((one for key, one in self._tokens.items() if _is_called(key, registry, name)), None)
            return bool(token and token.status == "enabled" and any(map(_is_good(password), token.passwords.values())))

    def _of(self, resource_id: str) -> Token:
        token = self._tokens.get(resource_id.casefold())
        if token is None:
            raise Refused(404, "ResourceNotFound", f"The resource {resource_id} could not be found")
        return token


def _is_called(resource_id: str, registry: str, name: str) -> bool:
    return resource_id.endswith(f"/registries/{registry}/tokens/{name}".casefold())


def _is_good(password: str) -> Callable[[Mapping[str, str]], bool]:
    """Whether one of a token's passwords is this one, and has not ended."""
    now = datetime.now(UTC)

    def is_good(made: Mapping[str, str]) -> bool:
        ends = made.get("expiry")
        return bool(password) and made["value"] == password and (ends is None or datetime.fromisoformat(ends) > now)

    return is_good
