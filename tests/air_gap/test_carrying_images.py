"""`chaosreg mirror --to` a layout, and `--from` it on the other side of an air gap, against real registries."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from pulumi_chaosreg.cli.main import main
from tests.support.builder import image, layer, push, referring
from tests.support.carried import NAMES, arrived, carrying_company, digest_at, unpacked

pytestmark = pytest.mark.registry


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
    assert arrived(target, images) == set(NAMES)
    tag = images[NAMES[0]].digest.replace(":", "-")
    assert digest_at(f"{target.host}/chaos/{NAMES[0]}:{tag}.sig") == image(layer("signature"), name="s").digest
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
    folder = unpacked(layout, tmp_path / "unpacked")

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
    assert arrived(target, images) == set(NAMES)


def test_an_image_that_is_not_in_the_layout_is_named_with_what_to_do(mirror, layout, images, target) -> None:
    assert mirror("--to", layout, NAMES[0])[0] == 0
    code, out = mirror("--from", layout)
    assert code == 1
    assert f"error[CHR0435]: layout `{layout}` has no manifest `{images[NAMES[1]].digest}` of" in out
    assert "run `chaosreg mirror --to` again" in out
    assert arrived(target, images) == {NAMES[0]}


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


def test_an_image_that_several_owners_mirror_is_carried_once(
    layout, tmp_path, upstream, target, images, capsys
) -> None:
    # given: an infrastructure with a registry of its own, beside the account's
    of_eu = f', image_registry: {{server: "localhost:{target.port}", account: eu, type: public}}'
    project = carrying_company(tmp_path / "two owners", upstream.host, target.host, images, of_eu)
    assert main(["--project", str(project), "mirror", "--to", str(layout)]) == 0
    assert "3 of 3 images: " in capsys.readouterr().out.splitlines()[-1]
    assert main(["--project", str(project), "mirror", "--from", str(layout)]) == 0
    assert "plan: 6 of 6 images" in capsys.readouterr().out
    for account in ("eu", "chaos"):
        assert digest_at(f"{target.host}/{account}/{NAMES[1]}:1") == images[NAMES[1]].digest


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
    assert arrived(target, images) == set(NAMES)
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
