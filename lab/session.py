"""A started lab, used from outside or from a program that runs in it: start and stop parts, ask, run commands."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lab.deadline import wait_for
from lab.errors import LabError
from lab.locks import is_locked
from lab.names import hosts_file, resolv_conf
from lab.network import enter
from lab.places import state_folder, supervisor_lock
from lab.state import LabState, load
from lab.wire import Line, Message

Step = Callable[[Message], None]


def _quietly(_: Message) -> None:
    """The default: nobody listens."""


class Session:
    """A connection to the supervisor. The lab stays at least as long as somebody is connected."""

    def __init__(self, folder: Path, line: Line) -> None:
        self.folder = folder
        self._line = line

    @property
    def state(self) -> LabState:
        """What runs where, at this moment."""
        return load(self.folder / "state.json")

    def stop(self, *parts: str, told: Step = _quietly) -> None:
        """Stop parts, and those that need them; the others run on."""
        self._ask(told, do="stop", parts=parts)

    def start(
        self,
        *parts: str,
        programs: Mapping[str, Path] | None = None,
        missing: Mapping[str, str] | None = None,
        told: Step = _quietly,
    ) -> None:
        """Start parts; one that was stopped comes back at the same address with the same data.

        A part that this lab has never started needs its programs: that is the business of `lab.bringup`.
        """
        bin_ = {name: str(path) for name, path in (programs or {}).items()}
        self._ask(told, do="start", parts=parts, bin=bin_, missing=missing or {})

    def status(self) -> Message:
        """`parts`: name → running, stopped or missing; `pinned`: whether it stays until `down`."""
        return self._ask(_quietly, do="status")

    def pin(self) -> None:
        """Let the lab stay until `down`, also when nobody uses it."""
        self._ask(_quietly, do="pin")

    def end(self) -> None:
        """Take everything down, whoever uses it, and wait until it is gone."""
        self._ask(_quietly, do="end")
        wait_until_gone(self.folder)

    def command(self, words: Sequence[str]) -> list[str]:
        """The command, changed so that it runs in the lab's network and knows its host names."""
        if self.state.network != "namespace":
            return [*words]
        return [*enter(self._line.peer(), hosts_file(self.folder), resolv_conf(self.folder)), *words]

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, told: Step, **message: Any) -> Message:
        try:
            self._line.send(**message)
            for answer in self._line.messages():
                if "failed" in answer:
                    raise LabError(str(answer["failed"]))
                if answer.get("done"):
                    return answer
                told(answer)
        except OSError as error:
            raise LabError(f"the lab's supervisor does not answer: {error}") from error
        raise LabError("the lab has ended")


def attach(folder: Path | None = None) -> Session:
    """The lab that this program runs in, or that `up` has started; LabError where there is none."""
    inside = os.environ.get("LAB_STATE")
    place = folder or (Path(inside).parent if inside else state_folder())
    try:
        return Session(place, Line.open(place))
    except OSError:
        raise LabError("the lab is not up: `python -m lab up`, or `python -m lab run -- CMD`") from None


def wait_until_gone(folder: Path, seconds: float = 60) -> None:
    """Wait until the supervisor of this folder has ended, after it was asked to."""
    if not wait_for(lambda: not is_locked(supervisor_lock(folder)), seconds):
        raise LabError(f"the lab in {folder} did not end within {seconds:.0f} s")
