"""`chaosreg mirror --to` a layout, and `--from` it on the other side of an air gap, against real registries."""

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from builder import Tree, digest_of, image, index, layer, push, referring
from company import write_company
from faults import FaultServer, Reply, Seen

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.oci import Descriptor
from pulumi_chaosreg.oci.layout import Layout

pytestmark = pytest.mark.registry

NAMES = ("chaos-ddcr", "chaos-ddcr-faults", "chaos-log-watcher")


@pytest.fixture
def images(upstream: RegistryServer) -> dict[str, Tree]:
    """Three images upstream on one base layer, the first with a cosign signature and an SBOM that refers to it."""
    trees = {}
    for name in NAMES:
        tree = index(image(layer("base"), layer(f"{name} a")), image(layer("base"), layer(name), architecture="arm64"))
        trees[name] = push(upstream.host, f"harness/{name}", "1", tree)
    signed = trees[NAMES[0]]
    tag = signed.digest.replace(":", "-")
    push(upstream.host, f"harness/{NAMES[0]}", f"{tag}.sig", image(layer("signature"), name="s"))
    sbom = referring(signed, b"sbom")
    push(upstream.host, f"harness/{NAMES[0]}", sbom.digest, sbom)
    push(upstream.host, f"harness/{NAMES[0]}", tag, index(sbom))
    return trees


@pytest.fixture
def project(tmp_path: Path, upstream: RegistryServer, target: RegistryServer, images) -> Path:
    return _company(tmp_path / "project", upstream.host, target.host, images)


def _company(folder: Path, source: str, target: str, images: dict[str, Tree], of_eu: str = "") -> Path:
    listed = ", ".join(f"harness/{name}:1" for name in NAMES)
    write_company(
        folder,
        f"""\
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    image_registry: {{server: "{target}", account: chaos, type: public}}
    mirror: {{source: "{source}/harness", allow_sources: ["{source}"]}}
    required_images: [{listed}]
  chaosreg:infrastructures:
    eu: {{cluster: {{context: eu}}{of_eu}}}
    us: {{cluster: {{context: us}}}}
""",
    )
    lock = "".join(f"{source}/harness/{name}:1: {tree.digest}\n" for name, tree in images.items())
    (folder / "stacks/chaosreg.lock.yaml").write_text(lock)
    return folder


@pytest.fixture
def mirror(project: Path, capsys) -> Callable[..., tuple[int, str]]:
    def mirror(*arguments: object) -> tuple[int, str]:
        code = main(["--project", str(project), "mirror", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out + said.err

    return mirror


@pytest.fixture(params=["layout", "layout.tar"])
def layout(request, tmp_path: Path) -> Path:
    return tmp_path / request.param


def _digest(name: str) -> str:
    return subprocess.run(["crane", "digest", name], capture_output=True, text=True).stdout.strip()


def _arrived(target: RegistryServer, images: dict[str, Tree]) -> set[str]:
    """The images whose tag is right at the target, by crane's word."""
    return {name for name, tree in images.items() if _digest(f"{target.host}/chaos/{name}:1") == tree.digest}


def _unpacked(layout: Path, room: Path) -> Path:
    """The layout as a folder: as it is, or by GNU tar."""
    if layout.is_dir():
        return layout
    room.mkdir()
    subprocess.run(["tar", "xf", layout, "-C", room], check=True)
    return room


def _process(project: Path, *arguments: object) -> list[str]:
    words = [sys.executable, "-m", "pulumi_chaosreg.cli.main", "--project", str(project), "mirror"]
    return [*words, *map(str, arguments)]


def test_what_is_written_on_one_side_fills_the_registries_of_the_other(
    mirror, layout, images, upstream, target
) -> None:
    # given: a layout that was written where only the sources can be reached
    target.stop()
    code, out = mirror("--to", layout)
    assert code == 0, out
    assert "plan: 3 of 3 images" in out
    assert f"{layout} is complete" in out

    # when it is read where only the targets can be reached
    target.start()
    upstream.stop()
    code, out = mirror("--from", layout, "--deep")

    # then
    assert code == 0, out
    assert _arrived(target, images) == set(NAMES)
    tag = images[NAMES[0]].digest.replace(":", "-")
    assert _digest(f"{target.host}/chaos/{NAMES[0]}:{tag}.sig") == image(layer("signature"), name="s").digest
    raw = subprocess.check_output(["crane", "manifest", f"{target.host}/chaos/{NAMES[0]}:{tag}"])
    assert [entry["digest"] for entry in json.loads(raw)["manifests"]] == [referring(images[NAMES[0]], b"sbom").digest]

    # and when that registry loses a blob, the help is the command that brings it back from the layout
    for link in (Path(target.storage) / f"docker/registry/v2/repositories/chaos/{NAMES[0]}/_layers/sha256").iterdir():
        (link / "link").unlink()
    code, out = mirror("--from", layout, "--deep")
    assert code == 1
    assert f"mirror it again: `chaosreg mirror {NAMES[0]} --from {layout}`" in out


def test_each_blob_is_fetched_once_and_a_second_run_asks_nobody(mirror, layout, upstream) -> None:
    assert mirror("--to", layout)[0] == 0
    reads = [r.path.rpartition("/")[2] for r in upstream.requests() if r.method == "GET" and "/blobs/" in r.path]
    assert len(reads) == len(set(reads)) == 13
    before, written = len(upstream.requests()), layout.stat().st_mtime_ns

    code, out = mirror("--to", layout, "--deep")

    assert (code, "plan: 0 of 3 images" in out) == (0, True)
    assert "is complete already" in out
    assert (len(upstream.requests()), layout.stat().st_mtime_ns) == (before, written)


def test_the_contents_and_the_checksums_are_for_people_and_standard_tools(
    mirror, layout, images, upstream, tmp_path
) -> None:
    assert mirror("--to", layout)[0] == 0
    folder = _unpacked(layout, tmp_path / "unpacked")

    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    listed = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert files - listed == {"SHA256SUMS"}

    contents = json.loads((folder / "contents.json").read_text())
    entry = next(each for each in contents["images"] if each["image"] == f"{upstream.host}/harness/{NAMES[0]}:1")
    assert entry["digest"] == images[NAMES[0]].digest
    assert entry["platforms"] == ["linux/amd64", "linux/arm64"]
    assert {companion["digest"] for companion in entry["companions"]} == {
        image(layer("signature"), name="s").digest,
        referring(images[NAMES[0]], b"sbom").digest,
    }
    assert len(contents["images"]) == 3
    blobs = sum(file.stat().st_size for file in (folder / "blobs").rglob("*") if file.is_file())
    assert contents["bytes"] == blobs


def test_a_dry_run_writes_nothing(mirror, layout) -> None:
    code, out = mirror("--to", layout, "--dry-run")
    assert (code, out.count("copy   ")) == (0, 3)
    assert [*layout.parent.glob("layout*")] == []


def test_a_layout_is_added_to_part_by_part(mirror, layout, images, target) -> None:
    assert mirror("--to", layout, NAMES[2])[0] == 0
    for shard in ("1/2", "2/2"):
        assert mirror("--to", layout, "--shard", shard)[0] == 0
    assert mirror("--from", layout)[0] == 0
    assert _arrived(target, images) == set(NAMES)


def test_an_image_that_is_not_in_the_layout_is_named_with_what_to_do(mirror, layout, images, target) -> None:
    assert mirror("--to", layout, NAMES[0])[0] == 0
    code, out = mirror("--from", layout)
    assert code == 1
    assert f"error[CHR0435]: layout `{layout}` has no manifest `{images[NAMES[1]].digest}` of" in out
    assert "run `chaosreg mirror --to` again" in out
    assert _arrived(target, images) == {NAMES[0]}


def test_an_image_that_is_locked_anew_is_not_mistaken_for_the_old_one(
    mirror, layout, project, images, upstream
) -> None:
    assert mirror("--to", layout)[0] == 0
    new = push(upstream.host, f"harness/{NAMES[0]}", "1", image(layer("base"), name="moved"))
    lockfile = project / "stacks/chaosreg.lock.yaml"
    lockfile.write_text(lockfile.read_text().replace(images[NAMES[0]].digest, new.digest))
    code, out = mirror("--from", layout)
    assert (code, "error[CHR0435]" in out) == (1, True)
    assert f"the layout has: {upstream.host}/harness/{NAMES[0]}:1" in out
    assert mirror("--to", layout)[0] == 0
    assert mirror("--from", layout)[0] == 0


def test_a_layout_with_a_missing_or_damaged_blob_tags_nothing_that_needs_it(
    mirror, project, tmp_path, images, target
) -> None:
    layout = tmp_path / "layout"
    assert mirror("--to", layout)[0] == 0
    blobs = layout / "blobs/sha256"
    (blobs / digest_of(layer(NAMES[1])).partition(":")[2]).unlink()
    damaged = blobs / digest_of(layer(NAMES[2])).partition(":")[2]
    damaged.write_bytes(damaged.read_bytes()[::-1])
    code, out = mirror("--from", layout)
    assert code == 1
    assert f"error[CHR0434]: layout `{layout}` lacks blob" in out
    assert f"error[CHR0433]: wrong content for blob `{digest_of(layer(NAMES[2]))}` in layout `{layout}`" in out
    assert _arrived(target, images) == {NAMES[0]}


def _members(layout: Path) -> list[tuple[str, bytes]]:
    with tarfile.open(layout) as tar:
        return [(member.name, tar.extractfile(member).read()) for member in tar if member.isfile()]


def _damage(layout: Path, digest: str, change: Callable[[bytes], bytes | None]) -> None:
    """Put other bytes in the place of a blob, or none."""
    name = f"blobs/{digest.replace(':', '/')}"
    if layout.is_dir():
        changed = change((layout / name).read_bytes())
        (layout / name).unlink() if changed is None else (layout / name).write_bytes(changed)
        return
    files = [(file, change(content) if file == name else content) for file, content in _members(layout)]
    with tarfile.open(layout, "w", format=tarfile.GNU_FORMAT) as tar:
        for file, content in files:
            if content is not None:
                info = tarfile.TarInfo(file)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))


_DAMAGES = {
    "gone": lambda _: None,
    "cut": lambda content: content[:-1],
    "flipped": lambda content: content[::-1],
}


@pytest.mark.parametrize("part", ["layer", "manifest of a platform", "image", "signature's layer", "referrer"])
@pytest.mark.parametrize("damage", _DAMAGES)
def test_a_damaged_layout_is_mended(mirror, layout, images, upstream, target, tmp_path, part, damage) -> None:
    digest = {
        "layer": digest_of(layer(NAMES[0])),
        "manifest of a platform": images[NAMES[0]].children[0].digest,
        "image": images[NAMES[0]].digest,
        "signature's layer": digest_of(layer("signature")),
        "referrer": referring(images[NAMES[0]], b"sbom").digest,
    }[part]
    assert mirror("--to", layout)[0] == 0
    _damage(layout, digest, _DAMAGES[damage])
    before = len(upstream.requests())
    # a dry run says so, and changes nothing
    deep = ["--deep"] if damage == "flipped" else []
    assert " 0 of 3 images" not in mirror("--to", layout, "--dry-run", *deep)[1]
    assert [file.name for file in tmp_path.glob("layout*")] == [layout.name]
    # when
    code, out = mirror("--to", layout, *deep)
    # then: what was damaged was fetched, and no other blob
    assert (code, f"{layout} is complete" in out, "complete already" in out) == (0, True, False), out
    fetched = {seen.path.rpartition("/")[2] for seen in upstream.requests()[before:] if "/blobs/" in seen.path}
    assert fetched <= {digest}
    folder = _unpacked(layout, tmp_path / "unpacked")
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    assert "plan: 0 of 3 images" in mirror("--to", layout, "--deep")[1]
    assert mirror("--from", layout)[0] == 0
    assert _arrived(target, images) == set(NAMES)


def test_a_layout_whose_index_stays_as_it_was_is_mended_too(mirror, layout) -> None:
    assert mirror("--to", layout, NAMES[2])[0] == 0
    _damage(layout, digest_of(layer(NAMES[2])), _DAMAGES["gone"])
    assert "complete already" not in mirror("--to", layout, NAMES[2])[1]
    assert mirror("--from", layout, NAMES[2])[0] == 0


def test_an_image_that_several_owners_mirror_is_carried_once(
    layout, tmp_path, upstream, target, images, capsys
) -> None:
    # given: an infrastructure with a registry of its own, beside the account's
    of_eu = f', image_registry: {{server: "localhost:{target.port}", account: eu, type: public}}'
    project = _company(tmp_path / "two owners", upstream.host, target.host, images, of_eu)
    assert main(["--project", str(project), "mirror", "--to", str(layout)]) == 0
    assert "3 of 3 images: " in capsys.readouterr().out.splitlines()[-1]
    assert main(["--project", str(project), "mirror", "--from", str(layout)]) == 0
    assert "plan: 6 of 6 images" in capsys.readouterr().out
    for account in ("eu", "chaos"):
        assert _digest(f"{target.host}/{account}/{NAMES[1]}:1") == images[NAMES[1]].digest


def test_a_folder_that_another_tool_changed_is_completed_again(tmp_path, mirror, project) -> None:
    layout = tmp_path / "layout"
    assert mirror("--to", layout)[0] == 0
    index = layout / "index.json"
    index.write_text(json.dumps(json.loads(index.read_text())))
    assert "error[CHR0433]: wrong content for `index.json`" in mirror("--from", layout)[1]
    assert mirror("--to", layout)[0] == 0
    assert mirror("--from", layout)[0] == 0


def test_a_file_of_another_name_is_read_and_a_compressed_one_not_written(tmp_path, mirror, target, images) -> None:
    assert mirror("--to", tmp_path / "layout.tar")[0] == 0
    other = (tmp_path / "layout.tar").rename(tmp_path / "carried")
    assert mirror("--from", other)[0] == 0
    assert _arrived(target, images) == set(NAMES)
    code, out = mirror("--to", tmp_path / "layout.tar.gz")
    assert (code, "error[CHR0437]" in out, "name it `*.tar`" in out) == (2, True, True)


def test_json_events_tell_of_the_layout_too(mirror, layout) -> None:
    code, out = mirror("--to", layout, "-o", "json")
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [event["event"] for event in events if event["event"] in ("start", "note", "end")] == [
        "start",
        "note",
        "end",
    ]
    assert sum(event["event"] == "copied" for event in events) == 3


def test_the_commands_that_are_printed_can_be_pasted(mirror, tmp_path) -> None:
    for name in ("my layout", "my layout.tar"):
        _, out = mirror("--to", tmp_path / name)
        command = out.splitlines()[-2].partition("check it: " if name == "my layout" else "other side: ")[2]
        assert command, out
        subprocess.run(["sh", "-c", command], check=True)


def test_an_empty_path_is_refused(mirror, capsys) -> None:
    for option in ("--to", "--from"):
        with pytest.raises(SystemExit):
            mirror(option, "")
        assert "the path is empty" in capsys.readouterr().err


def test_a_tar_that_was_cut_off_is_told_with_one_help(mirror, tmp_path) -> None:
    layout = tmp_path / "layout.tar"
    assert mirror("--to", layout)[0] == 0
    os.truncate(layout, 50_000)
    code, out = mirror("--to", layout)
    assert (code, out.count("help:"), "\\n" in out) == (2, 1, False), out
    assert f"= it: layout `{layout}` ends too early:" in out


def test_to_and_from_exclude_each_other(mirror, layout, capsys) -> None:
    with pytest.raises(SystemExit):
        mirror("--to", layout, "--from", layout)
    assert "not allowed with argument" in capsys.readouterr().err


def test_no_credential_helper_is_asked_for_the_sources_of_a_layout(
    mirror, layout, upstream, target, monkeypatch, tmp_path
) -> None:
    # given: a docker configuration whose helper for the source leaves a trace
    assert mirror("--to", layout)[0] == 0
    trace, docker = tmp_path / "asked", tmp_path / "docker"
    docker.mkdir()
    helper = docker / "docker-credential-trace"
    helper.write_text(f"#!/bin/sh\ntouch {trace}\nexit 1\n")
    helper.chmod(0o755)
    (docker / "config.json").write_text(json.dumps({"credHelpers": {upstream.host: "trace"}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(docker))
    monkeypatch.setenv("PATH", f"{docker}:{os.environ['PATH']}")
    assert mirror("--from", layout)[0] == 0
    assert not trace.exists()


# --- what goes wrong while it is written


def test_a_damaged_tar_is_not_added_to(tmp_path, mirror, images) -> None:
    layout = tmp_path / "layout.tar"
    assert mirror("--to", layout, NAMES[0])[0] == 0
    layout.write_bytes(layout.read_bytes().replace(layer(NAMES[0])[500:], bytes(99_500)))
    before = layout.read_bytes()
    code, out = mirror("--to", layout)
    assert code == 1
    assert f"error[CHR0437]: `{layout}` cannot become a layout: blob `{digest_of(layer(NAMES[0]))}`" in out
    assert "run again with --deep, or remove that file" in out
    assert layout.read_bytes() == before
    assert mirror("--to", layout, "--deep")[0] == 0


def test_one_image_that_fails_keeps_the_tar_unfinished(tmp_path, upstream, target, images, capsys) -> None:
    layout, missing = tmp_path / "layout.tar", digest_of(layer(NAMES[1]))
    hidden = [True]

    def script(seen: Seen) -> Reply | None:
        return Reply(404) if hidden and seen.path.endswith(missing) else None

    with FaultServer(script, upstream.host) as front:
        project = _company(tmp_path / "behind", front.host, target.host, images)
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
        project = _company(tmp_path / "interrupted", front.host, target.host, {**images, NAMES[0]: tree})
        process = subprocess.Popen(_process(project, "--to", layout), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
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
    assert _digest(f"{target.host}/chaos/{NAMES[0]}:1") == tree.digest
    if layout.is_dir():
        assert not [*layout.rglob("*.partial")]


def test_a_full_disk_is_said_and_what_has_arrived_is_kept(tmp_path, project, images) -> None:
    """In a file system of 256 KiB, which only the command sees."""
    room = tmp_path / "small"
    room.mkdir()
    words = " ".join(map(shlex.quote, _process(project, "--to", room / "layout.tar")))
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
    words = " ".join(map(shlex.quote, _process(project, "--to", tmp_path / "layout.tar")))
    done = subprocess.run(["sh", "-c", f"ulimit -f 300 && {words}"], capture_output=True, text=True)
    assert done.returncode == 1, done
    assert "error[CHR0436]" in done.stdout
    assert "FAT32" in done.stdout


def test_two_processes_write_the_same_folder(tmp_path, project, mirror, images, target) -> None:
    layout = tmp_path / "layout"
    runs = [("--shard", "1/2"), ("--shard", "2/2"), ()]
    processes = [
        subprocess.Popen(_process(project, "--to", layout, *words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for words in runs
    ]
    for process in processes:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, out.decode()
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=layout, check=True)
    assert mirror("--from", layout)[0] == 0
    assert _arrived(target, images) == set(NAMES)


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
    words = " ".join(map(shlex.quote, _process(project, "--to", room / layout.name)))
    script = f"mount -t tmpfs -o ro none {room} && {{ {words}; echo code $?; }}"
    done = subprocess.run(["unshare", "--map-root-user", "--mount", "sh", "-c", script], capture_output=True, text=True)
    if not done.stdout and "unshare" in done.stderr:
        pytest.skip(f"no mount namespaces here: {done.stderr}")
    assert done.stdout == "code 2\n", done
    assert done.stderr.count("error[CHR0438]") == 1
    assert f"layout `{room / layout.name}` cannot be written: read-only file system" in done.stderr
