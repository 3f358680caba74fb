"""What a part is told about the lab that it starts in."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from lab.network import BRIDGE_ADDRESS, Network
from lab.ports import free_port


@dataclass
class Site:
    """One started lab, seen from inside."""

    folder: Path
    network: Network
    bin: dict[str, Path] = field(default_factory=dict)
    """Program → where it is; all that the chosen parts have built."""
    sections: dict[str, object] = field(default_factory=dict)
    """Part → what it told about itself when it started."""
    _ports: dict[str, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where what Pods must reach listens."""
        return BRIDGE_ADDRESS if self.network == "namespace" else "127.0.0.1"

    def room(self, name: str) -> Path:
        """A folder for this part alone."""
        folder = self.folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def port(self, purpose: str) -> int:
        """A free port; the same one when the same purpose asks again, so that a restart keeps the address."""
        if purpose not in self._ports:
            self._ports[purpose] = free_port(self.address)
        return self._ports[purpose]


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else may read, whole or not at all."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(path)
