"""The server: Harbor's API, its token service and its registry at one address; bytes go to the registry behind."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from lab.harbor import STAND_IN, api
from lab.harbor.answers import Answer, refused, said
from lab.harbor.callers import Caller, caller_of
from lab.harbor.failures import Failure, Failures
from lab.harbor.records import Records, Scanner, User
from lab.harbor.registry import HarborRegistry, Passed, Request
from lab.harbor.tokens import Tokens
from lab.streams import HOP_BY_HOP, pieces, send

_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_COOKIE: Final = "sid"


class Front(ThreadingHTTPServer):
    """One Harbor."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], behind: str, password: str, log: Path, context: ssl.SSLContext | None = None
    ) -> None:
        """`behind`: host and port of the registry that keeps the bytes; `context`: where it speaks TLS."""
        super().__init__(address, _Handler)
        self.behind = behind
        self.scheme = "https" if context else "http"
        self.records = Records(password)
        self.registry = HarborRegistry(self.records)
        self.tokens = Tokens(self.records)
        self.failures = Failures()
        self.sessions: set[str] = set()
        self._log, self._logging = log, threading.Lock()
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""

    def ordered(self, order: str, wanted: Any) -> Any:
        """What only the lab understands."""
        with self.records.guard:
            match order:
                case "fail":
                    self.failures.order(Failure(**wanted))
                case "mend":
                    self.failures.clear()
                    self.records.scanner = Scanner()
                case "scanner":
                    self.records.scanner = Scanner(**wanted)
                case "token-seconds":
                    self.tokens.seconds = float(wanted)
                case "age":  # of a robot, as if it had been made so many seconds earlier
                    self.records.robots[wanted["id"]].created -= wanted["seconds"]
                case "user":
                    self.records.users[wanted["name"]] = User(**wanted)
                case "wipe":
                    for project in self.records.projects.values():
                        project.artifacts, project.repositories = {}, {}
                case "robots":
                    robots = [asdict(robot) for robot in self.records.robots.values()]
                    return [{key: value for key, value in robot.items() if key != "secret"} for robot in robots]
                case _:
                    return {"unknown": order}
        return {}

    def record(self, method: str, target: str, status: int, caller: Caller) -> None:
        """One line for each answered request; no password is in it, and no body."""
        told = {"time": time.time(), "method": method, "path": target, "status": status, "caller": caller.name}
        with self._logging, self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(told) + "\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: Front
    server_version = STAND_IN
    sys_version = ""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """`Front.record` writes the log."""

    def handle_any(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/lab/"):
            self._send(said(self.server.ordered(parts.path.removeprefix("/lab/"), json.loads(self._whole()))), Caller())
            return
        failure = self.server.failures.next(self.command, self.path)
        if failure:
            time.sleep(failure.seconds)
            if (failure.status or failure.cut) and not failure.done:
                self._fail(failure)
                return
        lost = failure if failure and failure.done else None
        caller = self._caller()
        if parts.path.startswith("/v2"):
            self._registry(parts.path, parts.query, caller, lost)
        elif parts.path == "/service/token" and self.command not in _SAFE:
            self._whole()  # else it would be taken for the next request
            self._finish(Answer(405), caller, lost)  # containerd asks so first, and then by GET
        elif parts.path == "/service/token":
            asked = parse_qs(parts.query)
            service, scopes = asked.get("service", [""])[0], asked.get("scope", [])
            with self.server.records.guard:
                answer = self.server.tokens.service(caller, service, scopes)
            self._finish(answer, caller, lost)
        elif parts.path.startswith(api.ROOT + "/"):
            self._finish(self._api(parts.path, parts.query, caller), caller, lost)
        else:
            self._finish(Answer(404, b"Not Found"), caller, lost)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the base class wants these

    def _caller(self) -> Caller:
        authorization = self.headers.get("Authorization", "")
        with self.server.records.guard:
            return self.server.tokens.read(authorization) or caller_of(self.server.records, authorization)

    def _api(self, path: str, query: str, caller: Caller) -> Answer:
        """Whoever sends the cookie of an answer back is taken for a browser, and needs a token against forgery."""
        body = self._whole()
        session = self._session()
        if session and self.command not in _SAFE and "X-Harbor-Csrf-Token" not in self.headers:
            return refused("FORBIDDEN", "CSRF token not found in request")
        headers = {name.title(): value for name, value in self.headers.items()}
        answer = api.answer(self.server.records, caller, self.command, path, query, headers, body)
        new = session or secrets.token_hex(16)
        self.server.sessions.add(new)
        cookie = {"Set-Cookie": f"{_COOKIE}={new}; Path=/; HttpOnly", "X-Request-Id": secrets.token_hex(16)}
        return Answer(answer.status, answer.body, {**answer.headers, **cookie})

    def _session(self) -> str:
        for word in self.headers.get("Cookie", "").split(";"):
            name, _, value = word.strip().partition("=")
            if name == _COOKIE and value in self.server.sessions:
                return value
        return ""

    def _registry(self, path: str, query: str, caller: Caller, lost: Failure | None) -> None:
        pushes = self.command == "PUT" and "/manifests/" in path
        request = Request(
            self.command,
            f"{self.server.scheme}://{self.headers.get('Host', '')}",
            path,
            query,
            self.headers.get("Authorization", ""),
            self.headers.get("Content-Type", ""),
            int(self.headers.get("Content-Length") or 0),
            b"".join(self._body()) if pushes else b"",
        )
        decided = self.server.registry.decide(request, caller)
        if isinstance(decided, Answer):
            for _ in self._body() if not pushes else ():  # else the rest would be taken for the next request
                pass
            self._finish(decided, caller, lost)
            return
        self._pass(request, decided, caller, lost)

    def _pass(self, request: Request, passed: Passed, caller: Caller, lost: Failure | None) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        connection = http.client.HTTPConnection(self.server.behind, timeout=60)
        try:
            sends = chunked or "Content-Length" in self.headers
            body = request.body or (self._counted(passed.upload) if sends else None)
            connection.request(self.command, passed.path, body=body, headers=headers, encode_chunked=chunked)
            found = connection.getresponse()
            told = {name: value for name, value in found.getheaders() if name.lower() not in HOP_BY_HOP}
            if passed.keeps and found.status == http.HTTPStatus.CREATED:
                subject = self.server.registry.keep(passed.keeps)
                told |= {"OCI-Subject": subject} if subject else {}
            if "Location" in told:
                parts = urlsplit(told["Location"])
                told["Location"] = f"{parts.path}?{parts.query}" if parts.query else parts.path
            if lost:
                self._fail(lost)
                return
            self._send(Answer(found.status, headers=told), caller, found)
        finally:
            connection.close()

    def _counted(self, upload: str) -> Iterator[bytes]:
        for piece in self._body():
            if upload:
                self.server.registry.arrived(upload, len(piece))
            yield piece

    def _finish(self, answer: Answer, caller: Caller, lost: Failure | None) -> None:
        if lost and (lost.status or lost.cut):
            self._fail(lost)
        else:
            self._send(answer, caller)

    def _fail(self, failure: Failure) -> None:
        if failure.cut:
            self.server.record(self.command, self.path, 0, Caller())
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        envelope = {"errors": [{"code": failure.code, "message": failure.message}]}
        self.close_connection = True  # the body was not read
        self._send(said(envelope, failure.status, {**failure.headers, "Connection": "close"}), Caller())

    def _send(self, answer: Answer, caller: Caller, stream: http.client.HTTPResponse | None = None) -> None:
        self.server.record(self.command, self.path, answer.status, caller)
        send(self, answer.status, answer.headers, answer.body, stream)

    def _whole(self) -> bytes:
        return b"".join(self._body())

    def _body(self) -> Iterator[bytes]:
        return pieces(self.headers, self.rfile)
