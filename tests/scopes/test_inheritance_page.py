"""Every row of docs/inheritance.md, run: the settings of each level, and what the infrastructure ends up with."""

import re
from pathlib import Path

import pytest
import yaml

PAGE = (Path(__file__).parents[2] / "docs" / "inheritance.md").read_text("utf-8")
LEVELS = ("account", "organization", "project", "infrastructure")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|")) for line in PAGE.splitlines() if line.startswith("| `")
]


def _settings(cell):
    """The settings in a cell; `null` takes away what the level would say otherwise."""
    found = {}
    for snippet in re.findall(r"`([^`]*)`", cell):
        found |= yaml.safe_load(snippet)
    return found


@pytest.mark.parametrize("row", ROWS, ids=[f"{number}-{row[0]}" for number, row in enumerate(ROWS)])
def test_a_row_of_the_page_holds(project, row):
    field, *levels, value, origin = row
    field = field.strip("`")
    outcome = project.four_levels(**dict(zip(LEVELS, map(_settings, levels), strict=True)))
    fields = {one.name: (one.value, str(one.origin)) for one in outcome.config.fields()}
    if value.startswith("CHR"):
        assert set(outcome.codes) == {value}
        return
    assert outcome.codes == []
    if value == "—":
        assert field not in fields
    else:
        assert fields[field] == (value.strip("`"), origin)


def test_the_page_has_a_row_for_every_kind_of_field():
    assert len(ROWS) > 40
    assert {row[0].strip("`").partition(".")[0] for row in ROWS} >= {
        "server", "account", "type", "secret_name", "pull_secret", "image", "namespace", "service_accounts", "cluster",
    }  # fmt: skip
