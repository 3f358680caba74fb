"""The two passwords of a token of a container registry: seen, made anew one by one, taken away one by one.

Azure shows a password once, when it is made. Whoever asks for one without saying which gets both made anew, so that
all who have the other one are locked out: it is always said here.
"""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pulumi_chaosreg.azure.client import ResourceManager
from pulumi_chaosreg.azure.moments import moment
from pulumi_chaosreg.azure.problems import ResourceManagerError, unfinished


@dataclass(frozen=True, slots=True)
class Seen:
    """What Azure shows of a password that is there."""

    name: str
    created: datetime | None
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class Made:
    """A new password."""

    username: str
    value: str = field(repr=False)
    created: datetime | None


class TokenPasswords:
    """The passwords of tokens; one change of a token at a time, since taking one away writes the list of the others."""

    def __init__(self, azure: ResourceManager) -> None:
        self._azure = azure
        self._guard = threading.Lock()
        self._of_token: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def look(self, registry: str, token: str) -> Sequence[Seen] | None:
        """Those that are there; None where Azure does not show them. A ResourceManagerError that is missing: no token.

        `registry` is its resource ID.
        """
        answer = self._azure.ask("GET", token_id(registry, token))
        listed = _passwords((answer.get("properties") or {}).get("credentials"))
        return None if listed is None else [_seen(one) for one in listed]

    def make(self, registry: str, token: str, password: str, expires: str) -> Made:
        """Make this one anew. Done twice it is a third one: nobody has seen the second."""
        body = {"tokenId": token_id(registry, token), "name": password, "expiry": expires}
        with self._lock(registry, token):
            answer = self._azure.ask("POST", f"{registry}/generateCredentials", body)
        for one in _passwords(answer) or ():
            if one.get("name") == password and isinstance(one.get("value"), str) and one["value"]:
                return Made(str(answer.get("username") or token), one["value"], _moment(one.get("creationTime")))
        raise unfinished(f"POST {registry}/generateCredentials", f"an answer without `{password}`")

    def take(self, registry: str, token: str, password: str) -> None:
        """Take this one away; what is gone already is fine."""
        path = token_id(registry, token)
        with self._lock(registry, token):
            try:
                listed = _passwords((self._azure.ask("GET", path).get("properties") or {}).get("credentials")) or ()
                others = [{k: v for k, v in one.items() if k != "value"} for one in listed if one["name"] != password]
                if len(others) < len(listed):
                    self._azure.ask("PATCH", path, {"properties": {"credentials": {"passwords": others}}})
            except ResourceManagerError as refused:
                if not refused.is_missing:
                    raise

    def _lock(self, registry: str, token: str) -> threading.Lock:
        with self._guard:
            return self._of_token[token_id(registry, token).casefold()]


def token_id(registry: str, token: str) -> str:
    """The resource ID of a token."""
    return f"{registry}/tokens/{token}"


def _passwords(said: Any) -> list[Mapping[str, Any]] | None:
    listed = said.get("passwords") if isinstance(said, dict) else None
    return [one for one in listed if isinstance(one, dict) and one.get("name")] if isinstance(listed, list) else None


def _seen(one: Mapping[str, Any]) -> Seen:
    return Seen(str(one["name"]), _moment(one.get("creationTime")), _moment(one.get("expiry")))


def _moment(said: Any) -> datetime | None:
    return moment(said) if isinstance(said, str) else None
