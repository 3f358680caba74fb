"""A Harbor of the lab with the registry behind it: for tests in their own process, and for the lab's part."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.aws.authority import Authority
from lab.harbor.front import Front
from lab.registry import RegistryServer
from lab.state import HarborState, Login


class HarborServer:
    """A context manager. It speaks plain http on 127.0.0.1; with `tls` https, by an authority of its own."""

    def __init__(self, folder: Path, *, tls: bool = False, port: int = 0, password: str = "") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.behind = RegistryServer(folder / "behind")
        self.authority = Authority(folder) if tls else None
        admin = Login("admin", password or "Aa1" + secrets.token_urlsafe(18))
        log = folder / "harbor.jsonl"
        context = self.authority.server_context() if self.authority else None
        self.front = Front(("127.0.0.1", port), self.behind.host, admin.password, log, context)
        name = "localhost" if tls else "127.0.0.1"  # a client that asks for an address says no name
        self.host = f"{name}:{self.front.server_address[1]}"
        endpoint = f"{'https' if tls else 'http'}://{self.host}"
        authority = str(self.authority.certificate) if self.authority else ""
        self.state = HarborState(self.host, endpoint, admin, str(log), authority)

    def __enter__(self) -> Self:
        self.behind.start()
        threading.Thread(target=self.front.serve_forever, daemon=True, name="harbor").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.front.shutdown()
        self.front.server_close()
        self.behind.stop()
