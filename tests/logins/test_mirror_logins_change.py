"""Logins that are changed during a run, or wrong: looked for once more, and never tried so often that it harms."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.oci import Host, Registry
from tests.support.faults import FaultServer
from tests.support.token_server import registry_with_tokens

pytestmark = pytest.mark.registry

CANARY = "canary-pässword"
ROBOT = Login("robot", CANARY)
RIGHTS = {"robot": {"pull", "push"}}


@pytest.fixture
def private(tmp_path: Path) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path / "private", logins={"robot": CANARY}) as server:
        yield server


class Changing:
    """A source as the machine is one: what it knows is what stands in `logins` at the moment."""

    def __init__(self, *logins: Login) -> None:
        self.logins = list(logins)
        self.looks = 0

    def current(self) -> Login:
        return self.logins[0]

    def again(self, refused: Login | None) -> bool:
        self.looks += 1
        if len(self.logins) > 1 and self.logins[0] == refused:
            self.logins.pop(0)
        return self.logins[0] != refused

    def findings(self) -> list[Finding]:
        return []


def test_a_password_that_was_changed_during_the_run_is_read_again(tmp_path: Path, host: Host) -> None:
    source = Changing(ROBOT, Login("robot", "new"))
    with RegistryServer(tmp_path / "r", logins={"robot": CANARY}) as server:
        registry = Registry(server.host, source, host=host)
        assert registry.head_manifest("app", "1") is None
        server.stop()
        server.logins["robot"] = "new"
        server.start()
        assert registry.head_manifest("app", "1") is None
    assert source.looks == 1


def test_a_password_that_was_changed_is_read_again_for_the_token_endpoint(tmp_path: Path, host: Host) -> None:
    source = Changing(ROBOT, Login("robot", "new"))
    with registry_with_tokens(tmp_path / "t", {"robot": CANARY}, RIGHTS) as (server, tokens):
        registry = Registry(server.host, source, host=host)
        assert registry.head_manifest("app", "1") is None
        tokens.passwords["robot"] = "new"
        assert registry.head_manifest("other", "1") is None
    assert source.looks == 1


def test_a_wrong_password_is_looked_for_once_and_not_in_a_loop(private: RegistryServer, host: Host) -> None:
    source = Changing(*(Login("robot", f"wrong{number}") for number in range(9)))
    registry = Registry(private.host, source, host=host)
    for _ in range(6):
        with pytest.raises(ChaosregError, match=r"CHR0403.*user `robot` were sent"):
            registry.head_manifest("app", "1")

    assert source.looks == 1
    tried = sum(request.status == 401 for request in private.requests())
    assert tried <= 1 + 6 + 4  # the first challenge, a new one each time once given up, and few passwords


def test_many_threads_do_not_lock_an_account(private: RegistryServer, host: Host) -> None:
    with FaultServer(lambda seen: None, behind=private.host) as front:
        registry = Registry(front.host, Login("robot", "wrong"), host=host)

        def ask(number: int) -> None:
            with pytest.raises(ChaosregError, match="CHR0403"):
                registry.head_manifest(f"app{number}", "1")

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(ask, range(24)))
    assert sum("Authorization" in seen.headers for seen in front.seen) <= 3


def test_many_threads_do_not_lock_an_account_at_the_token_endpoint(tmp_path: Path, host: Host) -> None:
    with registry_with_tokens(tmp_path / "t", {"robot": CANARY}, RIGHTS) as (server, tokens):
        registry = Registry(server.host, Login("robot", "wrong"), host=host)

        def ask(number: int) -> None:
            with pytest.raises(ChaosregError, match="CHR0403"):
                registry.head_manifest(f"app{number}", "1")

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(ask, range(24)))
    assert len(tokens.seen) <= 3


def test_threads_that_need_the_same_token_ask_for_it_once(tmp_path: Path, host: Host) -> None:
    with registry_with_tokens(tmp_path / "t", {"robot": CANARY}, RIGHTS) as (server, tokens):
        registry = Registry(server.host, ROBOT, host=host)
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(lambda _: registry.head_manifest("app", "1"), range(24)))
    assert len(tokens.seen) == 1
