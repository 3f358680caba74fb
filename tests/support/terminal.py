"""Our command on a terminal of its own."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
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


def _as_a_shell_would() -> None:
    """So that Ctrl-C is a signal, also where whoever started the tests in the background ignores it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Questions:
    """`init` on a terminal of its own: what it shows, and what is typed."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.shown = ""
        ours, its = pty.openpty()
        command = [sys.executable, "-m", "pulumi_chaosreg.cli.main", "--project", str(folder), "init", *arguments]
        self.process = subprocess.Popen(
            command,
            stdin=its,
            stdout=its,
            stderr=its,
            env={**os.environ, "TERM": "dumb"},
            start_new_session=True,
            preexec_fn=_as_a_shell_would,
        )
        os.close(its)
        self.terminal = ours

    def wait_for(self, text: str) -> str:
        """Read until this text is shown, counted from the last one that was waited for."""
        while text not in self.shown:
            assert self._read(), f"ended without {text!r}: {self.shown!r}"
        before, _, self.shown = self.shown.partition(text)
        return before

    def press_until(self, key: str, text: str) -> str:
        """A key that comes between the prompt and the wait for keys is seen with the next one only."""
        for _ in range(30):
            os.write(self.terminal, key.encode())
            if select.select([self.terminal], [], [], 2)[0]:
                return self.wait_for(text)
        raise AssertionError(f"{text!r} was never shown: {self.shown!r}")

    def answer(self, question: str, answer: str) -> None:
        self.wait_for(question)
        self.wait_for(": ")
        os.write(self.terminal, answer.encode())

    def end(self) -> tuple[int, str]:
        """Exit code, and all that was shown since."""
        while self._read():
            pass
        os.close(self.terminal)
        return self.process.wait(60), self.shown

    def _read(self) -> str:
        ready, _, _ = select.select([self.terminal], [], [], 60)
        assert ready, f"nothing more was shown: {self.shown!r}"
        try:
            data = os.read(self.terminal, 4096).decode()
        except OSError:  # the other side is closed
            return ""
        self.shown += data.replace("\r\n", "\n")
        return data
