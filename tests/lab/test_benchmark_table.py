"""The table of docs/mirror.md of the mirror's benchmark is what the results say, or there is neither."""

import json
from pathlib import Path

import pytest

from benchmarks.report import markdown, with_table
from benchmarks.results import RESULTS

PAGE = (Path(__file__).parents[2] / "docs/mirror.md").read_text("utf-8")


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


def test_the_page_says_what_was_measured() -> None:
    if RESULTS.exists():
        assert with_table(PAGE, markdown(json.loads(RESULTS.read_text("utf-8")))) == PAGE
    else:
        assert "benchmarks.report" not in PAGE


def test_a_row_says_what_was_reached_beside_what_is_possible() -> None:
    row = markdown(_results(1.0)).splitlines()[-1]
    assert "| debian 2.8.2 | 1.00 | 2.00 (crane) | 0.50 | 0.65 | 13 (10) | 0.50 | 60 |" in row


def test_only_what_is_between_the_marks_is_replaced() -> None:
    page = "before\n<!-- benchmarks.report: mirror -->\nold\n<!-- end of benchmarks.report -->\nafter\n"
    once = with_table(page, "new")
    assert once == page.replace("old", "new")
    assert with_table(once, "new") == once
    with pytest.raises(SystemExit, match="lacks the lines"):
        with_table("no marks", "new")
