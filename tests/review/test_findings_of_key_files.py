"""The key of a Google service account, in a file beside the project: named, read, and never in Git."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.canary import PULL, traces_of
from tests.support.projects import Project

KEY = {"type": "service_account", "client_email": "pull@acme.iam.gserviceaccount.com", "private_key": PULL.password}
FILE = "service-account-key.json"
REGISTRY = {
    "server": "gcr.io",
    "account": "your-gcp-project",
    "type": "private",
    "authentication": {"type": "gcp_service_account", "key_file": FILE},
}


def company(project: Project, **authentication: str) -> Project:
    registry = {**REGISTRY, "authentication": authentication or REGISTRY["authentication"]}
    account = {"id": "acme", "images": {"release": "1.94.4"}, "mirror": "off", "image_registry": registry}
    below = {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": {"i": {"cluster": {"context": "c"}}}}
    return project.write({"acme": {"chaosreg:account": account}, "i": below})


def found(project: Project) -> list[tuple[str, str]]:
    return [(one.code, one.severity) for one in project.review().findings if one.code.startswith("CHR05")]


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def test_a_key_that_git_does_not_have_is_delivered_as_a_secret(project: Project) -> None:
    company(project).folder.joinpath(FILE).write_text(json.dumps(KEY))
    git(project.folder, "init")
    reviewed = project.review()
    (resolved,) = reviewed.resolved.values()
    assert found(project) == []
    assert resolved.delivery
    assert (resolved.delivery.how.value, resolved.delivery.username) == ("secret", "_json_key")
    said = {field.name: field.value for field in resolved.fields()}
    assert said["pull_secret.key_file"] == FILE


def test_a_type_need_not_be_said(project: Project) -> None:
    company(project, key_file=FILE).folder.joinpath(FILE).write_text(json.dumps(KEY))
    assert found(project) == []


def test_a_machine_that_only_reviews_need_not_have_the_key(project: Project) -> None:
    assert found(company(project)) == [("CHR0542", "warning")]


@pytest.mark.parametrize("is_committed", [False, True], ids=["added", "committed"])
def test_a_key_that_git_tracks_is_an_error(project: Project, is_committed: bool) -> None:
    company(project).folder.joinpath(FILE).write_text(json.dumps(KEY))
    git(project.folder, "init")
    git(project.folder, "add", FILE)
    if is_committed:
        git(project.folder, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "--message", "x")
    assert found(project) == [("CHR0540", "error")]


WRONG = {
    "somebody's own login": {**KEY, "type": "authorized_user"},
    "a type that may be anything": {**KEY, "type": PULL.password},
    "no object": [KEY],
    "no private key": {**KEY, "private_key": ""},
    "no JSON": None,
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_key_is_told_and_nothing_of_it_is_shown(project: Project, case: str) -> None:
    text = f"{{{PULL.password}" if WRONG[case] is None else json.dumps(WRONG[case], ensure_ascii=False)
    company(project).folder.joinpath(FILE).write_text(text)
    findings = [one for one in project.review().findings if one.code.startswith("CHR05")]
    assert [(one.code, one.severity) for one in findings] == [("CHR0541", "error")]
    assert not traces_of(PULL, str(findings[0]))


def test_a_key_file_of_another_type_is_told(project: Project) -> None:
    told = found(company(project, type="basic", username="x", password_secret="y", key_file=FILE))
    assert ("CHR0505", "error") in told


def test_a_folder_is_no_key(project: Project) -> None:
    company(project).folder.joinpath(FILE).mkdir()
    assert found(project) == [("CHR0541", "error")]


def test_a_link_to_a_tracked_file_is_that_file(project: Project) -> None:
    folder = company(project).folder
    (folder / "real.json").write_text(json.dumps(KEY))
    git(folder, "init")
    git(folder, "add", "real.json")
    (folder / FILE).symlink_to("real.json")
    assert found(project) == [("CHR0540", "error")]


@pytest.mark.parametrize("name", [":key.json", "key*.json"])
def test_names_are_no_patterns(project: Project, name: str) -> None:
    folder = company(project, type="gcp_service_account", key_file=name).folder
    (folder / name).write_text(json.dumps(KEY))
    git(folder, "init")
    (folder / "key1.json").write_text("{}")
    git(folder, "add", "key1.json")
    assert found(project) == []
    git(folder, "--literal-pathspecs", "add", name)
    assert found(project) == [("CHR0540", "error")]


def test_a_repository_that_git_cannot_read_is_told(project: Project) -> None:
    folder = company(project).folder
    (folder / FILE).write_text(json.dumps(KEY))
    git(folder, "init")
    (folder / ".git" / "index").write_bytes(b"damaged")
    assert found(project) == [("CHR0543", "warning")]


def test_without_git_a_repository_is_told_and_a_plain_folder_is_fine(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = company(project).folder
    (folder / FILE).write_text(json.dumps(KEY))
    monkeypatch.setenv("PATH", "")
    assert found(project) == []
    (folder / ".git").mkdir()
    assert found(project) == [("CHR0543", "warning")]


def test_a_pipe_is_not_waited_for(project: Project) -> None:
    os.mkfifo(company(project).folder / FILE)
    assert found(project) == [("CHR0541", "error")]


@pytest.mark.parametrize("path", ["/dev/zero", "~nosuchuser/key.json", "x" * 300, "a\0b"])
def test_odd_paths_are_one_clear_finding(project: Project, path: str) -> None:
    told = found(company(project, type="gcp_service_account", key_file=path))
    assert told in ([("CHR0541", "error")], [("CHR0542", "warning")])
