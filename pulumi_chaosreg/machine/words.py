"""What a program or an SDK said, made fit for a message: one short line, in which nothing could be a secret."""

import re

_MAX_LENGTH = 200
_WORD = re.compile(r"[^\s\"'`,;()\[\]{}<>]{16,}")
_PIECES = re.compile(r"[./:_@\\-]+")


def harmless(text: str) -> str:
    """The first line with something on it, its long words blanked unless they look like names, paths or addresses."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in line).split())
    line = _WORD.sub(lambda word: word[0] if all(map(_is_plain, _PIECES.split(word[0]))) else "[redacted]", line)
    return line if len(line) <= _MAX_LENGTH else line[:_MAX_LENGTH] + "…"


def _is_plain(piece: str) -> bool:
    """Whether it is a word, a number, or a short mix of both: tokens are long mixes."""
    return piece.isalpha() or piece.isdigit() or not piece or (piece.isalnum() and len(piece) < 6) or _is_hex(piece)


def _is_hex(piece: str) -> bool:
    """Whether it may be a part of a UUID, as tenants and clients have them."""
    return re.fullmatch(r"[0-9a-f]{1,12}", piece) is not None
