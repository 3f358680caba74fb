"""What stands without quotes in a stack file is read by the engine as we read it, or it is a finding."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lab.workspace import Workspace
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.settings.yaml_file import read_yaml, scalar
from pulumi_chaosreg.stacks.sections import is_of_ours
from tests.support.scalars import plain_scalars

pytestmark = pytest.mark.engine

VALUES = list(plain_scalars())
KEYS = [word for word in VALUES if word != "<<"]
FIRST_VALUE, FIRST_KEY = 3, 4 + len(VALUES)
"""Their lines."""
MERGES = """\
  chaosreg:common: &common {registry: eu, images: {release: "1"}, "quoted": a}
  chaosreg:more: &more {registry: us, type: ddcr}
  chaosreg:one:
    <<: *common
    registry: own
  chaosreg:late: {registry: own, <<: *common}
  chaosreg:list: {<<: [*more, *common]}
  chaosreg:nested: &nested {<<: *more, type: dedicated}
  chaosreg:twice: {<<: *nested}
  chaosreg:inline: {"<<": {a: {b: c}}}
"""


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stack file with every word as a value and every word as a key, each on a line of its own, and merges. Beside it
    the same text, since the engine writes what it has read.
    """
    section = [*(f"  - {word}" for word in VALUES), "  chaosreg:keys:", *(f"  - {word}: x" for word in KEYS)]
    workspace = Workspace(tmp_path_factory.mktemp("words") / "small")
    workspace.add_project()
    (workspace.folder / "stacks").mkdir()
    path = workspace.folder / "stacks/Pulumi.words.yaml"
    path.write_text("\n".join(["config:", "  chaosreg:values:", *section, MERGES]), "utf-8")
    return shutil.copy(path, workspace.folder / "as_written.yaml")


@pytest.fixture(scope="module")
def handed_on(words: Path) -> dict[str, Any]:
    """What the engine would hand to a program of that stack."""
    workspace = Workspace(words.parent)
    workspace.init("words")
    said = workspace.json("pulumi", "config", "--json", "--stack", "words")
    return {key: json.loads(one["value"]) for key, one in said.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refused_lines(path: Path) -> set[int]:
    with pytest.raises(ChaosregError) as caught:
        read_yaml(path, is_of_ours("example"))
    assert {finding.code for finding in caught.value.findings} == {"CHR0123"}
    return {finding.place.line for finding in caught.value.findings if finding.place and finding.place.line}


def test_a_value_is_refused_where_the_engine_reads_it_otherwise_and_nowhere_else(
    words: Path, handed_on: dict[str, Any]
) -> None:
    same = {
        word: value == (ours := scalar(word)) and _is_number(value) == _is_number(ours)
        for word, value in zip(VALUES, handed_on["chaosreg:values"], strict=True)
    }
    lines = _refused_lines(words)
    refused = {word for line, word in enumerate(VALUES, FIRST_VALUE) if line in lines}
    assert refused == {word for word in VALUES if not same[word]}
    assert len(refused) > 60  # most kinds of difference are in the table


def test_a_key_is_refused_where_the_engine_prints_another_one_and_nowhere_else(
    words: Path, handed_on: dict[str, Any]
) -> None:
    printed = dict(zip(KEYS, (next(iter(one)) for one in handed_on["chaosreg:keys"]), strict=True))
    lines = _refused_lines(words)
    refused = {word for line, word in enumerate(KEYS, FIRST_KEY) if line in lines}
    assert refused == {word for word in KEYS if printed[word] != word}
    assert len(refused) > 100


def test_merge_keys_give_what_the_engine_reads(words: Path, handed_on: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "merges.yaml"
    path.write_text(MERGES, "utf-8")
    ours = read_yaml(path)
    assert {key: handed_on[key] for key in ours} == ours
