"""Where the mirror's benchmark happens: a folder in memory, with a registry that has the images."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import images
from benchmarks.cases import Case
from benchmarks.images import Stored
from lab.parts.registry import registry_programs
from lab.ports import free_port
from lab.registry import RegistryServer

PREFIXES = ("harness", "chaos")
"""Of the repositories at the source and at the target."""
_ROOM = "chaosreg-bench-"
_NEEDED_MB = 1200
"""Of memory for the registries, at full scale: the source, a target, and what a tool sends twice at a time."""
ACCESS_LOG: Mapping[str, object] = {"log": {"accesslog": {"disabled": False}}}
"""Beside the lab's JSON log, in which distribution leaves out what it has no route for: each look for referrers."""


@dataclass(frozen=True)
class Kind:
    """A registry's program, on both ends of a copy."""

    name: str
    version: str
    program: Path

    def server(self, folder: Path, port: int = 0, extra: Mapping[str, object] = ACCESS_LOG) -> RegistryServer:
        """One of them, not started."""
        return RegistryServer(folder, port=port, binary=self.program, extra=extra)


def kinds() -> list[Kind]:
    """What can run here: current distribution, and Debian's `docker-registry` where it is installed."""
    found = [Kind("distribution", "3.1.1", registry_programs()["registry"])]
    if debian := shutil.which("docker-registry"):
        said = subprocess.run([debian, "--version"], capture_output=True, text=True, check=True).stdout.split()
        found.append(Kind("debian", said[-1].removeprefix("v"), Path(debian)))
    return found


@dataclass
class Place:
    """Where a run happens: a folder in memory, the source, and the port and certificate of the target."""

    kind: Kind
    folder: Path
    source: RegistryServer
    target_port: int = field(default_factory=free_port)
    stored: dict[str, list[Stored]] = field(default_factory=dict)
    """By recipe."""

    def fill(self, case: Case, scale: float) -> list[Stored]:
        """The images of the case at the source."""
        name = case.recipe.__name__
        if name not in self.stored:
            self.stored[name] = images.push_all(case.recipe(scale), self.source.host, PREFIXES[0])
        return self.stored[name]


@contextmanager
def place(kind: Kind, scale: float) -> Iterator[Place]:
    """A folder in memory with a filled source; gone at the end, however it comes."""
    parent = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())
    for old in parent.glob(f"{_ROOM}*"):
        if not _alive(int(old.name.rpartition("-")[2])):
            shutil.rmtree(old, ignore_errors=True)
    free, needed = shutil.disk_usage(parent).free / 1e6, _NEEDED_MB * scale + 200
    if free < needed:
        raise SystemExit(f"{parent} has {free:.0f} MB free, and {needed:.0f} are needed: give a smaller --scale")
    folder = parent / f"{_ROOM}{os.getpid()}"
    folder.mkdir(mode=0o700)
    try:
        with kind.server(folder / "source") as source:
            yield Place(kind, folder, source)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
