"""The lab's Harbor in this process, without the registry behind it: tests need no lab."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab.harbor.front import Front
from lab.harbor_orders import call
from lab.state import HarborState, Login
from pulumi_chaosreg.oci.patience import Patience
from pulumi_chaosreg.provider.harbor_access import HarborAccess
from pulumi_chaosreg.provider.resource import Occasion
from pulumi_chaosreg.provider.run import Run
from tests.support.lab_harbor import provisioner

PASSWORD = 'Canary-0f-harb0r/"login'
QUICK = Patience(tries=3, first=0.01, longest=5.0, idle=0.5)
URN = "urn:pulumi:prod::chaos::chaosreg:index:HarborRobot::acme"


@pytest.fixture
def harbor(tmp_path: Path) -> Iterator[HarborState]:
    """A new one with one project, `library`."""
    log = tmp_path / "requests.jsonl"
    front = Front(("127.0.0.1", 0), "127.0.0.1:1", PASSWORD, log)
    thread = threading.Thread(target=front.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    host = f"127.0.0.1:{front.server_port}"
    yield HarborState(host, f"http://{host}", Login("admin", PASSWORD), str(log))
    front.shutdown()
    thread.join()
    front.server_close()


@dataclass
class Heard:
    """What a user was told."""

    urn: str = URN
    warned: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def occasion(self) -> Occasion:
        return Occasion(self.urn, lambda _: None, self.warned.append, self.told.append)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def access(monkeypatch: pytest.MonkeyPatch) -> HarborAccess:
    for name in ("HARBOR_USERNAME", "HARBOR_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return HarborAccess(Run(), QUICK)


@pytest.fixture
def given(harbor: HarborState) -> Callable[..., dict[str, Any]]:
    """Inputs of a resource on it."""
    login = {"username": "admin", "password": PASSWORD}
    return lambda **said: {"server": harbor.host, "project": "chaos", "login": login, **said}


@pytest.fixture
def system_robot(harbor: HarborState) -> Callable[..., dict[str, str]]:
    """The login of a robot of the system; `effect` is what its rights were written with."""

    def robot(effect: str = "allow", system: tuple[str, ...] = ("project:create",)) -> dict[str, str]:
        wanted = provisioner(effect, system)
        made = call(harbor, "POST", "/robots", wanted)
        return {"username": made["name"], "password": made["secret"]}

    return robot
