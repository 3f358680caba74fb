"""The body of an HTTP request as it arrives, for servers that pass it on."""

from collections.abc import Iterator
from email.message import Message
from io import BufferedIOBase
from typing import Final

PIECE: Final = 1 << 16
HOP_BY_HOP: Final = frozenset({"connection", "transfer-encoding", "host", "authorization", "keep-alive"})
"""Headers that are between two of us, and the login, which is not for whoever stands behind."""


def pieces(headers: Message, stream: BufferedIOBase) -> Iterator[bytes]:
    """Until the body ends, however its length was told."""
    if "chunked" in headers.get("Transfer-Encoding", "").lower():
        while size := int(stream.readline().split(b";")[0], 16):
            yield stream.read(size)
            stream.readline()
        while stream.readline().strip():
            pass
        return
    left = int(headers.get("Content-Length") or 0)
    while left and (piece := stream.read(min(left, PIECE))):
        left -= len(piece)
        yield piece
