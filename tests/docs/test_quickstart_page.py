"""docs/quickstart.md shows the files that its `chaosreg init` writes, as they are."""

import re
from pathlib import Path

import pytest

from pulumi_chaosreg.cli.main import main
from tests.support.console import commands
from tests.support.documented import ROOT, blocks

PAGE = Path("docs/quickstart.md")
NAMED = re.compile(r"# (Pulumi\.yaml|__main__\.py|stacks/\S+)\n")


@pytest.fixture
def written(tmp_path: Path) -> dict[str, str]:
    """Name → text."""
    shown = [one.words for block in blocks(PAGE) if block.language == "console" for one in commands(block.text)]
    (words,) = [words[1:] for words in shown if words[:2] == ["chaosreg", "init"]]
    assert main(["--project", str(tmp_path), *words]) == 0
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    return {path.relative_to(tmp_path).as_posix(): path.read_text("utf-8") for path in files}


def test_files_are_shown_as_they_are_written(written: dict[str, str]) -> None:
    named = {found[1]: block.text[found.end() :] for block in blocks(PAGE) if (found := NAMED.match(block.text))}
    assert named == {name: text for name, text in written.items() if name in named}
    assert {name for name in written if name.startswith("stacks/")} < set(named)


def test_every_file_is_named(written: dict[str, str]) -> None:
    text = (ROOT / PAGE).read_text("utf-8")
    assert [name for name in written if name not in text] == []
    assert "It writes seven files" in text
    assert len(written) == 7
