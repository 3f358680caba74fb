"""`-o FORMAT`: the same option, and the same names of formats, in every command that prints."""

import argparse
import json
from typing import Any

_OPTIONS = ("-o", "--output", "--format")
"""The last is an alias: what it was called first."""


def add_output(
    parser: argparse.ArgumentParser, *formats: str, about: str = "", former: dict[str, str] | None = None
) -> None:
    """The option with these formats, the first of which is the default; `former` ones mean others, and are not told."""
    *most, last = (f"{formats[0]} (default)", *formats[1:])
    told = f"{', '.join(most)} or {last}" if most else last
    known = former or {}
    parser.add_argument(
        *_OPTIONS,
        dest="output",
        metavar="FORMAT",
        type=lambda said: known.get(said, said),
        choices=formats,
        default=formats[0],
        help=f"{told}{f'; {about}' if about else ''}",
    )


def as_json(document: Any) -> str:
    """The document as other commands print theirs."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
