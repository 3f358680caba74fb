"""Two real registries for each test, upstream and target, and a mirror that does not wait long."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lab.olareg import OlaregServer
from lab.registry import RegistryServer
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Host, Patience

HASTY = Patience(first=0.01)


@pytest.fixture
def host() -> Host:
    return Host(HASTY)


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path / "upstream") as server:
        yield server


@pytest.fixture
def target(tmp_path: Path) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path / "target") as server:
        yield server


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[str, str], OlaregServer | RegistryServer]]:
    """(kind, name) → a registry: `olareg` has the referrers API, `distribution` has not."""
    kinds = {"olareg": OlaregServer, "distribution": RegistryServer}
    with ExitStack() as running:
        yield lambda kind, name: running.enter_context(kinds[kind](tmp_path / name))


@pytest.fixture
def stop() -> threading.Event:
    """Set, it ends what the mirror does."""
    return threading.Event()


@pytest.fixture
def mirror(stop: threading.Event) -> Iterator[Mirror]:
    with Mirror(stop=stop, patience=HASTY) as one:
        yield one


@pytest.fixture
def crane() -> Callable[..., bytes]:
    """A second opinion: go-containerregistry's command."""
    program = shutil.which("crane")
    assert program, "no `crane` on PATH: run inside `python -m lab run -- …`"

    def run(*arguments: str) -> bytes:
        return subprocess.run([program, *arguments, "--insecure"], capture_output=True, check=True).stdout

    return run
