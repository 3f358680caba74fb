"""The entries of docs/errors.md, which ships with the package."""

import re
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from pulumi_chaosreg.errors import ChaosregError

_HEADING = re.compile(r"^### (CHR\d{4}) (.+)$", re.MULTILINE)


def entry(code: str) -> str:
    """What a code means, why it is an error and how it is mended, as text.

    Raises ChaosregError (CHR0118) for a code that there is not.
    """
    page = _page()
    headings = list(_HEADING.finditer(page))
    found = next((heading for heading in headings if heading[1] == code), None)
    if found is None:
        near = get_close_matches(code, [heading[1] for heading in headings], n=3, cutoff=0.5)
        raise ChaosregError.of("CHR0118", f"there is no code `{code}`", help=f"the nearest: {', '.join(near)}")
    body = page[found.end() :].partition("\n#")[0].strip("\n")
    return f"{found[1]}  {found[2]}\n\n{body.replace('**', '')}\n"


def codes() -> list[str]:
    """All that have an entry."""
    return [heading[1] for heading in _HEADING.finditer(_page())]


def _page() -> str:
    packaged = files("pulumi_chaosreg").joinpath("errors.md")
    if packaged.is_file():
        return packaged.read_text("utf-8")
    return (Path(__file__).parents[2] / "docs" / "errors.md").read_text("utf-8")  # a checkout
