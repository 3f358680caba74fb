"""What Harbor answers: JSON, and its envelope of errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_STATUS: Final = {
    "BAD_REQUEST": 400,
    "UNSUPPORTED": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "DENIED": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONFLICT": 409,
    "PRECONDITION": 412,
    "VIOLATE_FOREIGN_KEY_CONSTRAINT": 412,
    "PROJECTPOLICYVIOLATION": 412,
    "UNPROCESSABLE_ENTITY": 422,
    "UNKNOWN": 500,
}
"""As `lib/http/error.go` maps Harbor's codes."""


@dataclass(frozen=True)
class Answer:
    """One whole answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):  # noqa: N818
    """The answer is this error."""

    def __init__(self, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.answer = refused(code, message, headers)


def said(answer: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(answer).encode() + b"\n", {"Content-Type": "application/json", **(headers or {})})


def refused(code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    envelope = {"errors": [{"code": code, "message": message}]}
    named = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return Answer(_STATUS[code], json.dumps(envelope).encode() + b"\n", named)


def not_found(what: str) -> Refused:
    return Refused("NOT_FOUND", f"{what} not found")


def bad(message: str) -> Refused:
    return Refused("BAD_REQUEST", message)
