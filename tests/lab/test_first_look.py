"""What `make demo` shows while the lab is built. The build and the demo are stand-ins; the commands shown are real."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.places import CHECKOUT

TOTAL = "11 to 13 minutes"
LAST = "error[CHR0203]"
DEMO = "print('THE DEMO', *sys.argv[1:])"
CACHED = "print('    node is left out: no root', file=sys.stderr); print('==> everything is built', file=sys.stderr)"
BUILDING = """
print("==> building pulumi (about 5 min cold, once)", file=sys.stderr, flush=True)
print("    ... 15 s, 200 packages compiled or downloaded", file=sys.stderr, flush=True)
while not os.path.exists(sys.argv[1]):  # until what is shown meanwhile has been seen
    select.select([], [], [], 0.05)
print("    pulumi built in 5 min", file=sys.stderr, flush=True)
print("==> everything is built", file=sys.stderr, flush=True)
"""
STUCK = """
with open(sys.argv[1], "w") as sign:
    sign.write(str(os.getpid()))
print("==> building pulumi", file=sys.stderr, flush=True)
signal.pause()
"""


@pytest.fixture
def start(tmp_path):
    """`demonstrate` in a process of its own, with these programs as build and demo."""
    running = []

    def start(build, *, environment=None):
        programs = [
            [sys.executable, "-c", f"import os, select, signal, sys\n{text}", str(tmp_path / "sign")]
            for text in (build, DEMO.replace("[1:]", "[2:]"))
        ]
        call = (
            f"import sys; from lab.first_look import demonstrate; sys.exit(demonstrate({programs[0]}, {programs[1]}))"
        )
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", call],
                cwd=CHECKOUT,
                env={**os.environ, "CI": "true", "TMPDIR": str(tmp_path), **(environment or {})},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.timeout(60)  # four commands, one after the other, beside other tests
def test_while_the_lab_is_built_what_needs_none_is_shown(start, tmp_path: Path) -> None:
    # given a build that goes on until everything else has been shown
    process = start(BUILDING)
    shown = ""
    for line in process.stdout:
        shown += line
        if LAST in line:
            (tmp_path / "sign").touch()
    # then
    assert process.wait(30) == 0
    in_order = [
        "==> building pulumi",
        TOTAL,
        "$ chaosreg resolve\n",
        "... 15 s, 200 packages",  # the build's progress comes between the steps, not at the end
        "$ chaosreg explain payments/checkout/prod-eu image.chaos-ddcr\n",
        "← decides",
        "$ chaosreg diff ",
        "1.93.0 → 1.94.4",
        "$ chaosreg validate\n",
        LAST,
        "pulumi built in 5 min",
        "THE DEMO --after-first-look",
    ]
    places = [shown.find(text) for text in in_order]
    assert -1 not in places, shown
    assert places == sorted(places), shown
    assert [path.name for path in tmp_path.iterdir()] == ["sign"]


def test_with_a_built_lab_the_demo_begins_at_once_and_shows_everything_itself(start) -> None:
    said, _ = start(CACHED).communicate(timeout=10)
    assert said == "    node is left out: no root\nTHE DEMO\n"


def test_a_build_that_fails_ends_it(start) -> None:
    process = start("print('error: no Go here', file=sys.stderr); sys.exit(1)")
    said, _ = process.communicate(timeout=10)
    assert (process.returncode, said) == (1, "error: no Go here\n")


def test_who_ends_it_ends_the_build(start, tmp_path: Path) -> None:
    # given a build that would never end
    process = start(STUCK)
    assert any(TOTAL in line for line in process.stdout)
    # when
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    # then
    assert process.returncode != 0
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "sign").read_text()), 0)
