"""`run`: a command inside the lab, as if it had been called directly: same terminal, same signals, its exit code."""

import signal
import subprocess
from collections.abc import Sequence
from types import FrameType

from lab.bringup import bring_up
from lab.environment import inside
from lab.errors import LabError
from lab.process import leashed
from lab.session import Session, wait_until_gone


def run(parts: Sequence[str], command: Sequence[str]) -> int:
    """Bring the lab up if need be, run the command inside, take down what was brought up; the command's exit code."""
    # From here on a request to end must reach the clean-up below, wherever it arrives.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        session = bring_up(parts)
    except _Terminated:
        return 128 + signal.SIGTERM
    try:
        return _run(session, command)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        folder, last = session.folder, _is_last(session)
        session.close()
        if last:
            wait_until_gone(folder)  # in silence: what the command printed last, such as a test summary, stays last


def _run(session: Session, command: Sequence[str]) -> int:
    child = subprocess.Popen(leashed(session.command(command)), env=inside(session.state, session.folder))
    while True:
        try:
            code = child.wait()
            return code if code >= 0 else 128 - code
        except KeyboardInterrupt:  # the terminal has told the command too: it ends as it sees fit
            continue
        except _Terminated:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()


def _is_last(session: Session) -> bool:
    try:
        status = session.status()
    except LabError:  # somebody took it down meanwhile
        return True
    return not status["pinned"] and status["callers"] <= 1


class _Terminated(BaseException):
    """SIGTERM came."""


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise _Terminated
