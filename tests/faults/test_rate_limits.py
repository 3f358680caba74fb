"""Registries that limit the rate: all threads wait as long as they are told, and nobody waits for hours."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.oci import Host, Registry
from tests.support.builder import image, layer
from tests.support.clock import Clock
from tests.support.fault_scripts import always, first
from tests.support.faults import Change, FaultServer, Reply, Script, Seen
from tests.support.trial import HASTY, Trial

pytestmark = pytest.mark.registry

TOO_MANY = b'{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}'


def in_seconds(seconds: int) -> str:
    return str(seconds)


def at_a_date(seconds: int) -> str:
    """An HTTP date has whole seconds, so one more is needed to be that late."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds + 1), usegmt=True)


@pytest.mark.parametrize("told", [in_seconds, at_a_date])
def test_all_workers_wait_when_one_is_told_to(told: Callable[[int], str], trial: Trial) -> None:
    # given: an image of so many blobs that twelve workers have something to do for a second
    tree = trial.push(image(*(layer(f"{number}", 2000) for number in range(40))))
    slow = Change(delay=0.08)
    refused: list[float] = []

    def script(seen: Seen) -> Reply | Change:
        if seen.method == "PUT" and not refused:
            refused.append(time.monotonic())
            return Reply(429, TOO_MANY, {"Retry-After": told(1)})
        return slow

    outcome = trial.copy(target=script, most=300)
    assert outcome.digest == tree.digest
    # What was sent already may still arrive; then nobody asks anything for the rest of the second.
    quiet = [seen for seen in outcome.target.seen if refused[0] + 0.4 < seen.at < refused[0] + 0.95]
    assert quiet == []


def test_without_a_time_the_pauses_grow_and_the_tries_end(trial: Trial) -> None:
    trial.push(image(layer("x")))
    outcome = trial.copy(source=always(Reply(429, TOO_MANY), "GET", "/manifests/"), most=20)
    assert outcome.code == "CHR0412"
    assert outcome.source.count("GET", "/manifests/") == HASTY.tries


def test_the_registry_s_own_words_are_shown(trial: Trial) -> None:
    trial.push(image(layer("x")))
    outcome = trial.copy(source=always(Reply(429, TOO_MANY), "GET", "/manifests/"), most=20)
    assert "answer: 429 TOOMANYREQUESTS slow down" in str(outcome.error)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def expect_failure_at_once(words: str, reply: Reply) -> None:
    clock = Clock()
    with FaultServer(lambda seen: reply) as front, pytest.raises(ChaosregError) as caught:
        Registry(front.host, host=clock.host()).get_manifest("app", "1")
    assert "error[CHR0412]" in str(caught.value)
    assert words in str(caught.value)
    assert (len(front.seen), clock.pauses) == (1, [])


def test_a_long_window_fails_with_the_time_at_which_it_ends() -> None:
    until = (datetime.now(UTC) + timedelta(hours=6)).strftime("%H:%M")[:-1]  # the minute may change meanwhile
    expect_failure_at_once("wait: 6 h 0 min, until ", Reply(429, TOO_MANY, {"Retry-After": "21600"}))
    expect_failure_at_once(f" {until}", Reply(429, TOO_MANY, {"Retry-After": "21600"}))


def test_a_time_since_1970_is_not_taken_for_seconds_to_wait() -> None:
    """Docker Hub's API sends one (docker/hub-feedback#2459)."""
    now = int(datetime.now(UTC).timestamp())
    clock = Clock()
    replies = iter([Reply(429, TOO_MANY, {"Retry-After": str(now + 31)}), Reply(404)])
    with FaultServer(lambda seen: next(replies)) as front:
        assert Registry(front.host, host=clock.host()).head_manifest("app", "1") is None
    assert clock.pauses == [pytest.approx(30, abs=2)]


def test_a_used_up_pull_quota_names_its_window() -> None:
    """As Docker Hub says it, without a Retry-After: so many pulls in so many seconds, none left."""
    quota = {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "0;w=21600", "Docker-RateLimit-Source": "x"}
    expect_failure_at_once("wait: 6 h 0 min, until", Reply(429, TOO_MANY, quota))


def in_the_past() -> Iterator[Script]:
    yield first(1, Reply(429, TOO_MANY, {"Retry-After": at_a_date(-3600)}), lambda seen: True)
    yield first(1, Reply(429, TOO_MANY, {"Retry-After": "soon"}), lambda seen: True)
    yield first(1, Reply(503, TOO_MANY, {"Retry-After": "0"}), lambda seen: True)


def test_a_time_that_makes_no_sense_is_as_good_as_none() -> None:
    for script in in_the_past():
        with FaultServer(lambda seen, script=script: script(seen) or Reply(404)) as front:
            assert Registry(front.host, host=Host(HASTY)).head_manifest("app", "1") is None
        assert len(front.seen) == 2
