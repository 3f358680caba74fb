"""What a terminal adds to plain text: colour and width. In a pipe, or with NO_COLOR, there is none of it."""

import os
import re
import shutil
import sys

from pulumi_chaosreg.errors import Finding, visible

_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def is_colored() -> bool:
    """Whether standard output is a terminal that wants colour."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def colored(text: str, *styles: str) -> str:
    """The text in these styles, or as it is."""
    if not is_colored() or not text:
        return text
    return f"\033[{';'.join(_CODES[style] for style in styles)}m{text}\033[0m"


def width() -> int | None:
    """Columns of the terminal; None in a pipe, where nothing is cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def shortened(text: str) -> str:
    """The text with twelve digits of each digest, enough to compare by eye, and nothing that steers a terminal."""
    return visible(_DIGEST.sub(r"\1…", text))


def colored_finding(finding: Finding) -> str:
    """The finding with its first word in the colour of its severity."""
    head, _, rest = str(finding).partition(":")
    return f"{colored(head, 'bold', 'red' if finding.severity == 'error' else 'yellow')}:{rest}"
