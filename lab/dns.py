"""A name server for Pods: the addresses of the lab's names, and nothing of the world outside.

What it knows are A records. A name that it knows has no other records (an empty answer), and no other name exists.
"""

import socketserver
import struct
import threading
from collections.abc import Mapping
from typing import Final

PORT: Final = 53

_A, _INTERNET = 1, 1
_RESPONSE, _AUTHORITATIVE, _RECURSION_DESIRED = 0x8000, 0x0400, 0x0100
_NO_ERROR, _FORMAT_ERROR, _NO_SUCH_NAME, _NOT_IMPLEMENTED = 0, 1, 3, 4
_POINTER_TO_QUESTION = 0xC00C
_SECONDS = 5
"""How long an answer may be kept: a lab is short-lived."""


def serve(address: str, names: Mapping[str, str], port: int = PORT) -> None:
    """Answer by UDP and TCP in threads of their own, for as long as this process lives."""
    known = {name.lower().rstrip("."): where for name, where in names.items()}

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            query, socket = self.request
            reply = answer(query, known)
            if reply:
                socket.sendto(reply, self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        timeout = 10

        def handle(self) -> None:
            while length := self.rfile.read(2):
                reply = answer(self.rfile.read(int.from_bytes(length, "big")), known)
                if not reply:
                    return
                self.wfile.write(len(reply).to_bytes(2, "big") + reply)

    for server in (_Datagrams((address, port), Datagram), _Streams((address, port), Stream)):
        threading.Thread(target=server.serve_forever, daemon=True, name="dns").start()


class _Datagrams(socketserver.ThreadingUDPServer):
    daemon_threads = True


class _Streams(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


def answer(query: bytes, names: Mapping[str, str]) -> bytes:
    """The reply to a query (RFC 1035), nothing to what is none; names are lowercase, without the last dot."""
    if len(query) < 12 or query[2] & 0x80:
        return b""
    number, flags, questions = struct.unpack(">HHH", query[:6])
    flags = _RESPONSE | _AUTHORITATIVE | flags & (_RECURSION_DESIRED | 0x7800)
    if flags & 0x7800 or questions != 1:
        return struct.pack(">HHHHHH", number, flags | _NOT_IMPLEMENTED, 0, 0, 0, 0)
    try:
        name, end = _name(query, 12)
        kind, family = struct.unpack(">HH", query[end : end + 4])
    except (ValueError, IndexError, struct.error):
        return struct.pack(">HHHHHH", number, flags | _FORMAT_ERROR, 0, 0, 0, 0)
    address = names.get(name)
    records = b""
    if address and (kind, family) == (_A, _INTERNET):
        records = struct.pack(">HHHIH", _POINTER_TO_QUESTION, _A, _INTERNET, _SECONDS, 4)
        records += bytes(int(part) for part in address.split("."))
    code = _NO_ERROR if address else _NO_SUCH_NAME
    return struct.pack(">HHHHHH", number, flags | code, 1, bool(records), 0, 0) + query[12 : end + 4] + records


def _name(query: bytes, start: int) -> tuple[str, int]:
    """The name that begins there, and where it ends; a query has no pointers."""
    labels: list[str] = []
    while length := query[start]:
        label = query[start + 1 : start + 1 + length]
        if length > 63 or len(label) < length:
            raise ValueError("no label")
        labels.append(label.decode("latin-1").lower())
        start += 1 + length
    return ".".join(labels), start + 1
