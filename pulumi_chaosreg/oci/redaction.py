"""Secrets out of texts that others wrote: some servers and proxies repeat what they were sent."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from html import escape, unescape
from urllib.parse import quote, quote_plus, unquote

_MIN_LENGTH = 4
"""Letters: a shorter secret would blank half of the text, and there is nothing to protect."""
_REDACTED = "[redacted]"
_ESCAPED = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+|&(?:#[0-9]{1,20}|#[xX][0-9A-Fa-f]{1,20}|[A-Za-z]{1,31});?|(?:\\u[0-9A-Fa-f]{4})+|\\[nrt\"/\\]"
)
"""A part of a text in an address's spelling, in HTML's or in JSON's, which each leave to the writer what they escape.
Of limited length: a hostile server sends a number of a million digits.
"""
_LAYERS = 3
"""JSON in JSON in HTML."""


def without(text: str, secrets: Iterable[str]) -> str:
    """The text with all secrets blanked, in each spelling in which they travel: plain, in a form, in JSON, in HTML.

    Where one stands in a mixture of them, nothing of the text is left.
    """
    parts = {part for secret in secrets for part in _parts(secret) if len(part) >= _MIN_LENGTH}
    spellings = {spelling for part in parts for spelling in _spellings(part)}
    for spelling in sorted(spellings, key=len, reverse=True):  # a secret may be a part of another one
        text = text.replace(spelling, _REDACTED)
    # A secret may itself have what looks like an escape, and lose it on the way.
    plain = {form for part in parts for form in _layers(part) if len(form) >= _MIN_LENGTH}
    if any(form in layer for layer in _layers(text) for form in plain):
        return _REDACTED
    return text


def _parts(secret: str) -> Iterator[str]:
    """The secret, and of a Google key each line of what it signs with, which is the same in every spelling."""
    yield secret
    if secret.lstrip().startswith("{"):
        try:
            lines = str(json.loads(secret)["private_key"]).splitlines()
        except (ValueError, KeyError, RecursionError):
            return
        yield from (line for line in lines if not line.startswith("-----"))


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield escape(secret)
    yield escape(secret, quote=False)
    for encoded in (b64encode, urlsafe_b64encode):
        yield encoded(secret.encode(errors="surrogatepass")).decode().rstrip("=")


def _layers(text: str) -> Iterator[str]:
    """The text, and what remains of it when escapes are undone once, twice, and so on."""
    yield text
    for _ in range(_LAYERS):
        undone = _ESCAPED.sub(_undone, text)
        if undone == text:
            return
        text = undone
        yield text


def _undone(escaped: re.Match[str]) -> str:
    match escaped[0][0]:
        case "%":
            return unquote(escaped[0])
        case "&":
            return unescape(escaped[0])
        case _:
            return str(json.loads(f'"{escaped[0]}"'))
