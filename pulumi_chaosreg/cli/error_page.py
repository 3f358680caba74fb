"""The entries of docs/errors.md, which ships with the package."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from pulumi_chaosreg.errors import ChaosregError

_LINK = re.compile(r"\[([^\]]+)\]\(([^)#]*)(?:#[^)]*)?\)")
_HEADING = re.compile(r"^### (CHR\d{4}) (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the page says of one code."""

    code: str
    title: str
    body: str
    """Markdown."""

    @property
    def anchor(self) -> str:
        """Of its heading, as GitHub makes it: lower case, hyphens for spaces, nothing else but letters and digits."""
        return re.sub(r"[^\w -]", "", f"{self.code} {self.title}".lower()).replace(" ", "-")


def entries() -> dict[str, Entry]:
    """All of them, by code."""
    page = _page()
    return {
        heading[1]: Entry(heading[1], heading[2], page[heading.end() :].partition("\n#")[0].strip("\n"))
        for heading in _HEADING.finditer(page)
    }


def entry(code: str) -> str:
    """What a code means, why it is an error and how it is mended, as text.

    Raises ChaosregError (CHR0118) for a code that there is not.
    """
    every = entries()
    found = every.get(code)
    if found is None:
        near = get_close_matches(code, [known for known in every if known[:5] == code[:5]], n=3, cutoff=0.5)
        advice = f"the nearest: {', '.join(near)}" if near else "write it as a message has it: error[CHR0203]"
        raise ChaosregError.of("CHR0118", f"there is no code `{code}`", help=advice)
    return f"{found.code}  {found.title}\n\n{_plain(found.body)}\n"


def _plain(markdown: str) -> str:
    """The same for a terminal: a link to another page says which one, and one within this page says its text."""
    text = _LINK.sub(lambda link: f"{link[1]} (docs/{link[2]})" if link[2] else link[1], markdown)
    return text.replace("**", "")


def codes() -> list[str]:
    """All that have an entry."""
    return [heading[1] for heading in _HEADING.finditer(_page())]


def _page() -> str:
    packaged = files("pulumi_chaosreg").joinpath("errors.md")
    if packaged.is_file():
        return packaged.read_text("utf-8")
    return (Path(__file__).parents[2] / "docs" / "errors.md").read_text("utf-8")  # a checkout
