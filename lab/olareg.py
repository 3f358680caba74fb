"""A real registry with the referrers API (olareg) in a process of its own; distribution has none."""

import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.errors import LabError
from lab.ports import answers, free_port
from lab.process import Process

_ADDRESS = "127.0.0.1"


class OlaregServer:
    """One olareg process that keeps its content in a folder; a context manager.

    `start` after `stop` comes back at the same address with the same content.
    """

    def __init__(self, folder: Path, *, port: int = 0, binary: Path | None = None) -> None:
        self.storage = folder / "storage"
        self.log = folder / "olareg.log"
        self.port = port or free_port(_ADDRESS)
        self.host = f"{_ADDRESS}:{self.port}"
        place = ["--addr", _ADDRESS, "--port", str(self.port), "--dir", str(self.storage)]
        # without the collector, which would look for work while a test changes things
        flags = ["--api-delete", "--gc-frequency", "-1s"]
        self._process = Process([binary or _olareg_from_path(), "serve", *place, *flags], self.log)

    def start(self) -> Self:
        """Start it and wait until it accepts connections."""
        self.storage.mkdir(parents=True, exist_ok=True)
        self._process.start()
        self._process.wait_until(lambda: answers(_ADDRESS, self.port), 20)
        return self

    def stop(self) -> None:
        """Stop it; the content stays."""
        self._process.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _olareg_from_path() -> Path:
    found = shutil.which("olareg")
    if not found:
        raise LabError("no `olareg` on PATH: run this inside `python -m lab run -- …`, or give `binary`")
    return Path(found)
