"""The tables of the documentation are what the benchmarks' results say."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import program
from benchmarks.pages import with_table
from benchmarks.report import markdown
from benchmarks.results import RESULTS

DOCS = Path(__file__).parents[2] / "docs"


def _results(median: float) -> dict[str, object]:
    bound = dict.fromkeys(("bytes", "blobs", "mounts", "manifests", "source_requests", "target_requests"), 5)
    tool = {"source requests": 6.0, "target requests": 7.0, "cpu": 0.5, "memory MB": 60.0}
    case = {
        "bound": bound,
        "tools": {"ours": {**tool, "median": median}, "crane": {**tool, "median": 2.0}},
        "best peer": "crane",
        "verdict": {"ours / best peer": {"value": median / 2, "aim": 0.65}},
    }
    return {"registries": {"debian": {"version": "2.8.2", "cases": {"twelve": case}}}}


@pytest.mark.parametrize(
    ("page", "name", "results", "table"),
    [
        ("mirror.md", "mirror", RESULTS, markdown),
        ("stacks.md", "program", program.RESULTS, program.markdown),
    ],
)
def test_a_page_says_what_was_measured(
    page: str, name: str, results: Path, table: Callable[[dict[str, Any]], str]
) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert with_table(text, name, table(json.loads(results.read_text("utf-8")))) == text


def test_a_row_says_what_was_reached_beside_what_is_possible() -> None:
    row = markdown(_results(1.0)).splitlines()[-1]
    assert "| debian 2.8.2 | 1.00 | 2.00 (crane) | 0.50 | 0.65 | 13 (10) | 0.50 | 60 |" in row


def test_only_what_is_between_the_marks_is_replaced() -> None:
    page = "before\n<!-- benchmarks: x -->\nold\n<!-- end of benchmarks: x -->\nafter\n"
    once = with_table(page, "x", "new")
    assert once == page.replace("old", "new")
    assert with_table(once, "x", "new") == once
    with pytest.raises(SystemExit, match="lacks the lines"):
        with_table(page, "y", "new")
