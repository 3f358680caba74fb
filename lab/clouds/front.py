"""The server under the names of a cloud, by TLS: what its stand-in decides, and a registry behind that keeps the bytes.

What tests order comes in the same way, at `/lab/`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from lab.aws.authority import Authority
from lab.azure import gateway as azure_gateway
from lab.azure.login import Azure, Client
from lab.clouds.answers import Answer, Asked, Decide
from lab.cluster_tokens import Ask, cluster_at
from lab.google import gateway as google_gateway
from lab.google.tokens import Google
from lab.streams import HOP_BY_HOP, PIECE, pieces

_ORDERS: Final = "/lab/"


class CloudFront(ThreadingHTTPServer):
    """One address for all names of a cloud."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], decide: Decide, behind: str, authority: Authority | None) -> None:
        super().__init__(address, _Handler)
        self.decide, self.behind = decide, behind
        if authority:
            context = authority.server_context()
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the lab's authority, or hangs up, is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: CloudFront
    server_version = "chaosreg-lab-stand-in-for-a-cloud"
    sys_version = ""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Nothing: paths may hold tokens."""

    def handle_any(self) -> None:
        parts, host = urlsplit(self.path), self.headers.get("Host", "").partition(":")[0]
        is_form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        is_whole = is_form or parts.path.startswith(_ORDERS)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) if is_whole else b""
        decided = self.server.decide(Asked(self.command, host, parts.path, parts.query, self.headers, body))  # type: ignore[arg-type]
        if decided is None:
            self._pass()
            return
        for _ in () if is_whole else self._body():
            pass
        self._send(decided.status, decided.headers, [decided.body], len(decided.body))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the base class wants these

    def _pass(self) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        sends = chunked or "Content-Length" in self.headers
        connection = http.client.HTTPConnection(self.server.behind, timeout=60)
        try:
            body = self._body() if sends else None
            connection.request(self.command, self.path, body=body, headers=headers, encode_chunked=chunked)
            found = connection.getresponse()
            told = {
                name: value for name, value in found.getheaders() if name.lower() not in (*HOP_BY_HOP, "server", "date")
            }
            if "Location" in told:  # the registry behind knows no other name than its own
                location = urlsplit(told["Location"])
                told["Location"] = f"{location.path}?{location.query}" if location.query else location.path
            self._send(found.status, told, iter(lambda: found.read(PIECE), b""), None)
        finally:
            connection.close()

    def _send(self, status: int, headers: Mapping[str, str], body: Any, length: int | None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        elif "Content-Length" not in headers and self.command != "HEAD":
            self.send_header("Connection", "close")
        self.end_headers()
        for piece in body if self.command != "HEAD" else ():
            self.wfile.write(piece)

    def _body(self) -> Iterator[bytes]:
        return pieces(self.headers, self.rfile)


def _google(cluster: Ask) -> Decide:
    google = Google(cluster)

    def order(said: dict[str, Any]) -> None:
        google.providers |= set(said.get("providers", ()))
        google.readers |= set(said.get("readers", ()))
        google.account = said.get("account", google.account)
        google.seconds = said.get("seconds", google.seconds)

    return _with_orders(order, lambda asked: google_gateway.decide(google, asked))


def _azure(cluster: Ask) -> Decide:
    azure = Azure(cluster)

    def order(said: dict[str, Any]) -> None:
        azure.clients |= {name: Client(**client) for name, client in said.get("clients", {}).items()}
        azure.seconds = said.get("seconds", azure.seconds)

    return _with_orders(order, lambda asked: azure_gateway.decide(azure, asked))


def _with_orders(order: Callable[[dict[str, Any]], None], decide: Decide) -> Decide:
    def decided(asked: Asked) -> Answer | None:
        if not asked.path.startswith(_ORDERS):
            return decide(asked)
        order(json.loads(asked.body))
        return Answer(200, {})

    return decided


_CLOUDS: Final = {"google": _google, "azure": _azure}


def main() -> None:
    """Serve until somebody ends it."""
    parser = argparse.ArgumentParser(prog="python -m lab.clouds.front")
    parser.add_argument("cloud", choices=_CLOUDS)
    parser.add_argument("--address", required=True)
    parser.add_argument("--room", type=Path, required=True, help="for the authority's certificate")
    parser.add_argument("--behind", required=True, help="the registry that keeps the bytes")
    parser.add_argument("--cluster", type=Path, required=True, help="kubeconfig of who signs tokens; there or not yet")
    options = parser.parse_args()
    decide = _CLOUDS[options.cloud](cluster_at(options.cluster))
    plain = CloudFront((options.address, 80), decide, options.behind, None)  # a metadata server has no TLS
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    CloudFront((options.address, 443), decide, options.behind, Authority(options.room)).serve_forever()


if __name__ == "__main__":
    main()
