"""What a part of the lab is. A new one is a module in this folder and a line in the table of `lab.parts`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from lab.errors import LabError
from lab.network import Network
from lab.site import Site


class UnavailableError(LabError):
    """This machine cannot run the part; the message says why. Everything else still works."""


class Part(Protocol):
    """One part. `build` and `prepare` run in the command that the user gave; `start` and `stop` in the supervisor."""

    name: str
    needs: tuple[str, ...]
    """Parts that must run before this one."""

    def describe(self) -> str:
        """What it is, in one line."""
        ...

    def build(self, network: Network) -> Mapping[str, Path]:
        """Make sure that its programs are there, and tell where; UnavailableError where it cannot run."""
        ...

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        """Do what needs the machine's own network; once, before the lab in `folder` starts."""
        ...

    def start(self, site: Site) -> object:
        """Start it, wait until it is ready, and return its section of the state."""
        ...

    def stop(self, site: Site) -> None:
        """Stop it so that it can start again at the same address with the same data."""
        ...

    def forget(self, folder: Path) -> None:
        """Remove what a lab that was killed has left outside its state folder."""
        ...
