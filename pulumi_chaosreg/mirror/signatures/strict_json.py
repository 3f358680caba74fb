"""Reading what a stranger wrote: JSON and base64 of the expected form, or else Refused."""

import json
from base64 import b64decode
from typing import Any

from pulumi_chaosreg.mirror.signatures.refusal import malformed


def json_object(raw: bytes, what: str) -> dict[str, Any]:
    """The JSON object, in which no key stands twice: two readers would see two documents."""
    try:
        document = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        malformed(f"{what} is not JSON, or has a duplicate key")
    return document if isinstance(document, dict) else malformed(f"{what} is not a JSON object")


def mapping(parent: dict[str, Any], key: str, what: str) -> dict[str, Any]:
    """The object under that key."""
    value = parent.get(key)
    return value if isinstance(value, dict) else malformed(f"{what} has no `{key}`")


def text(parent: dict[str, Any], key: str, what: str) -> str:
    """The string under that key."""
    value = parent.get(key)
    return value if isinstance(value, str) and value else malformed(f"{what} has no `{key}`")


def octets(parent: dict[str, Any], key: str, what: str) -> bytes:
    """The bytes that stand under that key in base64."""
    return decoded(text(parent, key, what), f"`{key}` of {what}")


def decoded(base64: str, what: str) -> bytes:
    """The bytes of that base64."""
    try:
        raw = b64decode(base64, validate=True)
    except ValueError:
        malformed(f"{what} is not base64")
    return raw or malformed(f"{what} is empty")


def only(parent: dict[str, Any], keys: tuple[str, ...], what: str) -> str:
    """Which of these keys is there; not exactly one of them is malformed."""
    present = [key for key in keys if parent.get(key) is not None]
    return present[0] if len(present) == 1 else malformed(f"{what} has {' and '.join(present) or 'none'} of {keys}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key is duplicated")
    return document
