"""The command as people run it, and projects under git to run it in."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pulumi_chaosreg.cli.main import main

DIGESTS = {tag: f"sha256:{letter * 64}" for tag, letter in (("1.93.0", "a"), ("1.94.0", "b"), ("0.73.0", "c"))}


@pytest.fixture
def run(capsys) -> Callable[..., tuple[int, str, str]]:
    """Exit code, standard output, standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as ended:  # argparse
            code = ended.code
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def company(project, monkeypatch):
    """A small company under git in the current folder; `edit(stack, old, new)` changes a file, `commit()` commits."""
    project.write(COMPANY, lock=_lock())
    monkeypatch.chdir(project.folder)
    _git(project.folder, "init", "--quiet", "--initial-branch", "main")
    project.commit = lambda: commit(project.folder)
    project.commit()
    project.edit = lambda stack, old, new: _edit(project.stacks / f"Pulumi.{stack}.yaml", old, new)
    return project


def commit(folder: Path) -> None:
    _git(folder, "add", "--all")
    _git(folder, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "--allow-empty", "--message", "x")


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _lock() -> str:
    names = ("chaos-ddcr", "chaos-ddcr-faults", "chaos-log-watcher")
    lines = [f"docker.io/harness/{name}:{tag}: {DIGESTS[tag]}" for name in names for tag in ("1.93.0", "1.94.0")]
    collector = "docker.io/harness/service-discovery-collector"
    lines += [f"{collector}:0.73.0: {DIGESTS['0.73.0']}", f"{collector}:0.74.0: {DIGESTS['0.73.0']}"]
    return "".join(f"{line}\n" for line in sorted(lines))


COMPANY: Mapping[str, Any] = {
    "acme": """
        config:
          chaosreg:account:
            id: acme
            allow_overrides: true
            image_registry:
              server: harbor.company.com
              account: chaos
              type: private
              authentication: {username: chaos-user, password_secret: harbor}
            images: {release: "1.93.0"}
            mirror: {source: docker.io/harness}
          chaosreg-credentials:harbor: {secure: v1:one}
        """,
    "shop": """
        config:
          chaosreg:parent_stack: acme
          chaosreg:organization:
            id: shop
            allow_overrides: true
        """,
    "checkout": """
        config:
          chaosreg:parent_stack: shop
          chaosreg:project:
            id: checkout
            allow_overrides: false
            images: {tags: {chaos-ddcr: "1.94.0"}}
        """,
    "prod": """
        config:
          chaosreg:parent_stack: checkout
          chaosreg:infrastructures:
            eu: {cluster: {context: eu}, service_accounts: [litmus]}
            us: {cluster: {context: us}}
        """,
    "other": """
        config:
          chaosreg:parent_stack: shop
          chaosreg:infrastructures:
            lab: {cluster: {context: lab}, image_registry: {server: docker.io, account: harness, type: public}}
        """,
}


@pytest.fixture
def diff(run):
    """The difference from HEAD as plain data."""
    return lambda *more: json.loads(run("diff", "-o", "json", *more)[1])
