"""What an image with Python is made of; `lab.python_image` packs and pushes it for who wants one."""

from collections.abc import Mapping
from pathlib import Path

from lab.network import Network
from lab.parts.debian_python import python_root
from lab.site import Site
from lab.state import PythonImageState


class PythonImage:
    name = "python-image"
    needs: tuple[str, ...] = ("upstream",)

    def describe(self) -> str:
        return "an image with Python's standard library, for Pods that run a script: pushed when it is asked for"

    def build(self, network: Network) -> Mapping[str, Path]:
        python_root()
        return {}

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        room = folder / self.name
        room.mkdir(mode=0o700)
        (room / "root").symlink_to(python_root())

    def start(self, site: Site) -> PythonImageState:
        return PythonImageState(str((site.room(self.name) / "root").resolve()))

    def stop(self, site: Site) -> None:
        """Nothing runs."""

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""
