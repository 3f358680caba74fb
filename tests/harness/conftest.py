"""The lab's Harness in this process: tests need no lab."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from lab.harness.failures import Failures
from lab.harness.manager import Manager
from lab.harness.records import Records
from lab.state import HarnessState
from pulumi_chaosreg.harness.client import Harness
from pulumi_chaosreg.oci.patience import Patience

ACCOUNT, KEY = "acc0000000000000000000", 'pat.canary-of-harness/"key'
QUICK = Patience(tries=3, first=0.01, longest=5.0, idle=5.0)


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[HarnessState]:
    """A new one with one account."""
    log = tmp_path / "requests.jsonl"
    manager = Manager(Records((ACCOUNT,)), Failures(), {KEY: ACCOUNT}, log)
    server = make_server("127.0.0.1", 0, manager, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield HarnessState(f"http://127.0.0.1:{server.server_port}/gateway", ACCOUNT, KEY, str(log))
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(harness: HarnessState) -> Harness:
    return Harness(harness.endpoint, ACCOUNT, KEY, patience=QUICK)


@pytest.fixture
def with_key(harness: HarnessState) -> Callable[[str], Harness]:
    """A client with another key."""
    return lambda key: Harness(harness.endpoint, ACCOUNT, key, patience=QUICK)
