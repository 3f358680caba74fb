"""A server of a test's own on a loopback address, as long as a context lasts."""

import threading
from socketserver import BaseServer
from types import TracebackType
from typing import Self


class LocalServer:
    """Serves in a thread; `host` is what to connect to. Those that build on it make the server."""

    def __init__(self, server: BaseServer, address: str = "127.0.0.1") -> None:
        self._server = server
        self.host = f"{f'[{address}]' if ':' in address else address}:{server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
