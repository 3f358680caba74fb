"""What `chaosreg mirror` says of a run: its last line and last event, and how often it says how far it is."""

import json
import threading
from typing import Any

import pytest

from pulumi_chaosreg.cli.mirror.report import JsonReport, TextReport
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.mirror import Copied, Progress

COPIED = Copied("sha256:1f2e", bytes_copied=5, blobs_copied=1, blobs_mounted=0, blobs_skipped=0)


def events(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("interrupted", [True, False])
def test_an_interrupted_run_ends_otherwise_than_a_whole_one(capsys: pytest.CaptureFixture[str], interrupted) -> None:
    stopped = threading.Event()
    with JsonReport(2, stopped) as report:
        report.copied("h/app:1", COPIED)
        if interrupted:
            stopped.set()
    end = events(capsys)[-1]
    assert (end["event"], end["interrupted"], end["copied"], end["failures"]) == ("end", interrupted, 1, 0)

    with TextReport(2, stopped) as text:
        text.copied("h/app:1", COPIED)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("interrupted: 1 of 2 images: " if interrupted else "1 of 2 images: ")


def test_progress_is_told_twice_a_second_and_where_an_image_ended(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = 0.0
    with JsonReport(3, threading.Event(), clock=lambda: seconds) as report:
        # given: three images that move on a hundred times in a second; one arrives, one fails, one is interrupted
        for step in range(1, 101):
            seconds = step / 100
            for name in ("done", "failed", "cut"):
                report.progress(Progress(name, step, 100, 0, 1))
        report.copied("done", COPIED)
        report.failed("failed", ChaosregError.of("CHR0418", "broke"))
    # then
    told = [event for event in events(capsys) if event["event"] in ("progress", "copied", "failed")]
    for name in ("done", "failed", "cut"):
        assert [event["bytes"] for event in told if event["image"] == name and "blobs" in event] == [1, 51, 100]
    assert [event["event"] for event in told if event["image"] == "done"][-1] == "copied"
    assert [event["event"] for event in told if event["image"] == "failed"][-1] == "failed"


def test_what_is_wrong_with_a_registry_is_told_once_with_all_that_it_concerns(capsys) -> None:
    def refused(server: str, image: str) -> ChaosregError:
        return ChaosregError.of("CHR0401", f"registry `{server}` cannot be reached", notes=[("asked", image)], help="x")

    with TextReport(6, threading.Event(), dry_run=True) as report:
        for image in ("a", "b", "c"):
            report.failed(f"h/{image}:1", refused("h", image))
            report.failed(f"i/{image}:1", refused("i", image))
        report.planned({})
    out = capsys.readouterr().out
    assert out.count("error[CHR0401]") == 2
    assert "failed 2 more, for the same reason as h/a:1: h/b:1, h/c:1" in out
    assert out.splitlines()[-1] == "dry run: nothing was sent, 6 failed"


def test_two_images_that_fail_for_reasons_of_their_own_are_two_errors(capsys) -> None:
    with TextReport(2, threading.Event()) as report:
        for image in ("a", "b"):
            report.failed(f"h/{image}:1", ChaosregError.of("CHR0405", f"there is no `{image}`"))
    assert capsys.readouterr().out.count("error[CHR0405]") == 2


def test_a_quiet_run_tells_what_failed_and_how_it_ended(capsys: pytest.CaptureFixture[str]) -> None:
    with TextReport(2, threading.Event(), verbosity=-1) as text:
        text.copied("h/app:1", COPIED)
        text.note("a note")
        text.failed("h/app:2", ChaosregError.of("CHR0418", "broke"))
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["failed h/app:2", "error[CHR0418]: broke"]
    assert said[2].startswith("1 of 2 images, 1 failed: ")
    assert len(said) == 3


def test_the_plan_is_the_result_of_a_quiet_dry_run(capsys: pytest.CaptureFixture[str]) -> None:
    with TextReport(0, threading.Event(), dry_run=True, verbosity=-1) as text:
        text.planned({})
    assert capsys.readouterr().out.startswith("plan: 0 of 0 images")


def test_quiet_events_are_those_that_count(capsys: pytest.CaptureFixture[str]) -> None:
    with JsonReport(1, threading.Event(), verbosity=-1) as report:
        report.progress(Progress("h/app:1", 1, 100, 0, 1))
        report.copied("h/app:1", COPIED)
    assert [event["event"] for event in events(capsys)] == ["start", "copied", "end"]
