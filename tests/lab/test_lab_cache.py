"""What the lab builds is there as a whole or not at all, and is built by one process at a time."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from lab.cache import made_once
from lab.deadline import wait_for
from lab.locks import is_locked

CHECKOUT = Path(__file__).resolve().parents[2]


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    calls = []

    def make(folder: Path) -> None:
        calls.append(folder)
        (folder / "program").write_text("built")

    first = made_once("bin/tool-1", make, cache=tmp_path)
    second = made_once("bin/tool-1", make, cache=tmp_path)

    assert first == second == tmp_path / "bin" / "tool-1"
    assert (first / "program").read_text() == "built"
    assert len(calls) == 1


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("")
        raise ValueError("no compiler")

    with pytest.raises(ValueError, match="no compiler"):
        made_once("bin/tool-1", fail, cache=tmp_path)

    assert list((tmp_path / "bin").iterdir()) == []


def test_a_killed_build_leaves_nothing_that_looks_finished_and_the_next_one_succeeds(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import signal, sys
        from pathlib import Path
        from lab.cache import made_once

        def make(folder):
            (folder / "half").write_text("")
            print("building", flush=True)
            signal.pause()

        made_once("bin/tool-1", make, cache=Path(sys.argv[1]))
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    ) as build:
        assert build.stdout
        assert build.stdout.readline() == "building\n"
        assert is_locked(tmp_path / "build.lock")
        build.kill()

    made = made_once("bin/tool-1", lambda folder: (folder / "whole").touch(), cache=tmp_path)

    assert [path.name for path in made.iterdir()] == ["whole"]
    assert [path.name for path in (tmp_path / "bin").iterdir()] == ["tool-1"]


def test_two_builds_at_the_same_time_are_one(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    builders = [context.Process(target=build_and_note, args=(tmp_path,)) for _ in range(3)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join(30)

    assert [builder.exitcode for builder in builders] == [0, 0, 0]
    assert len((tmp_path / "builders").read_text().split()) == 1


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    holder = context.Process(target=hold, args=(tmp_path / "lock",))
    holder.start()
    assert wait_for(lambda: is_locked(tmp_path / "lock"), 30)

    assert holder.pid
    os.kill(holder.pid, signal.SIGKILL)
    holder.join(30)

    assert not is_locked(tmp_path / "lock")


def build_and_note(cache: Path) -> None:
    def make(folder: Path) -> None:
        with (cache / "builders").open("a") as note:
            note.write(f"{os.getpid()}\n")

    made_once("bin/tool-1", make, cache=cache)


def hold(path: Path) -> None:
    from lab.locks import locked

    with locked(path, print):
        signal.pause()
