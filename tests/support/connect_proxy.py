"""A forward proxy, as companies have: it understands CONNECT, and knows names that nobody else here can resolve."""

import socket
import threading
from base64 import b64encode
from collections.abc import Mapping
from socketserver import BaseRequestHandler, ThreadingTCPServer

from tests.support.local_server import LocalServer


class _Server(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class ConnectProxy(LocalServer):
    """A context manager. `names` maps `host:port` as clients say it to a port of this machine."""

    def __init__(self, names: Mapping[str, int], login: tuple[str, str] | None = None) -> None:
        self.asked: list[str] = []
        """What each CONNECT named, refused ones too."""
        self._names = names
        self._wanted = f"Basic {b64encode(':'.join(login).encode()).decode()}" if login else None
        super().__init__(_Server(("127.0.0.1", 0), self._handler()))

    def _handler(self) -> type[BaseRequestHandler]:
        outer = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                outer._serve(self.request)

        return Handler

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = client.recv(1)
            if not byte:
                return
            head += byte
        first, *lines = head.decode().splitlines()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        name = first.split()[1]
        self.asked.append(name)
        if self._wanted and headers.get("proxy-authorization") != self._wanted:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n")
            return
        if name not in self._names:
            client.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", self._names[name])) as there:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(there, client), daemon=True)
            back.start()
            _pump(client, there)
            back.join(5)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(1 << 16):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
