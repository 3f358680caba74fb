"""The control groups of containers: which processes are in one, and taking it away. Names are like `k8s.io/ID`."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from lab.deadline import wait_for

_ROOT = Path("/sys/fs/cgroup")


def folders(name: str) -> list[Path]:
    """The cgroup's folders: one with cgroups v2, one for each controller with v1."""
    return [path for path in (_ROOT / name, *sorted(_ROOT.glob(f"*/{name}"))) if path.is_dir()]


def kill(name: str) -> None:
    """End every process in it."""
    for pid in set(_processes(name)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def remove(name: str) -> None:
    """Remove it and all below."""
    wait_for(lambda: _removed(name), 5)


def remove_if_empty(name: str) -> None:
    """Remove it unless it holds processes or other groups."""
    for folder in folders(name):
        with suppress(OSError):
            folder.rmdir()


def _removed(name: str) -> bool:
    for top in folders(name):
        for folder in [*sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True), top]:
            with suppress(OSError):  # busy: a process that was killed is not gone yet
                folder.rmdir()
    return not folders(name)


def _processes(name: str) -> Iterator[int]:
    for top in folders(name):
        for file in top.rglob("cgroup.procs"):
            with suppress(OSError):
                # 0 stands for a process of another PID namespace.
                yield from (int(line) for line in file.read_text("utf-8").split() if line != "0")
