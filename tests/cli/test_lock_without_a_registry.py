"""`chaosreg lock` where nothing can be read: no server answers, or nothing is to be locked."""

from pathlib import Path

from lab.ports import free_port
from pulumi_chaosreg.cli import lock_sources
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Patience
from tests.support.company import mirroring_company, write_company


def test_a_registry_that_cannot_be_reached_is_told_once(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(lock_sources, "Mirror", lambda: Mirror(patience=Patience(tries=1)))
    nowhere = f"127.0.0.1:{free_port('127.0.0.1')}"
    project = mirroring_company(tmp_path, nowhere, "h.example", {"one": "", "two": ""})
    (project / "stacks/chaosreg.lock.yaml").unlink()
    assert main(["--project", str(project), "lock"]) == 1
    said = capsys.readouterr()
    count = int(said.err.partition(" could not be read")[0])
    assert said.out.splitlines()[-1] == f"chaosreg.lock.yaml is not written: {count} could not be read"
    assert said.err.count(f"error[CHR0401]: registry `{nowhere}` cannot be reached") == 1
    assert f"   = the same for: {count - 1} more\n" in said.err


def test_no_lockfile_is_not_one_that_is_unchanged(tmp_path: Path, capsys) -> None:
    text = "config:\n  chaosreg:account: {id: acme, images: {release: 1.94.4}}\n"
    write_company(tmp_path, text)
    assert main(["--project", str(tmp_path), "lock"]) == 0
    assert capsys.readouterr().out == "chaosreg.lock.yaml is not written: nothing is to be locked\n"
    assert not (tmp_path / "stacks/chaosreg.lock.yaml").exists()
