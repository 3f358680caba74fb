"""One policy for all threads of one server: trying again, waiting for each other, and when it is enough."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_chaosreg.oci import Host
from pulumi_chaosreg.oci.problems import Cancelled, RegistryError, problem
from tests.support.clock import Clock


def failing(status: int = 503, **properties) -> tuple[list[RegistryError], Clock]:
    failures: list[RegistryError] = []
    clock = Clock()

    def attempt() -> None:
        failures.append(problem("CHR0413", server="r", repository="a", subject="x", status=status, **properties))
        raise failures[-1]

    with pytest.raises(RegistryError):
        clock.host().persist(attempt, "r/a")
    return failures, clock


def test_it_ends_after_five_tries_and_makes_the_failure_final() -> None:
    failures, clock = failing(transient=True)

    assert len(failures) == 5
    assert all(0 <= delay <= 0.5 * 2**number for number, delay in enumerate(clock.pauses))
    assert [failure.transient for failure in failures] == [True] * 4 + [False]


def test_a_quota_that_others_use_meanwhile_is_waited_for_and_not_counted() -> None:
    clock = Clock()
    host, refused = clock.host(), list[RegistryError]()

    def attempt() -> str:
        if len(refused) == 12:
            return "served"
        host.persist(lambda: "another request", "r/b")
        refused.append(problem("CHR0412", server="r", repository="a", subject="x", status=429, transient=True))
        raise refused[-1]

    assert host.persist(attempt, "r/a") == "served"
    assert all(pause <= 0.5 for pause in clock.pauses)


def test_a_final_failure_is_not_tried_again() -> None:
    failures, clock = failing(transient=False)
    assert (len(failures), clock.pauses) == (1, [])


def test_a_registry_that_asks_for_too_long_is_not_waited_for() -> None:
    failures, clock = failing(transient=True, retry_after=61.0)
    assert (len(failures), clock.pauses) == (1, [])


def test_who_is_told_to_wait_makes_the_others_wait() -> None:
    """The second thread asks only when the time is over that the first one was told."""
    moment = [100.0]
    host = Host(now=lambda: moment[0])
    asked = threading.Event()
    host._complained(5.0)

    def another() -> None:
        with host.turn("r/a"):
            asked.set()

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(another)
        assert not asked.wait(0.5)
        moment[0] = 105.0
        waiting.result(10)


def test_a_complaint_halves_what_is_under_way_and_calm_brings_it_back() -> None:
    host = Host()
    full = room(host)
    host._complained(0.0)
    assert room(host) == full // 2
    for _ in range(100):
        host._complained(0.0)
    assert room(host) == 1  # it never stops altogether
    for _ in range(50 * full):
        with host.turn("r/a"):
            pass
    assert room(host) == full


def test_stopping_ends_a_pause_and_a_wait_for_a_turn() -> None:
    stop = threading.Event()
    host = Host(stop=stop)
    host._complained(30.0)
    threading.Timer(0.1, stop.set).start()

    def attempt() -> None:
        raise problem("CHR0412", server="r", status=429, transient=True, retry_after=30.0)

    with pytest.raises(Cancelled, match="CHR0417"):
        host.persist(attempt, "r/a")
    with pytest.raises(Cancelled, match="CHR0417"), host.turn("r/a"):
        pass


def room(host: Host) -> int:
    """How many may be under way at once."""
    return host._most
