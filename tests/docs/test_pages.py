"""What holds of every page: its links lead somewhere, its lines fit, and it claims no address that there is not."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.support.documented import ROOT, pages
from tests.support.markdown import anchors_of, links_of, prose_of

PAGES = [
    *pages(),
    *sorted(path.relative_to(ROOT) for path in ROOT.glob("[A-QS-Z]*.md")),
    *sorted(path.relative_to(ROOT) for folder in ("examples", "lab") for path in (ROOT / folder).rglob("README.md")),
]
WIDTH = 120
OUR_ADDRESS = re.compile(
    r"https?://[\w./-]*pulumi-chaosreg|\bpip install (?:-\S+ )*pulumi-chaosreg(?![\w-])|ghcr\.io/pulumi-chaosreg"
)
"""A repository, a site, or a package index that has the package: none of these is anywhere yet."""


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_inside_leads_to_a_file_and_a_heading(page: Path) -> None:
    inside = [link for link in links_of(page) if not re.match(r"[a-z]+:", link)]
    assert [link for link in inside if not _leads_somewhere(page, link)] == []


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = ROOT / page.parent / path if path else ROOT / page
    if not target.is_file():  # a folder has no page in the site: link to its README.md
        return False
    return not anchor or anchor in anchors_of(target.resolve().relative_to(ROOT.resolve()))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_prose_is_wrapped(page: Path) -> None:
    prose = prose_of(page).splitlines()
    assert [line for line in prose if len(line) > WIDTH and not line.lstrip().startswith("|")] == []


def test_no_address_is_claimed_that_there_is_not_yet() -> None:
    files = [ROOT / page for page in PAGES] + [ROOT / "pyproject.toml", *(ROOT / "pulumi_chaosreg").rglob("*.py")]
    claims = {str(file.relative_to(ROOT)): OUR_ADDRESS.findall(file.read_text("utf-8")) for file in files}
    assert {file: found for file, found in claims.items() if found} == {}


@pytest.mark.parametrize(("page", "heading"), [("README.md", "## Read on"), ("docs/index.md", "## First steps")])
def test_an_entrance_leads_to_every_page_once(page: str, heading: str) -> None:
    below = (ROOT / page).read_text("utf-8").partition(f"{heading}\n")[2]
    found = [(ROOT / page).parent / link for link in re.findall(r"\]\(([^)#:]+\.md)\)", below)]
    led = Counter(os.path.relpath(path, ROOT) for path in found)
    every = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md")]
    assert sorted({str(path.relative_to(ROOT)) for path in every} - led.keys() - {page, "docs/index.md"}) == []
    assert [path for path, times in led.items() if times > 1] == []
