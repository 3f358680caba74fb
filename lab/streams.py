"""The bodies of HTTP requests and answers as they come, for servers that pass them on."""

from collections.abc import Iterator, Mapping
from email.message import Message
from http.client import HTTPResponse
from http.server import BaseHTTPRequestHandler
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


def send(
    handler: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], body: bytes, stream: HTTPResponse | None
) -> None:
    """Answer with the body, or with what the registry behind says, as it comes."""
    handler.send_response(status)
    for name, value in headers.items():
        if name.lower() not in ("server", "date"):
            handler.send_header(name, value)
    if stream is None:
        handler.send_header("Content-Length", str(len(body)))
    elif stream.length is None and handler.command != "HEAD":
        handler.send_header("Connection", "close")
    handler.end_headers()
    if handler.command == "HEAD":
        return
    handler.wfile.write(body)
    while stream and (piece := stream.read(PIECE)):
        handler.wfile.write(piece)
