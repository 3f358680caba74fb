"""docs/errors.md has one entry for every code in the source, and none for a code that is gone."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"CHR\d{4}")
PAGE = (ROOT / "docs" / "errors.md").read_text("utf-8")
ENTRIES = dict(re.findall(r"^### (CHR\d{4}) .+?\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


def _codes_in_the_source():
    files = [*ROOT.glob("pulumi_chaosreg/**/*.py"), *ROOT.glob("pulumi_chaosreg/**/*.toml")]
    return {code for path in files for code in CODE.findall(path.read_text("utf-8"))}


def test_every_code_of_the_source_has_an_entry_and_every_entry_a_code():
    assert set(ENTRIES) == _codes_in_the_source()


def test_entries_stand_once_and_in_order():
    headings = re.findall(r"^### (CHR\d{4})", PAGE, re.MULTILINE)
    assert headings == sorted(set(headings))


@pytest.mark.parametrize("code", sorted(ENTRIES))
def test_an_entry_says_what_why_and_what_to_do_and_shows_the_message(code):
    entry = ENTRIES[code]
    for part in ("**What.**", "**Why.**", "**Fix.**"):
        assert part in entry
    assert re.search(rf"^    (error|warning|hint)\[{code}\]: .", entry, re.MULTILINE)


@pytest.mark.parametrize("code", sorted(ENTRIES))
def test_an_entry_is_read_in_twenty_seconds(code):
    prose = [line for line in ENTRIES[code].splitlines() if not line.startswith("    ")]  # without the example message
    assert len(re.findall(r"\w[\w'.`-]*", " ".join(prose))) < 60


def test_the_page_names_no_code_that_it_does_not_explain():
    assert set(CODE.findall(PAGE)) == set(ENTRIES)


def test_every_code_is_named_by_a_test_that_provokes_it():
    tests = (path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__))
    provoked = {code for path in tests for code in CODE.findall(path.read_text("utf-8"))}
    assert set(ENTRIES) - provoked == set()
