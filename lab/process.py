"""A long-running program of the lab: started with a log of its own, waited for, stopped, and never left behind."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lab.deadline import wait_for
from lab.errors import LabError

# Linux sends the "parent died" signal when the *thread* that started a child ends, so one thread that lives as long
# as this program starts them all.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")


def leashed(command: Sequence[str | Path]) -> list[str]:
    """The command, changed so that the kernel kills it as soon as the program that started it is gone."""
    setpriv = shutil.which("setpriv")
    words = [str(word) for word in command]
    return [setpriv, "--pdeathsig", "KILL", "--", *words] if setpriv else words


class Process:
    """One program; `start` after `stop` runs it again and appends to the same log."""

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.command = [str(word) for word in command]
        self.log = log
        self._env = {**os.environ, **(env or {})}
        self._cwd = cwd
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return Path(self.command[0]).name

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._popen.pid if self._popen and self._popen.poll() is None else None

    def start(self) -> None:
        """Start it; a program that runs already is left alone."""
        if self.pid:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._popen = _starter.submit(self._spawn).result()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                leashed(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._env,
                cwd=self._cwd,
                start_new_session=True,  # Ctrl-C in the terminal is for the lab to handle, in its own order
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()`; a program that ended meanwhile, or too late, is an error that shows its log."""

        def ready_or_dead() -> bool:
            return ready() or self.pid is None

        if not wait_for(ready_or_dead, seconds):
            raise LabError(f"{self.name} was not ready after {seconds:.0f} s; the end of {self.log}:\n{self.tail()}")
        if self.pid is None:
            code = self._popen.returncode if self._popen else "?"
            raise LabError(f"{self.name} ended with {code}; the end of {self.log}:\n{self.tail()}")

    def tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def stop(self, seconds: float = 5) -> None:
        """Ask it to end; make it end when it does not within the given time."""
        self._end(signal.SIGTERM, seconds)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._end(signal.SIGKILL, 5)

    def _end(self, how: signal.Signals, seconds: float) -> None:
        if not self._popen:
            return
        self._popen.send_signal(how)
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
