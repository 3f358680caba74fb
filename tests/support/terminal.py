"""Our command on a terminal of its own."""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def on_a_terminal(arguments: Sequence[str], folder: Path, variables: Mapping[str, str]) -> tuple[int, str]:
    """(exit code, everything that the terminal was told) of `chaosreg` in that folder."""
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "pulumi_chaosreg.cli.main", *arguments]
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **variables}
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=its, stderr=its, cwd=folder, env=environment
    ) as process:
        os.close(its)
        told = bytearray()
        while piece := _read(ours):
            told += piece
        code = process.wait()
    os.close(ours)
    return code, told.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when nobody holds the other end any more
        return b""
