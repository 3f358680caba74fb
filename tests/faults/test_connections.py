"""Lines that break, hang or crawl: sat out where that helps, and otherwise one error soon."""

import socket
import time

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Host, Patience, Registry
from tests.support import builder
from tests.support.builder import digest_of, image, layer
from tests.support.fault_scripts import always, first
from tests.support.faults import Change, FaultServer, Reply
from tests.support.trial import HASTY, Trial

pytestmark = pytest.mark.registry

BIG = layer("big", 3_000_000)
QUICK_TO_TIRE = Patience(first=0.01, idle=0.2)


@pytest.fixture
def tree(trial: Trial) -> builder.Tree:
    return trial.push(image(BIG, layer("small")))


def reading_big(seen) -> bool:
    return seen.method == "GET" and seen.path.endswith(digest_of(BIG))


def sending_big(seen) -> bool:
    return seen.method == "PUT" and digest_of(BIG) in seen.query.replace("%3A", ":")


def test_a_reset_in_the_middle_of_a_read_costs_one_more_try(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(source=first(2, Change(cut=1_500_000), reading_big), most=40)
    assert outcome.digest == tree.digest
    assert outcome.source.count("GET", digest_of(BIG)) == 3


def test_a_source_that_always_resets_is_given_up(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(source=always(Change(cut=1_500_000), "GET", digest_of(BIG)), most=40)
    assert outcome.code == "CHR0418"
    assert HASTY.tries <= outcome.source.count("GET", digest_of(BIG)) <= 2 * HASTY.tries


def test_a_reset_in_the_middle_of_a_write_starts_a_new_upload(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(target=first(2, Change(swallow=1_000_000), sending_big), most=40)
    assert outcome.digest == tree.digest
    sessions = [seen.path for seen in outcome.target.seen if sending_big(seen)]
    assert len(set(sessions)) == len(sessions) == 3


def test_a_target_that_always_resets_is_given_up(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(target=lambda seen: Change(swallow=1_000_000) if sending_big(seen) else None, most=40)
    assert outcome.code == "CHR0418"


def test_an_answer_that_is_lost_after_the_tag_was_written_is_no_failure(trial: Trial, tree: builder.Tree) -> None:
    tagging = first(1, Change(lost=True), lambda seen: seen.method == "PUT" and seen.path.endswith("/manifests/1"))
    assert trial.copy(target=tagging, most=40).digest == tree.digest


def test_a_source_that_falls_silent_is_left_after_the_idle_time(trial: Trial, tree: builder.Tree) -> None:
    started = time.monotonic()
    outcome = trial.copy(source=first(1, Change(stall=1_500_000), reading_big), most=40, patience=QUICK_TO_TIRE)
    assert outcome.digest == tree.digest
    assert time.monotonic() - started < 5


def test_a_source_that_is_always_silent_is_an_error_that_says_so(trial: Trial, tree: builder.Tree) -> None:
    started = time.monotonic()
    outcome = trial.copy(source=always(Change(stall=10), "GET", "/blobs/"), most=60, patience=QUICK_TO_TIRE)
    assert time.monotonic() - started < 10
    assert outcome.code == "CHR0418"
    assert "nothing came for 0.2 s" in str(outcome.error)


def test_a_slow_but_steady_source_may_take_longer_than_the_idle_time(trial: Trial, tree: builder.Tree) -> None:
    slow = always(Change(drip=(300_000, 0.08)), "GET", digest_of(BIG))  # 0.8 s in all
    outcome = trial.copy(source=slow, most=25, patience=QUICK_TO_TIRE)
    assert outcome.digest == tree.digest
    assert outcome.source.count("GET", digest_of(BIG)) == 1


def test_a_target_that_takes_its_time_to_answer_is_waited_for(trial: Trial, tree: builder.Tree) -> None:
    slow = always(Change(delay=0.1), "PUT", "")
    assert trial.copy(target=slow, most=25, patience=QUICK_TO_TIRE).digest == tree.digest


def test_a_body_that_ends_too_soon_is_read_again(trial: Trial, tree: builder.Tree) -> None:
    short = first(1, Reply(200, BIG[:2_000_000], promise=len(BIG)), reading_big)
    assert trial.copy(source=short, most=40).digest == tree.digest


def test_a_name_that_does_not_resolve_is_said_soon() -> None:
    started = time.monotonic()
    with pytest.raises(ChaosregError, match=r"CHR0401.*`registry\.invalid` cannot be reached: its name does not res"):
        Registry("registry.invalid", host=Host(HASTY)).head_manifest("app", "1")
    assert time.monotonic() - started < 30


def test_a_name_that_does_not_resolve_at_first_is_tried_again(
    trial: Trial, tree: builder.Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, resolve = [3], socket.getaddrinfo
    real = {trial.upstream.port, trial.target.port}

    def flapping(host, port, *arguments, **options):  # stands in for a DNS server that fails now and then
        if left[0] and port not in real:
            left[0] -= 1
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return resolve(host, port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", flapping)
    assert trial.copy(most=25).digest == tree.digest
    assert left == [0]


def test_registries_that_listen_on_ipv6_only_are_reached(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    tree = builder.push(upstream.host, "app", "1", image(layer("x")))
    with (
        FaultServer(lambda seen: None, upstream.host, "::1") as source,
        FaultServer(lambda seen: None, target.host, "::1") as sink,
    ):
        copied = mirror.copy(Reference(source.host, "app", "1"), Reference(sink.host, "app", "1"))
    assert copied.digest == tree.digest
    assert sink.host.startswith("[::1]:")
