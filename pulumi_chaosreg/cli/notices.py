"""What a command says besides its result, on standard error: notices, and with `-v` what the library logs.

The library logs to `pulumi_chaosreg.…` and leaves it to others who listens; this is who listens when the command runs.
Other libraries stay silent: what urllib3 or an SDK of a cloud logs has signed addresses and headers in it.
"""

import argparse
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pulumi_chaosreg.errors import Finding, visible

_ROOT = "pulumi_chaosreg"
_LOG = logging.getLogger(__name__)
_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}
_VERBOSE = "also show decisions (logins, images, retries); -vv: also each request"
_QUIET = "show only errors and the result"


def add_options(parser: argparse.ArgumentParser, *, before: bool = False) -> None:
    """`-v` and `-q`, which may stand before the command's name and after it: argparse parses each part by itself."""
    suffix = "_before" if before else ""
    parser.add_argument("-v", "--verbose", dest=f"verbose{suffix}", action="count", default=0, help=_VERBOSE)
    parser.add_argument("-q", "--quiet", dest=f"quiet{suffix}", action="store_true", help=_QUIET)


def verbosity(options: argparse.Namespace) -> int:
    """-1 for `-q`, 0, 1 for `-v`, 2 for `-vv`; `-q` wins over both."""
    if options.quiet or options.quiet_before:
        return -1
    return int(min(options.verbose + options.verbose_before, max(_LEVELS)))


def notice(said: str | Finding) -> None:
    """Tell what is neither an error nor the result; `-q` leaves it out."""
    _LOG.warning("%s", said)


@contextmanager
def listening(verbosity: int) -> Iterator[None]:
    """Print notices, and what the library logs, as long as the context lasts."""
    root, handler = logging.getLogger(_ROOT), logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter())
    before = root.level
    root.addHandler(handler)
    root.setLevel(_LEVELS[verbosity])
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


class _Formatter(logging.Formatter):
    """Notices as they are; what is logged as one line with the time, the part that says it, and nothing that steers a
    terminal.
    """

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.levelno >= logging.WARNING:
            return message
        time, part = self.formatTime(record, "%H:%M:%S"), record.name.removeprefix(f"{_ROOT}.")
        return f"{time}.{record.msecs:03.0f} {part}: {visible(message)}"
