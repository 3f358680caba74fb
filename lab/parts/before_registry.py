"""What every stand-in in front of a real registry has: a process of ours, and the registry that keeps the bytes."""

from collections.abc import Mapping
from pathlib import Path

from lab.network import Network
from lab.parts.registry import registry_programs
from lab.process import Process
from lab.registry import RegistryServer
from lab.site import Site


class BeforeRegistry:
    """A part, but for its name and its start."""

    needs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._process: Process | None = None
        self._behind: RegistryServer | None = None

    def build(self, network: Network) -> Mapping[str, Path]:
        return registry_programs()

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        """Nothing: it starts empty."""

    def stop(self, site: Site) -> None:
        if self._process:
            self._process.kill()  # what it knew is gone, as with the end of the lab
        if self._behind:
            self._behind.stop()

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""
