"""A small HTTP server that answers as a test says, with what it was sent: token endpoints, clouds' metadata, APIs.

A stand-in, always: what it imitates stands in the docstring of whoever uses it.
"""

import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.support.certificates import Certificate
from tests.support.local_server import LocalServer


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    query: str
    headers: Message
    """Of any case."""
    body: bytes = b""

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form in the body, or else in the query; the last of each name."""
        fields = parse_qs(self.body.decode() if self.method == "POST" else self.query, strict_parsing=False)
        return {name: values[-1] for name, values in fields.items()}


@dataclass(frozen=True)
class Said:
    """What to answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answering = Callable[[Asked], Said | None]
"""None passes the request on to the server behind."""


def tls_of(certificate: Certificate) -> ssl.SSLContext:
    """By which a server shows this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


class AnsweringServer(LocalServer):
    """Listens on a loopback address; a context manager. `script` is called by one thread at a time. With `tls` it has a
    certificate.
    """

    def __init__(
        self, script: Answering, behind: str = "", address: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        self.seen: list[Asked] = []
        self.script = script
        self.behind = behind
        self._guard = threading.Lock()
        server = ThreadingHTTPServer((address, 0), self._handler())
        server.daemon_threads = True
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        super().__init__(server, address)

    def _said(self, asked: Asked) -> Said:
        with self._guard:
            self.seen.append(asked)
            said = self.script(asked)
        return said or self._passed_on(asked)

    def _passed_on(self, asked: Asked) -> Said:
        connection = HTTPConnection(self.behind)
        query = f"?{asked.query}" if asked.query else ""
        connection.request(asked.method, asked.path + query, asked.body or None, dict(asked.headers.items()))
        answer = connection.getresponse()
        hop = {"connection", "transfer-encoding", "date", "server"}
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in hop}
        said = Said(answer.status, answer.read(), headers)
        connection.close()
        return said

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def __getattr__(self, name: str) -> Callable[[], None]:
                if name.startswith("do_"):
                    return self.reply
                raise AttributeError(name)

            def reply(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                said = outer._said(Asked(self.command, parts.path, parts.query, self.headers, body))
                self.send_response(said.status)
                names = {name.lower() for name in said.headers}
                for name, value in said.headers.items():
                    self.send_header(name, value)
                if "content-length" not in names:
                    self.send_header("Content-Length", str(len(said.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(said.body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
