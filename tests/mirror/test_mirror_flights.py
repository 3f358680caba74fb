"""One flight for each key, few large ones at a time, and small work side by side."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from lab.deadline import wait_for
from pulumi_chaosreg.mirror.flights import Flights, Large

WAIT = 10.0


@pytest.fixture
def flights():
    made = Flights(small=4, large=2)
    yield made
    made.close()


def test_who_wants_what_is_under_way_joins_it(flights: Flights) -> None:
    release, runs = threading.Event(), []

    def work() -> None:
        runs.append(1)
        release.wait(WAIT)

    first, ours = flights.join("blob", work)
    second, theirs = flights.join("blob", work)
    release.set()
    assert (first is second, ours, theirs) == (True, True, False)
    first.result(WAIT)
    assert len(runs) == 1

    again, ours = flights.join("blob", work)  # it has landed: whoever wants it now starts it anew
    again.result(WAIT)
    assert (ours, len(runs)) == (True, 2)


def test_a_flight_is_joined_while_its_large_rest_is_under_way(flights: Flights) -> None:
    begun, release = threading.Event(), threading.Event()

    def rest() -> None:
        begun.set()
        assert release.wait(WAIT)

    first, _ = flights.join("blob", lambda: Large(rest))
    assert begun.wait(WAIT)
    second, ours = flights.join("blob", lambda: pytest.fail("twice"))
    assert (first is second, ours, first.done()) == (True, False, False)
    release.set()
    first.result(WAIT)


def test_no_more_large_rests_run_at_once_than_allowed_while_small_work_goes_on(flights: Flights) -> None:
    running, begun, release = [], threading.Semaphore(0), threading.Event()

    def rest() -> None:
        running.append(1)
        begun.release()
        assert release.wait(WAIT)

    large = [flights.join(number, lambda: Large(rest))[0] for number in range(5)]
    assert begun.acquire(timeout=WAIT)
    assert begun.acquire(timeout=WAIT)
    flights.join("small", lambda: None)[0].result(WAIT)
    assert len(running) == 2
    release.set()
    for flight in large:
        flight.result(WAIT)
    assert len(running) == 5


@pytest.mark.parametrize("large", [False, True])
def test_a_failure_is_raised_where_the_flight_is_waited_for(flights: Flights, large: bool) -> None:
    def fail() -> None:
        raise ValueError("broken")

    flight, _ = flights.join("blob", (lambda: Large(fail)) if large else fail)
    with pytest.raises(ValueError, match="broken"):
        flight.result(WAIT)


def test_results_come_in_the_order_of_the_items_whatever_ends_first(flights: Flights) -> None:
    last_is_done = threading.Event()

    def work(item: str) -> str:
        if item == "b":
            last_is_done.set()
        else:
            assert last_is_done.wait(WAIT)
        return item.upper()

    assert flights.each(work, ["a", "b"]) == ["A", "B"]
    assert flights.each(work, []) == []


def test_a_failure_among_several_is_raised_when_nothing_is_under_way_any_more(flights: Flights) -> None:
    both, release = threading.Barrier(2), threading.Event()

    def work(item: str) -> None:
        both.wait(WAIT)
        if item == "bad":
            raise ValueError(item)
        assert release.wait(WAIT)

    with ThreadPoolExecutor(1) as caller:
        raised = caller.submit(flights.each, work, ["bad", "good"])
        assert not wait([raised], timeout=0.2).done
        release.set()
        with pytest.raises(ValueError, match="bad"):
            raised.result(WAIT)


def test_what_is_abandoned_does_not_wait_behind_the_large_rests_of_others(flights: Flights) -> None:
    begun, release, ran = threading.Semaphore(0), threading.Event(), []

    def rest() -> None:
        begun.release()
        assert release.wait(WAIT)

    others = [flights.join(number, lambda: Large(rest))[0] for number in range(2)]
    assert begun.acquire(timeout=WAIT)
    assert begun.acquire(timeout=WAIT)
    ours, _ = flights.join("ours", lambda: Large(lambda: ran.append(1)))
    assert wait_for(lambda: ours in flights._queued, WAIT)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(flights.abandon, [ours]).result(WAIT)
    assert not any(other.done() for other in others)
    release.set()
    for other in others:
        other.result(WAIT)
    assert (ours.done(), ran) == (True, [])
