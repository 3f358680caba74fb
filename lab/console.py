"""The lines that the lab prints while it works."""

import sys
import time


def say(line: str) -> None:
    """One step or result, on standard error: standard output belongs to the command that runs in the lab."""
    print(f"==> {line}", file=sys.stderr, flush=True)


def detail(line: str) -> None:
    """A line below the step."""
    print(f"    {line}", file=sys.stderr, flush=True)


def title(text: str) -> None:
    """The heading of what is shown next, on standard output."""
    print(f"\n\033[1m── {text}\033[0m\n" if sys.stdout.isatty() else f"\n── {text}\n", flush=True)


def elapsed(since: float) -> str:
    """The time since a `time.monotonic()`, as people say it."""
    seconds = time.monotonic() - since
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"
