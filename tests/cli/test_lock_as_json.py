"""`chaosreg lock -o json` prints JSON whatever happens: for programs an empty answer is no answer."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.images.lockfile import read_lockfile
from tests.support.answering import AnsweringServer, Said
from tests.support.company import mirroring_company


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """Its source lets nobody in."""
    with AnsweringServer(lambda _: Said(403)) as source:
        yield mirroring_company(tmp_path, source.host, "h.example", {"one": f"sha256:{'a' * 64}"})


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, list[dict[str, str]]]:
    return json.loads(capsys.readouterr().out)


def test_where_stack_files_have_errors(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack = project / "stacks/Pulumi.acme.yaml"
    stack.write_text(stack.read_text().replace("account: chaos", "acount: chaos"))
    for arguments in ([], ["--check"], ["--upgrade"]):
        assert main(["--project", str(project), "lock", *arguments, "-o", "json"]) == 1
        said = document(capsys)
        assert (said["sources"], said["errors"][0]["source"]) == ([], None)
        assert said["errors"][0]["code"].startswith("CHR01")


def test_where_there_is_no_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--project", str(tmp_path / "nowhere"), "lock", "-o", "json"]) == 2
    assert document(capsys)["errors"]


def test_where_the_layout_is_none(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--project", str(project), "lock", "--from", str(project / "layout.tar"), "-o", "json"]) == 2
    assert document(capsys)["errors"][0]["code"] == "CHR0430"


def test_where_nobody_answers(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lockfile = project / "stacks/chaosreg.lock.yaml"
    before = read_lockfile(lockfile)
    assert main(["--project", str(project), "lock", "--upgrade", "-o", "json"]) == 1
    said = document(capsys)
    assert [entry["state"] for entry in said["sources"]] == ["unasked"]
    assert [error["code"] for error in said["errors"]] == ["CHR0404"]
    assert read_lockfile(lockfile) == before
