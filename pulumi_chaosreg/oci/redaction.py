"""Secrets out of texts that others wrote: some servers and proxies repeat what they were sent."""

import json
from collections.abc import Iterable
from html import escape
from urllib.parse import quote, quote_plus

_MIN_LENGTH = 4
"""Letters: a shorter secret would blank half of the text, and there is nothing to protect."""


def without(text: str, secrets: Iterable[str]) -> str:
    """The text with all secrets blanked, in each spelling in which they travel: plain, in a form, in JSON, in HTML."""
    spellings = {spelling for secret in secrets if len(secret) >= _MIN_LENGTH for spelling in _spellings(secret)}
    for spelling in sorted(spellings, key=len, reverse=True):  # a secret may be a part of another one
        text = text.replace(spelling, "[redacted]")
    return text


def _spellings(secret: str) -> Iterable[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield escape(secret)
