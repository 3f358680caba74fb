"""A small HTTP server whose answers a test scripts: what registries, and what stands before them, do when unwell.

A stand-in: it imitates one misbehaviour at a time. What it does not script it can pass on to a real registry.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """What to answer. `promise` is a Content-Length that is not the body's; `reset` cuts the line without an answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    promise: int | None = None
    reset: bool = False


Script = Callable[[Seen], Reply | None]
"""The answer to a request; None passes it on to the registry behind."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up in the middle is what some tests are about."""


class FaultServer:
    """Listens on a loopback address; a context manager."""

    def __init__(self, script: Script, behind: str | None = None, address: str = "127.0.0.1") -> None:
        self.seen: list[Seen] = []
        self._script, self._behind = script, behind
        self._guard = threading.Lock()
        self._server = _Server((address, 0), self._handler())
        self.host = f"{address}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def count(self, method: str, part: str) -> int:
        return sum(one.method == method and part in one.path for one in self.seen)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def __getattr__(self, name: str) -> Callable[[], None]:
                if name.startswith("do_"):
                    return self.answer
                raise AttributeError(name)

            def answer(self) -> None:
                parts = urlsplit(self.path)
                seen = Seen(self.command, parts.path, parts.query, dict(self.headers))
                with outer._guard:
                    outer.seen.append(seen)
                    reply = outer._script(seen)
                if reply is None:
                    self.pass_on()
                elif reply.reset:
                    self.close_connection = True
                else:
                    self.rfile.read(int(self.headers.get("Content-Length", 0)))
                    self.reply(reply)

            def reply(self, reply: Reply) -> None:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                length = len(reply.body) if reply.promise is None else reply.promise
                self.send_header("Content-Length", str(length))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply.body)
                if length != len(reply.body):
                    self.close_connection = True

            def pass_on(self) -> None:
                assert outer._behind
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                connection = HTTPConnection(outer._behind)
                # The Host stays ours, so that the registry behind answers with locations that lead through us.
                connection.request(self.command, self.path, body or None, dict(self.headers))
                answer: HTTPResponse = connection.getresponse()
                hop = {"connection", "content-length", "transfer-encoding", "date", "server"}
                headers = {name: value for name, value in answer.getheaders() if name.lower() not in hop}
                promise = int(answer.headers.get("Content-Length", 0)) if self.command == "HEAD" else None
                self.reply(Reply(answer.status, answer.read(), headers, promise))
                connection.close()

            def log_message(self, *_: object) -> None:
                pass

        return Handler
