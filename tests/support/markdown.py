"""Headings and links of Markdown files of the checkout, as GitHub reads them."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

from tests.support.documented import ROOT

_FENCE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?<=\n\n)(?: {4}.*\n+)+")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(([^)\s]+)\)")


def prose_of(page: Path | str) -> str:
    """The page without its blocks of code, which are empty lines."""
    text = (ROOT / page).read_text("utf-8")
    for code in (_FENCE, _INDENTED):
        text = code.sub(lambda found: "\n" * found[0].count("\n"), text)
    return text


@cache
def anchors_of(page: Path | str) -> frozenset[str]:
    """What `#` may be followed by: a slug for each heading, with a number where it comes again."""
    times: Counter[str] = Counter()
    anchors = set()
    for heading in _HEADING.findall(prose_of(page)):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        anchors.add(f"{slug}-{times[slug]}" if times[slug] else slug)
        times[slug] += 1
    return frozenset(anchors)


def links_of(page: Path | str) -> list[str]:
    """Where the page's links lead, as written."""
    without_code = re.sub(r"`[^`\n]*`", lambda code: "x" * len(code[0]), prose_of(page))
    return _LINK.findall(without_code)
