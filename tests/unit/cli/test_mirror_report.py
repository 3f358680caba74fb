"""What `chaosreg mirror` says of a run: its last line and last event, and how often it says how far it is."""

import json
import threading
from typing import Any

import pytest

from pulumi_chaosreg.cli.mirror_report import JsonReport, TextReport
from pulumi_chaosreg.mirror import Copied

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
