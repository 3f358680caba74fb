"""`make demo`: builds what the lab lacks, shows meanwhile what needs no lab, and then runs the demo in it."""

import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from lab.console import title
from lab.errors import LabError
from lab.process import leashed
from lab.workspace import Workspace

PARTS = ("engine", "upstream", "registry", "kubernetes", "node")
BUILD = (sys.executable, "-m", "lab", "build", *PARTS)
DEMO = (sys.executable, "-m", "lab", "run", "--parts", ",".join(PARTS), "--", sys.executable, "-m", "lab.demo")
AFTER_FIRST_LOOK = "--after-first-look"
"""Tells the demo what has been shown."""
_BUILT = "==> everything is built"
_INFRASTRUCTURE = "payments/checkout/prod-eu"


def demonstrate(build: Sequence[str] = BUILD, demo: Sequence[str] = DEMO) -> int:
    """Build, then become the demo; the exit code of a build that failed."""
    signal.signal(signal.SIGTERM, _interrupt)
    with _Build(build) as building:
        is_shown = building.has_begun()
        if is_shown:
            print(
                "The lab is built first, once: 11 to 13 minutes on two cores where nothing of it is there yet.\n"
                "Meanwhile, what needs no lab. Then the demo goes on by itself.",
                flush=True,
            )
            _FirstLook(building).run()
            title("The lab is still being built; the rest of the demo needs it")
        code = building.finish()
    if not code:
        _become([*demo, *((AFTER_FIRST_LOOK,) if is_shown else ())])
    return code


def _become(command: Sequence[str]) -> NoReturn:
    """Go on as this program, with the terminal, its Ctrl-C and the exit code."""
    sys.stdout.flush()
    os.execv(command[0], list(command))


class _Build:
    """The build as a process of its own, whose lines are shown when it suits what is shown beside it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            leashed(command), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        self._has_begun = False

    def __enter__(self) -> "_Build":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:  # Ctrl-C, or something shown beside it was not so
            self._process.terminate()
            self._process.wait()

    def has_begun(self) -> bool:
        """Whether there is something to build; waits until that is known."""
        while line := self._lines.get():
            if line.startswith(_BUILT):
                continue
            print(line, end="", file=sys.stderr, flush=True)
            if line.startswith("==> ") or "waiting for" in line:
                self._has_begun = True
                return True
        self._lines.put("")
        return False

    def tell(self) -> None:
        """Show what it has said meanwhile."""
        while not self._lines.empty():
            line = self._lines.get()
            if not line:
                self._lines.put("")
                return
            print(line, end="", file=sys.stderr, flush=True)

    def finish(self) -> int:
        """Show the rest as it comes; its exit code."""
        while line := self._lines.get():
            print(line, end="", file=sys.stderr, flush=True)
        return self._process.wait()

    def _read(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            self._lines.put(line)
        self._lines.put("")


class _FirstLook:
    """What the example company's files tell by themselves; each step fails the demo when it is not so."""

    def __init__(self, build: _Build) -> None:
        self._build = build

    def run(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="chaosreg-demo-"))
        try:
            self._run(Workspace.of_files(folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, workspace: Workspace) -> None:
        title("The four levels, and where each value comes from")
        self._show(workspace, "resolve")
        title("Why a value is so: who set it, who else tried, who may change it")
        self._show(workspace, "explain", _INFRASTRUCTURE, "image.chaos-ddcr")
        title("One edit at the account, as a reviewer sees it before anybody merges")
        before = workspace.copy_of_project()
        print('stacks/Pulumi.acme.yaml: release: "1.93.0" becomes "1.94.4"')
        workspace.edit("stacks/Pulumi.acme.yaml", 'release: "1.93.0"', 'release: "1.94.4"')
        self._show(workspace, "diff", str(before))
        title("A forbidden override, and its error")
        server = "image_registry: {server: harbor.team.example, type: public}"
        workspace.edit("stacks/Pulumi.ledger-prod.yaml", "namespace: hce\n", f"namespace: hce\n      {server}\n")
        self._show(workspace, "validate", fails=True)

    def _show(self, workspace: Workspace, *words: str, fails: bool = False) -> None:
        print(f"\n$ chaosreg {' '.join(words)}", flush=True)
        if bool(workspace.show("chaosreg", *words)) != fails:
            raise LabError(f"`chaosreg {words[0]}` did not end as the demo expects")
        self._build.tell()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
