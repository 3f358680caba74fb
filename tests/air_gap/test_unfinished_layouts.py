"""What goes wrong while a layout is written: what has arrived is kept, and no layout is left that is none."""

import json
import os
import shlex
import signal
import subprocess
from contextlib import nullcontext
from pathlib import Path

import pytest

from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.oci import Descriptor
from pulumi_chaosreg.oci.layout import Layout
from tests.support.builder import digest_of, image, layer, push
from tests.support.carried import NAMES, arrived, carrying_company, command, digest_at
from tests.support.faults import FaultServer, Reply, Seen

pytestmark = pytest.mark.registry


def test_one_image_that_fails_keeps_the_tar_unfinished(tmp_path, upstream, target, images, capsys) -> None:
    layout, missing = tmp_path / "layout.tar", digest_of(layer(NAMES[1]))
    hidden = [True]

    def script(seen: Seen) -> Reply | None:
        return Reply(404) if hidden and seen.path.endswith(missing) else None

    with FaultServer(script, upstream.host) as front:
        project = carrying_company(tmp_path / "behind", front.host, target.host, images)
        assert main(["--project", str(project), "mirror", "--to", str(layout)]) == 1
        out = capsys.readouterr().out
        assert "2 of 3 images, 1 failed" in out
        assert f"{layout} is not complete: run again" in out
        assert [file.name for file in tmp_path.glob("layout*")] == ["layout.tar.partial"]

        # when it is there again, only what is missing is fetched
        hidden.clear()
        before = len(front.seen)
        assert main(["--project", str(project), "mirror", "--to", str(layout)]) == 0
        fetched = [seen.path for seen in front.seen[before:] if seen.method == "GET" and "/blobs/" in seen.path]
        assert any(path.endswith(missing) for path in fetched)
        assert len(fetched) <= 5  # and what the failure had stopped
    assert [file.name for file in tmp_path.glob("layout*")] == ["layout.tar"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_no_layout_and_the_next_one_goes_on(
    tmp_path, layout, images, upstream, target, number, capsys
) -> None:
    # given: a long blob that breaks off, and a run that is ended when it asks for it again
    long = layer("long", 30_000_000)
    tree = push(upstream.host, f"harness/{NAMES[0]}", "1", image(layer("base"), long))
    asked: list[bool] = []

    def interrupt(seen: Seen) -> Reply | None:
        if seen.method == "GET" and seen.path.endswith(digest_of(long)):
            asked.append(True)
            if len(asked) == 1:
                return Reply(200, long[:20_000_000], promise=len(long))
            if len(asked) == 2:
                os.kill(process.pid, number)
        return None

    with FaultServer(interrupt, upstream.host) as front:
        project = carrying_company(tmp_path / "interrupted", front.host, target.host, {**images, NAMES[0]: tree})
        process = subprocess.Popen(command(project, "--to", layout), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        process.communicate(timeout=60)
        assert process.returncode == (130 if number == signal.SIGINT else -number)
        named = layout / "index.json"  # where another image was complete before
        names = json.loads(named.read_text())["manifests"] if named.is_file() else []
        assert all(tree.digest != entry["digest"] for entry in names)
        assert not layout.is_file()
        before = len(front.seen)
        # when
        assert main(["--project", str(project), "mirror", "--to", str(layout)]) == 0
        # then
        again = [seen.path for seen in front.seen[before:] if seen.method == "GET" and "/blobs/" in seen.path]
        assert f"/v2/harness/{NAMES[0]}/blobs/{digest_of(long)}" in again
        first = {seen.path for seen in front.seen[:before] if seen.method == "GET" and "/blobs/" in seen.path}
        assert len(first & set(again)) <= 6  # no more than what was under way when it ended
    assert main(["--project", str(project), "mirror", "--from", str(layout)]) == 0
    capsys.readouterr()
    assert digest_at(f"{target.host}/chaos/{NAMES[0]}:1") == tree.digest
    if layout.is_dir():
        assert not [*layout.rglob("*.partial")]


def test_a_full_disk_is_said_and_what_has_arrived_is_kept(tmp_path, project, images) -> None:
    """In a file system of 256 KiB, which only the command sees."""
    room = tmp_path / "small"
    room.mkdir()
    words = " ".join(map(shlex.quote, command(project, "--to", room / "layout.tar")))
    script = f"mount -t tmpfs -o size=256k none {room} && {{ {words}; echo code $?; ls {room}; }}"
    done = subprocess.run(["unshare", "--map-root-user", "--mount", "sh", "-c", script], capture_output=True, text=True)
    if not done.stdout and "unshare" in done.stderr:
        pytest.skip(f"no mount namespaces here: {done.stderr}")
    assert "code 1" in done.stdout, done
    assert f"error[CHR0436]: this machine's disk has no room for layout `{room}/layout.tar" in done.stdout
    assert "no space is left" in done.stdout
    assert done.stdout.splitlines()[-1] == "layout.tar.partial"


def test_a_file_that_may_not_grow_so_large_is_said(tmp_path, project, images) -> None:
    """As on FAT32: the kernel's own error, by a limit on the size of files."""
    words = " ".join(map(shlex.quote, command(project, "--to", tmp_path / "layout.tar")))
    done = subprocess.run(["sh", "-c", f"ulimit -f 300 && {words}"], capture_output=True, text=True)
    assert done.returncode == 1, done
    assert "error[CHR0436]" in done.stdout
    assert "FAT32" in done.stdout


def test_two_processes_write_the_same_folder(tmp_path, project, mirror, images, target) -> None:
    layout = tmp_path / "layout"
    runs = [("--shard", "1/2"), ("--shard", "2/2"), ()]
    processes = [
        subprocess.Popen(command(project, "--to", layout, *words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for words in runs
    ]
    for process in processes:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, out.decode()
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=layout, check=True)
    assert mirror("--from", layout)[0] == 0
    assert arrived(target, images) == set(NAMES)


def test_a_folder_that_another_process_is_just_beginning_is_no_other_folder(tmp_path) -> None:
    folder = tmp_path / "layout"
    folder.mkdir()
    (folder / f".oci-layout.{'0' * 32}").touch()  # its mark, before it has its name
    with Layout.open(folder, writing=True) as layout:
        layout.holding("s").put_blob("r", Descriptor("", digest_of(b"x"), 1), lambda: nullcontext(iter([b"x"])))
    assert (folder / "oci-layout").exists()


def test_the_mark_of_a_layout_comes_before_its_blobs(tmp_path, monkeypatch) -> None:
    """Else a process that looks in between takes the folder for something else."""
    seen, replace = [], Path.replace

    def watched(one: Path, to: Path) -> Path:
        seen.append((to.name, (one.parent / "blobs").exists()))
        return replace(one, to)

    monkeypatch.setattr(Path, "replace", watched)
    with Layout.open(tmp_path / "layout", writing=True) as layout:
        layout.holding("s").put_blob("r", Descriptor("", digest_of(b"x"), 1), lambda: nullcontext(iter([b"x"])))
    assert seen[0] == ("oci-layout", False)


def test_a_second_process_may_not_write_the_same_tar(tmp_path, mirror, images) -> None:
    path = tmp_path / "layout.tar"
    with Layout.open(path, writing=True) as other:
        other.holding("s").put_blob("r", Descriptor("", digest_of(b"x"), 1), lambda: nullcontext(iter([b"x"])))
        code, out = mirror("--to", path)
        assert (code, f"error[CHR0439]: layout `{path}` is being written by another process" in out) == (1, True)
    assert mirror("--to", path)[0] == 0


@pytest.mark.parametrize("name", ["layout", "layout.tar"])
def test_what_is_something_else_is_left_alone(tmp_path, mirror, name) -> None:
    there = tmp_path / name
    if name == "layout":
        there.mkdir()
        there = there / "holiday.jpg"
    there.write_bytes(b"holiday")
    code, out = mirror("--to", tmp_path / name)
    assert (code, "error[CHR0437]" in out) == (2, True)
    assert there.read_bytes() == b"holiday"
    code, out = mirror("--from", tmp_path / name)
    assert (code, "error[CHR0430]" in out) == (2, True)


def test_a_path_that_is_not_there_or_may_not_be_written_is_said(tmp_path, mirror, layout) -> None:
    assert "error[CHR0430]" in mirror("--from", layout)[1]
    (tmp_path / "file").write_text("")
    code, out = mirror("--to", tmp_path / "file" / layout.name)
    assert (code, out.count("error[CHR0438]"), "plan:" in out) == (2, 1, False)


def test_a_folder_that_is_not_there_or_read_only_is_said_once_before_the_plan(
    tmp_path, mirror, project, layout
) -> None:
    code, out = mirror("--to", tmp_path / "missing" / "layout.tar")
    assert (code, out.count("error["), "plan:" in out) == (2, 1, False)
    assert "missing/layout.tar` cannot be written: no such file or directory" in out

    room = tmp_path / "medium"
    room.mkdir()
    words = " ".join(map(shlex.quote, command(project, "--to", room / layout.name)))
    script = f"mount -t tmpfs -o ro none {room} && {{ {words}; echo code $?; }}"
    done = subprocess.run(["unshare", "--map-root-user", "--mount", "sh", "-c", script], capture_output=True, text=True)
    if not done.stdout and "unshare" in done.stderr:
        pytest.skip(f"no mount namespaces here: {done.stderr}")
    assert done.stdout == "code 2\n", done
    assert done.stderr.count("error[CHR0438]") == 1
    assert f"layout `{room / layout.name}` cannot be written: read-only file system" in done.stderr
