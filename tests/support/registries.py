"""Two real registries, upstream and target, and a mirror that does not wait long.

A process of tests starts them once, and each test finds them running and empty. `trial` has two private ones, which
all tests of a module share, each test with a repository of its own.
"""

import re
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
from pulumi_chaosreg.oci import Host
from tests.support.canary import PULL, PUSH
from tests.support.trial import HASTY, Trial


def emptied(server: RegistryServer) -> RegistryServer:
    """The same server as if it were new: running, without content, nothing in its log."""
    server.wipe()
    return server.start()


@pytest.fixture
def host() -> Host:
    return Host(HASTY)


@pytest.fixture(scope="session")
def one_upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path_factory.mktemp("upstream")) as server:
        yield server


@pytest.fixture(scope="session")
def one_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path_factory.mktemp("target")) as server:
        yield server


@pytest.fixture
def upstream(one_upstream: RegistryServer) -> Iterator[RegistryServer]:
    yield emptied(one_upstream)
    one_upstream.wipe()  # a test may have filled the disk


@pytest.fixture
def target(one_target: RegistryServer) -> Iterator[RegistryServer]:
    yield emptied(one_target)
    one_target.wipe()


@pytest.fixture(scope="module")
def private_ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RegistryServer, RegistryServer]]:
    """Source and target; each knows one user, and neither the other's."""
    folder = tmp_path_factory.mktemp("ends")
    with (
        RegistryServer(folder / "upstream", logins={PULL.username: PULL.password}) as upstream,
        RegistryServer(folder / "target", logins={PUSH.username: PUSH.password}) as target,
    ):
        yield upstream, target


@pytest.fixture
def trial(private_ends: tuple[RegistryServer, RegistryServer], request: pytest.FixtureRequest) -> Trial:
    return Trial(*private_ends, re.sub("[^a-z0-9]+", "-", request.node.name.lower()).strip("-"))


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
