"""docs/registries.md says what the program goes by."""

from pathlib import Path

from pulumi_chaosreg.registries.page import table_of_kinds

PAGE = (Path(__file__).parents[2] / "docs" / "registries.md").read_text("utf-8")


def test_the_table_of_kinds_is_the_program_s_own():
    lines = [line for line in PAGE.splitlines(keepends=True) if line.startswith("|")]
    assert "".join(lines) == table_of_kinds(), "write what `python -m pulumi_chaosreg.registries.page` prints"
