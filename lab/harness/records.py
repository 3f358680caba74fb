"""What Harness keeps: one record for each scope, of which a read shows what holds there."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from typing import Any

Scope = tuple[str, ...]
"""(account, organization, project, infrastructure), as far down as the scope is."""
Record = dict[str, Any]

DEFAULT: Record = {
    "registryServer": "docker.io",
    "registryAccount": "harness",
    "isPrivate": False,
    "secretName": "",
    "isDefault": True,
    "isOverrideAllowed": False,
    "useCustomImages": False,
    "customImages": {},
}
"""What a new account has."""
_WORDS = ("account", "org", "project", "infra")


class Refused(Exception):  # noqa: N818
    """What the API answers instead; `status` is HTTP's."""

    def __init__(self, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.status = status


class Records:
    """Safe to share between threads."""

    def __init__(self, accounts: tuple[str, ...]) -> None:
        self._guard = threading.Lock()
        self._clock = itertools.count(1_790_000_000_000)
        self._own: dict[Scope, Record] = {}
        for account in accounts:
            self._write((account,), DEFAULT, "system")

    def own(self) -> dict[str, Record]:
        """Every record by its scope, joined with `/`."""
        with self._guard:
            return {"/".join(scope): dict(record) for scope, record in self._own.items()}

    def forget(self, account: str) -> None:
        """As a new account has it."""
        with self._guard:
            self._own = {scope: record for scope, record in self._own.items() if scope[0] != account}
            self._write((account,), DEFAULT, "system")

    def put(self, scope: Scope, request: Mapping[str, Any], user: str) -> None:
        """By somebody else, past all checks."""
        with self._guard:
            self._write(scope, {**DEFAULT, **request}, user)

    def blocked_by(self, scope: Scope) -> str:
        """The highest level above that lets nothing below differ; empty where none does."""
        for depth in range(1, len(scope)):
            above = self._own.get(scope[:depth])
            if above and not above["isOverrideAllowed"]:
                return _WORDS[depth - 1]
        return ""

    def resolved(self, scope: Scope) -> Record | None:
        """What holds there: the lowest record of the chain, down to the first level that blocks."""
        with self._guard:
            found = None
            for depth in range(1, len(scope) + 1):
                own = self._own.get(scope[:depth])
                found = own or found
                if own and not own["isOverrideAllowed"]:
                    break
            return dict(found) if found else None

    def create(self, scope: Scope, request: Mapping[str, Any], user: str) -> Record:
        """A record where there is none."""
        with self._guard:
            self._allow(scope, request)
            if scope in self._own:
                raise Refused("write exception: write errors: [E11000 duplicate key error collection: imageRegistry]")
            return self._write(scope, request, user)

    def update(self, scope: Scope, request: Mapping[str, Any], user: str) -> str:
        """Another one in its place; whatever the request leaves out is then empty."""
        with self._guard:
            self._allow(scope, request)
            if scope not in self._own:
                raise Refused("mongo: no documents in result")
            self._write(scope, request, user)
            return "image registry updated successfully"

    def _allow(self, scope: Scope, request: Mapping[str, Any]) -> None:
        if request.get("customImages") is None:
            raise Refused("error occurred while updating the infrastructure", 500)
        if above := self.blocked_by(scope):
            what = "infrastructure scoped image registry creation"
            raise Refused(f"a higher scope is blocking {what}, please enable override from {above}", 500)

    def _write(self, scope: Scope, request: Mapping[str, Any], user: str) -> Record:
        now = str(next(self._clock))
        before = self._own.get(scope, {})
        keys = ("accountIdentifier", "orgIdentifier", "projectIdentifier")
        record = {
            **{key: request.get(key) for key in DEFAULT},
            "secretName": request.get("secretName") or "",
            "identifier": dict(zip(keys, (*scope[:3], *("",) * 3), strict=False)),
            "infraID": scope[3] if len(scope) > 3 else "",
            "createdBy": before.get("createdBy") or {"userID": user, "username": user, "email": ""},
            "updatedBy": {"userID": user, "username": user, "email": ""},
            "createdAt": before.get("createdAt") or now,
            "updatedAt": now,
        }
        self._own[scope] = record
        return dict(record)
