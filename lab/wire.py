"""How the lab's commands and its supervisor talk: JSON, one object per line, over a socket in the state folder."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Message = dict[str, Any]

SOCKET = "control.sock"


class Line:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._incoming = connection.makefile("r", encoding="utf-8")

    @classmethod
    def open(cls, folder: Path) -> "Line":
        """Connect to the supervisor of the lab in this folder; OSError where there is none."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(folder / SOCKET))
        except OSError:
            connection.close()
            raise
        return cls(connection)

    def send(self, **message: Any) -> None:
        self._connection.sendall(json.dumps(message).encode() + b"\n")

    def messages(self) -> Iterator[Message]:
        """What the other side says, until it hangs up."""
        for text in self._incoming:
            yield json.loads(text)

    def peer(self) -> int:
        """The process id of the other side, as this process sees it: right across PID namespaces."""
        credentials = self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int.from_bytes(credentials[:4], "little")

    def close(self) -> None:
        self._incoming.close()
        self._connection.close()
