"""What `chaosreg mirror` says while it works: bars on a terminal, lines in a pipe, or JSON events."""

import json
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf
from types import TracebackType
from typing import Any, Protocol, Self

from pulumi_chaosreg.cli.terminal import colored, width
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.mirror import Copied, Planned, Progress

_REDRAW = 0.1
"""Seconds between two pictures of the bars."""
_BAR = 24
_TELL = 0.5
"""Seconds between two progress events of an image: blobs move on by the MiB, hundreds of times a second."""


class Report(Protocol):
    """Told of everything that happens, by any thread."""

    failures: int

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def planned(self, plans: Mapping[str, Planned]) -> None:
        """All targets are known: target → plan."""

    def progress(self, progress: Progress) -> None:
        """An image is so far."""

    def copied(self, target: str, copied: Copied) -> None:
        """An image is at its target."""

    def failed(self, target: str, error: ChaosregError) -> None:
        """An image could not be planned, copied or verified."""

    def note(self, text: str) -> None:
        """Something to say about the whole."""


class TextReport:
    """A line for each image, and on a terminal bars below that show what is under way and the whole.

    `deep` means that what is there is looked into after the plan, and may be found wanting. Bars are drawn at verbosity
    0 only: below it only what fails and the end are told, above it others write to the terminal.
    """

    def __init__(
        self,
        images: int,
        stopped: threading.Event,
        *,
        dry_run: bool = False,
        deep: bool = False,
        verbosity: int = 0,
    ) -> None:
        self.failures = 0
        self._images = images
        self._stopped = stopped
        self._dry_run, self._there = dry_run, "check" if deep else "right"
        self._guard = threading.Lock()
        self._began = time.monotonic()
        self._bars = _Bars() if sys.stdout.isatty() and verbosity == 0 else None
        self._is_quiet = verbosity < 0 and not dry_run  # the plan is then the result
        self._right: set[str] = set()
        self._alike: dict[tuple[Finding, ...], list[str]] = {}
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tell_alike()
        with self._guard:
            if self._bars:
                self._bars.clear()
            seconds = time.monotonic() - self._began
            failed = f", {self.failures} failed" if self.failures else ""
            whole = f"{len(self._right)} of {self._images} images{failed}: {size(self._bytes)} sent in {seconds:.1f} s"
            last = f"dry run: nothing was sent{failed}" if self._dry_run else whole
            print(f"interrupted: {last}" if self._stopped.is_set() else last)

    def planned(self, plans: Mapping[str, Planned]) -> None:
        self._tell_alike()
        unique: dict[str, int] = {}
        for target, plan in plans.items():
            unique |= plan.sizes
            what = "is there" if plan.is_right else size(sum(plan.sizes.values()))
            self._tell(f"{self._there if plan.is_right else 'copy '}  {target}  {what}")
        to_copy = sum(not plan.is_right for plan in plans.values())
        self._tell(
            f"plan: {to_copy} of {self._images} images, {size(sum(unique.values()))} in {len(unique)} unique blobs"
        )
        if self._bars:
            totals = {target: sum(plan.sizes.values()) for target, plan in plans.items() if not plan.is_right}
            self._bars.expect(totals)

    def progress(self, progress: Progress) -> None:
        with self._guard:
            if self._bars:
                self._bars.move(progress)

    def copied(self, target: str, copied: Copied) -> None:
        with self._guard:
            self._right.add(target)
            self._bytes += copied.bytes_copied
            if self._bars:
                self._bars.finish(target)
        if copied.blobs_copied or copied.blobs_mounted or copied.blobs_skipped:
            ways = f"{copied.blobs_copied} blobs sent, {copied.blobs_mounted} mounted, {copied.blobs_skipped} there"
            self._tell(f"done   {target}@{copied.digest}  {size(copied.bytes_copied)}, {ways}")

    def failed(self, target: str, error: ChaosregError) -> None:
        self.failures += 1
        self._right.discard(target)
        with self._guard:
            # what was asked for differs from image to image, what is wrong with a registry does not
            alike = self._alike.setdefault(tuple(replace(finding, notes=()) for finding in error.findings), [])
            alike.append(target)
        if alike[0] == target:
            self._line(f"failed {target}\n{error}")

    def _tell_alike(self) -> None:
        """Whom else the errors concern that were told so far."""
        for first, *others in self._alike.values():
            if others:
                self._line(f"failed {len(others)} more, for the same reason as {first}: {', '.join(sorted(others))}")
        self._alike.clear()

    def note(self, text: str) -> None:
        self._tell(text)

    def _tell(self, text: str) -> None:
        """What is neither an error nor the result."""
        if not self._is_quiet:
            self._line(text)

    def _line(self, text: str) -> None:
        with self._guard:
            if self._bars:
                self._bars.clear()
            print(text, flush=True)


class JsonReport:
    """One JSON object a line: `event`, the time, and what belongs to it; without `progress` where it is to be quiet."""

    def __init__(
        self,
        images: int,
        stopped: threading.Event,
        *,
        dry_run: bool = False,
        deep: bool = False,
        verbosity: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.failures = 0
        self._stopped = stopped
        self._is_quiet = verbosity < 0
        self._clock = clock
        self._right: set[str] = set()
        self._told: dict[str, float] = {}
        self._untold: dict[str, Progress] = {}
        self._guard = threading.Lock()
        self._event("start", images=images, dry_run=dry_run, deep=deep)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for image in [*self._untold]:
            self._catch_up(image)
        self._event("end", failures=self.failures, copied=len(self._right), interrupted=self._stopped.is_set())

    def planned(self, plans: Mapping[str, Planned]) -> None:
        for target, plan in plans.items():
            self._event("plan", image=target, digest=plan.digest, copy=not plan.is_right, blobs=plan.sizes)

    def progress(self, progress: Progress) -> None:
        if self._is_quiet:
            return
        with self._guard:
            now = self._clock()
            self._untold[progress.image] = progress
            if now - self._told.get(progress.image, -inf) < _TELL:
                return
            self._told[progress.image] = now
        self._catch_up(progress.image)

    def _catch_up(self, image: str) -> None:
        """Tell how far the image is, if that was held back."""
        with self._guard:
            progress = self._untold.pop(image, None)
        if progress is None:
            return
        numbers = {"bytes": progress.bytes_done, "total": progress.bytes_total}
        self._event("progress", image=image, **numbers, blob=progress.blob, blobs=progress.blobs)

    def copied(self, target: str, copied: Copied) -> None:
        self._catch_up(target)
        with self._guard:
            self._right.add(target)
        sent = {"bytes": copied.bytes_copied, "sent": copied.blobs_copied}
        ways = {"mounted": copied.blobs_mounted, "there": copied.blobs_skipped}
        self._event("copied", image=target, digest=copied.digest, **sent, **ways)

    def failed(self, target: str, error: ChaosregError) -> None:
        self.failures += 1
        self._right.discard(target)  # `--deep` looks into what is there afterwards
        self._catch_up(target)
        for finding in error.findings:
            self._event("failed", image=target, code=finding.code, message=finding.message, help=finding.help)

    def note(self, text: str) -> None:
        self._event("note", text=text)

    def _event(self, event: str, **more: Any) -> None:
        with self._guard:
            print(json.dumps({"event": event, "time": round(time.time(), 3), **more}), flush=True)


REPORTS: Mapping[str, type[TextReport] | type[JsonReport]] = {"text": TextReport, "json": JsonReport}


class _Bars:
    """The images under way and the whole, redrawn in place. Numbers never go back."""

    def __init__(self) -> None:
        self._total = self._done = 0
        self._images: dict[str, Progress] = {}
        self._reached: dict[str, int] = {}
        self._drawn = 0
        self._last = 0.0
        self._began = time.monotonic()

    def expect(self, totals: Mapping[str, int]) -> None:
        self._total, self._began = sum(totals.values()), time.monotonic()

    def move(self, progress: Progress) -> None:
        self._done += progress.bytes_done - self._reached.get(progress.image, 0)
        self._reached[progress.image] = progress.bytes_done
        self._images[progress.image] = progress
        if time.monotonic() - self._last >= _REDRAW:
            self._draw()

    def finish(self, image: str) -> None:
        self._images.pop(image, None)

    def clear(self) -> None:
        if self._drawn:
            sys.stdout.write(f"\033[{self._drawn}F\033[J")
            self._drawn = 0

    def _draw(self) -> None:
        columns = width() or 80
        lines = [_bar(p.image.rpartition("/")[2], p.bytes_done, p.bytes_total) for p in self._images.values()]
        seconds = max(time.monotonic() - self._began, 0.001)
        rate = self._done / seconds
        left = f", {(self._total - self._done) / rate:.0f} s left" if rate else ""
        lines.append(_bar("all", self._done, self._total) + f"  {size(int(rate))}/s{left}")
        self.clear()
        sys.stdout.write("".join(f"{line[: columns - 1]}\n" for line in lines))
        sys.stdout.flush()
        self._drawn, self._last = len(lines), time.monotonic()


def _bar(name: str, done: int, total: int) -> str:
    filled = _BAR * done // total if total else _BAR
    return f"{name:<40.40} {colored('█' * filled, 'green')}{'░' * (_BAR - filled)} {size(done):>9} of {size(total)}"


def size(count: int) -> str:
    """Bytes as people say them: `1.4 GB`."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("GB is the last")
