"""What ECR's registry says when it refuses, word for word where its words are known."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One whole answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def said(status: int, answer: Any, media_type: str = "application/json", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(answer).encode(), {"Content-Type": media_type, **named})


def refused(status: int, code: str, message: str, **headers: str) -> Answer:
    return said(status, {"errors": [{"code": code, "message": message}]}, **headers)


def unauthorized(host: str) -> Answer:
    challenge = f'Basic realm="https://{host}/",service="ecr.amazonaws.com"'
    return Answer(401, b"Not Authorized\n", {"Www-Authenticate": challenge, "Content-Type": "text/plain"})


def expired() -> Answer:
    return refused(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")


def another_account(account: str) -> Answer:
    return refused(403, "DENIED", f"the lab's registry opens to its own account only, not to {account}")


def not_allowed(words: str) -> Answer:
    return refused(403, "DENIED", words)


def no_repository(name: str, account: str) -> Answer:
    words = f"The repository with name '{name}' does not exist in the registry with id '{account}'"
    return refused(404, "NAME_UNKNOWN", words)


def no_manifest() -> Answer:
    return refused(404, "MANIFEST_UNKNOWN", "Requested image not found")


def tag_frozen(name: str, tag: str) -> Answer:
    words = (
        f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the tag "
        "is immutable."
    )
    return refused(400, "TAG_INVALID", words)


def not_by_tag() -> Answer:
    return refused(405, "UNSUPPORTED", "The operation is unsupported.")
