"""Workspaces for the real engine: each with a backend, a target registry and a company of its own."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from lab.state import LabState, Login, RegistryState, load
from lab.workspace import Workspace

PULL_CANARY = "pull-canary-b1d5c0de"
PUSH_CANARY = "push-canary-5eed1e55"


@pytest.fixture
def private_target(tmp_path: Path) -> Iterator[RegistryServer]:
    """An empty private registry."""
    with RegistryServer(tmp_path / "target", logins={"puller": PULL_CANARY, "pusher": PUSH_CANARY}) as server:
        yield server


@pytest.fixture
def lab(private_target: RegistryServer) -> LabState:
    """The running lab, with the empty registry as its private one."""
    registry = RegistryState(
        host=private_target.host,
        pull=Login("puller", PULL_CANARY),
        push=Login("pusher", PUSH_CANARY),
        log=str(private_target.log),
        storage=str(private_target.storage),
    )
    return replace(load(), registry=registry)


@pytest.fixture
def label(request: pytest.FixtureRequest) -> str:
    """A DNS label that no other test has: the one cluster of the lab is everybody's, and tests run side by side."""
    return f"t{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}"


@pytest.fixture
def company(label: str, tmp_path: Path, lab: LabState) -> Workspace:
    """The example company, locked, its account's stack initialised with credentials; namespaces are the test's own."""
    workspace = Workspace.of_company(tmp_path / "company", lab)
    for path in (workspace.folder / "stacks").glob("*.yaml"):
        text = path.read_text("utf-8").replace("namespace: h", f"namespace: {label}-h")
        path.write_text(text, "utf-8")
    workspace.run("chaosreg", "lock")
    workspace.init("acme", "checkout-prod")
    workspace.set_credentials("acme", lab)
    return workspace
