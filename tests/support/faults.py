"""A small HTTP server that stands before a registry and misbehaves as a test says: a fault proxy.

A stand-in where it answers by itself (`Reply`). What it passes on comes from the real registry behind it, untouched
or changed on the way (`Change`).
"""

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

from tests.support.local_server import LocalServer

_HOP = {"connection", "content-length", "transfer-encoding", "date", "server"}


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    at: float = 0.0
    """`time.monotonic()` of its arrival."""


@dataclass(frozen=True)
class Reply:
    """What to answer. `promise` is a Content-Length that is not the body's; `reset` cuts the line without an answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    promise: int | None = None
    reset: bool = False


@dataclass(frozen=True)
class Change:
    """What to do to a request and its answer on their way to and from the real registry."""

    path: str | None = None
    """What the real registry is asked for instead."""
    query: str | None = None
    status: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    """Of the answer; None takes one away."""
    location: Callable[[str], str] | None = None
    """What becomes of the answer's Location."""
    delay: float = 0.0
    """Seconds before the answer."""
    swallow: int | None = None
    """Only so many bytes of the request's body reach the registry, then both lines are reset."""
    flip: int | None = None
    """The position of a byte of the answer whose lowest bit is wrong."""
    lost: bool = False
    """The registry does what it is asked for, and its answer never arrives."""
    cut: int | None = None
    """So many bytes of the answer's body arrive, then the line is reset."""
    stall: int | None = None
    """So many bytes of the answer's body arrive, then nothing more, and the line stays open."""
    drip: tuple[int, float] | None = None
    """The answer comes in pieces of so many bytes, with so many seconds between."""
    gzip: bool = False
    """A proxy on the way compresses the answer, though nobody asked for it."""


Script = Callable[[Seen], Reply | Change | None]
"""The answer to a request, or what to change; None passes it on. Called for one request at a time."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A client that hangs up in the middle is what some tests are about."""

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        self.close_request(request)  # without the usual FIN before it, which would hide a reset


class _ServerOnIPv6(_Server):
    address_family = socket.AF_INET6


class FaultServer(LocalServer):
    """Listens on a loopback address; a context manager. `behind` is the host of the registry that it stands before."""

    def __init__(self, script: Script, behind: str | None = None, address: str = "127.0.0.1") -> None:
        self.seen: list[Seen] = []
        self.script = script
        self.over = threading.Event()
        """Set when the server ends: lines that hang are let go."""
        self._behind = behind
        self._guard = threading.Lock()
        super().__init__((_ServerOnIPv6 if ":" in address else _Server)((address, 0), self._handler()), address)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        super().__exit__(kind, error, trace)

    def count(self, method: str, part: str) -> int:
        return len(self.requests(method, part))

    def requests(self, method: str, part: str) -> list[Seen]:
        return [one for one in self.seen if one.method == method and part in one.path]

    def _decide(self, seen: Seen) -> Reply | Change | None:
        with self._guard:
            self.seen.append(seen)
            return self.script(seen)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(_Handler):
            server_of_faults = outer
            behind = outer._behind
            decide = staticmethod(outer._decide)

        return Handler


class _Handler(BaseHTTPRequestHandler):
    """One connection, with one of its own to the registry behind."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_of_faults: FaultServer
    behind: str | None
    decide: Callable[[Seen], Reply | Change | None]
    _line: HTTPConnection | None = None

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self) -> None:
        parts = urlsplit(self.path)
        what = self.decide(Seen(self.command, parts.path, parts.query, dict(self.headers), time.monotonic()))
        if isinstance(what, Reply):
            if what.reset:
                self.reset()
                return
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.reply(what)
        elif what and what.swallow is not None:
            self.swallow(what.swallow)
        else:
            self.pass_on(what or Change())

    def reply(self, reply: Reply) -> None:
        length = len(reply.body) if reply.promise is None else reply.promise
        self.head(reply.status, [*reply.headers.items(), ("Content-Length", str(length))])
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        if length != len(reply.body):
            self.close_connection = True

    def pass_on(self, change: Change) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status, headers, content = self.ask(change, body)
        except (HTTPException, OSError):  # the registry is gone
            self.reset()
            return
        if change.lost:
            self.reset()
            return
        if self.server_of_faults.over.wait(change.delay) if change.delay else False:
            return
        length = headers.pop("content-length", None) or str(len(content))
        if change.gzip:
            content = gzip.compress(content)
            headers["content-encoding"], length = "gzip", str(len(content))
        if change.flip is not None and change.flip < len(content):
            content = content[: change.flip] + bytes([content[change.flip] ^ 1]) + content[change.flip + 1 :]
        if change.location and "location" in headers:
            headers["location"] = change.location(headers["location"])
        headers |= {name.lower(): value for name, value in change.headers.items() if value is not None}
        gone = {name.lower() for name, value in change.headers.items() if value is None}
        kept = [(name, value) for name, value in headers.items() if name not in gone]
        self.head(change.status or status, [*kept, ("Content-Length", length)])
        if self.command == "HEAD":
            return
        self.send(content, change)

    def send(self, content: bytes, change: Change) -> None:
        over = self.server_of_faults.over
        size, pause = change.drip or (len(content) or 1, 0.0)
        arriving = content[: change.cut if change.cut is not None else change.stall]
        for start in range(0, len(arriving), size):
            self.wfile.write(arriving[start : start + size])
            if pause and over.wait(pause):
                return
        if change.stall is not None:
            over.wait(60)
            self.close_connection = True
        if change.cut is not None:
            self.reset()

    def ask(self, change: Change, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, and body of the real registry's answer."""
        assert self.behind, "nothing stands behind, and the script has no answer"
        parts = urlsplit(self.path)
        asked = f"{change.path or parts.path}?{parts.query if change.query is None else change.query}".rstrip("?")
        # The Host stays ours, so that the registry behind answers with locations that lead through us.
        for fresh in (False, True):
            line = self._line if self._line and not fresh else HTTPConnection(self.behind)
            fresh = fresh or line is not self._line
            try:
                line.request(self.command, asked, body or None, dict(self.headers))
                answer = line.getresponse()
                break
            except (HTTPException, OSError):
                self._line = None
                if fresh:
                    raise
        self._line = line
        headers = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in _HOP}
        if self.command == "HEAD" and "Content-Length" in answer.headers:
            headers["content-length"] = answer.headers["Content-Length"]
        return answer.status, headers, answer.read()

    def swallow(self, size: int) -> None:
        """The registry sees the beginning of the request and then a broken line, and so does the client."""
        body = self.rfile.read(min(size, int(self.headers.get("Content-Length", 0))))
        assert self.behind
        host, _, port = self.behind.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port))) as line:
            head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
            line.sendall(f"{self.command} {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            _abrupt(line)
        self.reset()

    def head(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def reset(self) -> None:
        """End the connection with RST instead of FIN, as a crash or a firewall does."""
        self.wfile.flush()
        _abrupt(self.connection)
        self.close_connection = True

    def finish(self) -> None:
        if self._line:
            self._line.close()
        super().finish()

    def log_message(self, *_: object) -> None:
        pass


def _abrupt(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
