"""The server under the names of AWS, by TLS: ECR's registries, and the APIs that Pods ask.

What a registry answers is decided by `registry`, its bytes go to and come from the one behind; the APIs are those of
`control`.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lab.aws.answers import Answer
from lab.aws.authority import Authority
from lab.aws.registry import EcrRegistry, Passed, Request, digest_of
from lab.names import AWS_APIS
from lab.streams import HOP_BY_HOP, pieces, send


@dataclass(frozen=True)
class Behind:
    """Host and port of what answers in the end."""

    registry: str
    """It keeps the bytes."""
    control: str
    """The APIs of all services."""


class Front(ThreadingHTTPServer):
    """One address for all registries of ECR and for the APIs; the client says by its host name which one it means."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], registry: EcrRegistry, behind: Behind, authority: Authority, log: Path
    ) -> None:
        super().__init__(address, _Handler)
        self.registry, self.behind = registry, behind
        self._log, self._logging = log, threading.Lock()
        self.socket = authority.server_context().wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the lab's authority, or hangs up, is no news."""

    def record(self, request: Request, status: int) -> None:
        """One line for each answered request; no password is in it."""
        told = {
            "time": time.time(),
            "method": request.method,
            "host": request.host,
            "path": request.path,
            "status": status,
            "login": bool(request.authorization),
        }
        with self._logging, self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(told) + "\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: Front
    server_version = "chaosreg-lab-stand-in-for-ECR"
    sys_version = ""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """`Front.record` writes the log."""

    def handle_any(self) -> None:
        if self.headers.get("Host", "").partition(":")[0] in AWS_APIS:
            self._pass_to_api()
            return
        parts = urlsplit(self.path)
        pushes = self.command == "PUT" and "/manifests/" in parts.path
        request = Request(
            self.command,
            self.headers.get("Host", ""),
            parts.path,
            parts.query,
            self.headers.get("Authorization", ""),
            self.headers.get("Content-Type", ""),
            b"".join(self._body()) if pushes else b"",
        )
        if pushes:
            with self.server.registry.pushing:
                self._answer(request)
        else:
            self._answer(request)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the base class wants these

    def _pass_to_api(self) -> None:
        """To the control plane word for word: what it verifies is signed with the host name and these headers."""
        connection = http.client.HTTPConnection(self.server.behind.control, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            body = b"".join(self._body())
            for name, value in self.headers.items():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            found = connection.getresponse()
            said = found.read()
            self.send_response(found.status)
            for name, value in found.getheaders():
                if name.lower() not in (*HOP_BY_HOP, "server", "date", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)
        finally:
            connection.close()

    def _answer(self, request: Request) -> None:
        decided = self.server.registry.decide(request)
        if isinstance(decided, Passed):
            self._pass(request, decided)
            return
        for _ in self._body() if not request.body else ():  # else the rest would be taken for the next request
            pass
        self._send(request, decided)

    def _pass(self, request: Request, passed: Passed) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        connection = http.client.HTTPConnection(self.server.behind.registry, timeout=60)
        try:
            sends = chunked or "Content-Length" in self.headers
            body = request.body or (self._body() if sends else None)
            connection.request(self.command, passed.path, body=body, headers=headers, encode_chunked=chunked)
            found = connection.getresponse()
            if passed.registers and found.status == 201:
                digest = digest_of(request.body)
                reference = passed.path.rpartition("/")[2]
                passed.registers.add(reference, digest, request.body.decode(), request.media_type)
            told = {name: value for name, value in found.getheaders() if name.lower() not in HOP_BY_HOP}
            for name in ("Location", "Link"):
                if name in told:
                    told[name] = _outside(told[name], passed)
            self._send(request, Answer(found.status, headers=told), found)
        finally:
            connection.close()

    def _send(self, request: Request, answer: Answer, stream: http.client.HTTPResponse | None = None) -> None:
        self.server.record(request, answer.status)
        send(self, answer.status, answer.headers, answer.body, stream)

    def _body(self) -> Iterator[bytes]:
        return pieces(self.headers, self.rfile)


def _outside(location: str, passed: Passed) -> str:
    """What the registry behind calls its own, as the client must call it."""
    parts = urlsplit(location)
    path = parts.path.replace(passed.inside, passed.outside, 1)
    return f"{path}?{parts.query}" if parts.query else path


def serve(front: Front) -> None:
    """In a thread of its own."""
    threading.Thread(target=front.serve_forever, daemon=True, name="front").start()
