"""Workspaces for the real engine: each with a backend, a target registry and a company of its own."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from lab.state import LabState, Login, RegistryState, load
from lab.workspace import Workspace
from tests.support.registries import emptied

PULL_CANARY = "pull-canary-b1d5c0de"
PUSH_CANARY = "push-canary-5eed1e55"


@pytest.fixture(scope="session")
def one_private_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    logins = {"puller": PULL_CANARY, "pusher": PUSH_CANARY}
    with RegistryServer(tmp_path_factory.mktemp("private-target"), logins=logins) as server:
        yield server


@pytest.fixture
def private_target(one_private_target: RegistryServer) -> Iterator[RegistryServer]:
    """An empty private registry."""
    yield emptied(one_private_target)
    one_private_target.wipe()


@pytest.fixture
def lab(private_target: RegistryServer) -> LabState:
    """The running lab, with the empty registry as its private one."""
    return _with(private_target)


def _with(private_target: RegistryServer) -> LabState:
    registry = RegistryState(
        host=private_target.host,
        pull=Login("puller", PULL_CANARY),
        push=Login("pusher", PUSH_CANARY),
        log=str(private_target.log),
        storage=str(private_target.storage),
    )
    return replace(load(), registry=registry)


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory, one_private_target: RegistryServer) -> Path:
    """The folder of a company as `company` wants it, to be copied: made once, since the engine starts four times."""
    lab = _with(one_private_target)
    workspace = Workspace.of_company(tmp_path_factory.mktemp("initialised") / "company", lab)
    workspace.run("chaosreg", "lock")
    workspace.init("acme", "checkout-prod")
    workspace.set_credentials("acme", lab)
    return workspace.folder


@pytest.fixture
def label(request: pytest.FixtureRequest) -> str:
    """A DNS label that no other test has: the one cluster of the lab is everybody's, and tests run side by side."""
    return f"t{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}"


@pytest.fixture
def company(label: str, tmp_path: Path, initialised: Path, lab: LabState) -> Workspace:
    """The example company, locked, its account's stack initialised with credentials; namespaces are the test's own."""
    shutil.copytree(initialised, tmp_path / "company")
    workspace = Workspace(tmp_path / "company")
    for path in (workspace.folder / "stacks").glob("*.yaml"):
        text = path.read_text("utf-8").replace("namespace: h", f"namespace: {label}-h")
        path.write_text(text, "utf-8")
    return workspace
