"""Where the user's program calls us: what a finding of a Python program points to."""

import sys
from pathlib import Path

from pulumi_chaosreg.errors import Place

_OURS = str(Path(__file__).parents[1])


def called_from(scope: str = "") -> Place:
    """File and line of the nearest caller outside of this package; of a call over several lines the first."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith((_OURS, "<")):  # "<string>": what a dataclass makes
        frame = frame.f_back
    return Place(scope, Path(frame.f_code.co_filename), line=frame.f_lineno)
