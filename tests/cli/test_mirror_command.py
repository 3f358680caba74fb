"""`chaosreg mirror` against real registries: the plan, the copies, what is there already, what fails, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from tests.support.builder import digest_of, image, index, layer, push
from tests.support.company import mirroring_company
from tests.support.faults import FaultServer, Reply, Seen

pytestmark = pytest.mark.registry

IMAGES = ("chaos-ddcr", "chaos-ddcr-faults", "chaos-log-watcher", "service-discovery-collector")


@pytest.fixture
def digests(upstream: RegistryServer) -> dict[str, str]:
    """Four images upstream, all on one base layer: name → digest."""
    return _push_all(upstream.host, layer("base", 2_000_000))


def _push_all(host: str, base: bytes) -> dict[str, str]:
    trees = {
        name: push(host, f"harness/{name}", "1", index(image(base, layer(f"{name} a")), image(base, layer(name))))
        for name in IMAGES
    }
    return {name: tree.digest for name, tree in trees.items()}


@pytest.fixture
def project(tmp_path: Path, upstream: RegistryServer, target: RegistryServer, digests) -> Path:
    """A company that mirrors them; locked."""
    return mirroring_company(tmp_path, upstream.host, target.host, digests)


@pytest.fixture
def mirror(project: Path, capsys) -> Callable[..., tuple[int, str]]:
    def mirror(*arguments: str) -> tuple[int, str]:
        code = main(["--project", str(project), "mirror", *arguments])
        return code, capsys.readouterr().out

    return mirror


def _tags(target: RegistryServer, digests: dict[str, str]) -> set[str]:
    """The names whose tag is right, by crane's word."""
    found = set()
    for name, digest in digests.items():
        done = subprocess.run(["crane", "digest", f"{target.host}/chaos/{name}:1"], capture_output=True, text=True)
        if done.stdout.strip() == digest:
            found.add(name)
    return found


def test_everything_arrives_and_a_second_run_asks_once_per_image(mirror, upstream, target, digests) -> None:
    code, out = mirror()
    assert code == 0
    assert "plan: 4 of 4 images" in out
    assert "4 of 4 images: " in out.splitlines()[-1]
    assert _tags(target, digests) == set(IMAGES)
    reads = [request.path for request in upstream.requests() if request.method == "GET" and "/blobs/" in request.path]
    blobs = [path.rpartition("/")[2] for path in reads]
    assert len(blobs) == len(set(blobs))

    before = len(target.requests()), len(upstream.requests())
    code, out = mirror()
    assert (code, "plan: 0 of 4 images" in out) == (0, True)
    assert (len(target.requests()) - before[0], len(upstream.requests()) - before[1]) == (4, 0)


def test_a_dry_run_writes_nothing_and_says_what_it_would(mirror, target, digests) -> None:
    code, out = mirror("--dry-run")
    assert code == 0
    assert out.count("copy   ") == 4
    assert out.splitlines()[-1] == "dry run: nothing was sent"
    assert {request.method for request in target.requests()} == {"HEAD"}


@pytest.mark.parametrize(
    ("wanted", "names"),
    [(["chaos-ddcr"], {"chaos-ddcr"}), (["chaos-*"], set(IMAGES[:3])), (["eu"], set(IMAGES)), (["acme"], set(IMAGES))],
)
def test_what_is_wanted_may_be_an_image_or_a_scope(mirror, target, digests, wanted, names) -> None:
    assert mirror(*wanted)[0] == 0
    assert _tags(target, digests) == names


def test_what_names_nothing_is_said(mirror, project, capsys) -> None:
    assert main(["--project", str(project), "mirror", "chaos-dcr"]) == 2
    assert "error[CHR0118]: nothing is named `chaos-dcr`" in capsys.readouterr().err


def test_shards_are_disjoint_and_together_everything(mirror, target, digests) -> None:
    seen: list[set[str]] = []
    for shard in ("1/3", "2/3", "3/3"):
        before = _tags(target, digests)
        assert mirror("--shard", shard)[0] == 0
        seen.append(_tags(target, digests) - before)
    assert set.union(*seen) == set(IMAGES)
    assert sum(map(len, seen)) == 4


def test_json_events_tell_the_whole_story(mirror, digests) -> None:
    code, out = mirror("-o", "json")
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [event["event"] for event in (events[0], events[-1])] == ["start", "end"]
    copied = {event["image"].rpartition("/")[2]: event["digest"] for event in events if event["event"] == "copied"}
    assert copied == {f"{name}:1": digest for name, digest in digests.items()}
    for target in {event["image"] for event in events if event["event"] == "progress"}:
        positions = [event["bytes"] for event in events if event["event"] == "progress" and event["image"] == target]
        assert positions == sorted(positions)


def test_deep_finds_what_a_tag_stands_for_and_the_registry_lacks(mirror, target, digests) -> None:
    assert mirror()[0] == 0
    assert mirror("--deep")[0] == 0
    # given: a blob is lost behind the registry's back
    links = sorted((Path(target.storage) / "docker/registry/v2/repositories/chaos/chaos-ddcr/_layers/sha256").iterdir())
    (links[0] / "link").unlink()
    # then: the tag is still right, and only --deep sees that a pull would fail
    assert mirror()[0] == 0
    code, out = mirror("--deep")
    assert code == 1
    assert f"error[CHR0406]: registry `{target.host}` has tag `1` of `chaos/chaos-ddcr` and lacks" in out
    assert "delete that tag at the registry, and mirror it again: `chaosreg mirror chaos-ddcr`" in out
    # and: it is not called right anywhere
    assert f"check  {target.host}/chaos/chaos-ddcr:1  is there" in out
    assert "3 of 4 images, 1 failed: " in out.splitlines()[-1]
    code, out = mirror("--deep", "-o", "json")
    end = json.loads(out.splitlines()[-1])
    assert (end["copied"], end["failures"]) == (3, 1)


def test_one_image_that_fails_does_not_stop_the_others(tmp_path, upstream, target, digests, capsys) -> None:
    def script(seen: Seen) -> Reply | None:
        return Reply(404) if "chaos-log-watcher/blobs/" in seen.path and seen.method == "GET" else None

    with FaultServer(script, upstream.host) as front:
        project = mirroring_company(tmp_path, front.host, target.host, digests)
        code = main(["--project", str(project), "mirror"])
    out = capsys.readouterr().out
    assert code == 1
    assert "3 of 4 images, 1 failed" in out
    assert "error[CHR0406]" in out
    assert _tags(target, digests) == {*IMAGES} - {"chaos-log-watcher"}


def test_a_plan_that_fails_counts_all_that_was_wanted(tmp_path, upstream, target, digests, capsys) -> None:
    with FaultServer(lambda seen: Reply(403), upstream.host) as front:
        project = mirroring_company(tmp_path, front.host, target.host, digests)
        assert main(["--project", str(project), "mirror"]) == 1
    out = capsys.readouterr().out
    assert "plan: 0 of 4 images" in out
    assert "0 of 4 images, 4 failed: " in out.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_soon_without_a_tag_and_the_next_one_finishes(
    tmp_path, upstream, target, number, capsys
) -> None:
    # given: a base layer that takes its time, and that no image is complete without
    base = layer("a long base", 30_000_000)
    long = digest_of(base)
    digests = _push_all(upstream.host, base)
    tagged: list[str] = []
    told: list[bool] = []

    def watch(seen: Seen) -> None:
        if seen.method == "PUT" and seen.path.endswith("/manifests/1"):
            tagged.append(seen.path)

    def interrupt(seen: Seen) -> None:
        if seen.method == "GET" and seen.path.endswith(long) and not told:
            told.append(True)
            os.kill(process.pid, number)

    with FaultServer(watch, target.host) as goal, FaultServer(interrupt, upstream.host) as origin:
        project = mirroring_company(tmp_path, origin.host, goal.host, digests)
        command = [sys.executable, "-m", "pulumi_chaosreg.cli.main", "--project", str(project), "mirror"]
        # when it is interrupted while the base is on its way
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        out, _ = process.communicate(timeout=30)
        # then
        assert process.returncode == 130, out
        assert "Traceback" not in out
        assert out.splitlines()[-1].startswith("interrupted: 0 of 4 images: ")
        assert tagged == []
        assert main(["--project", str(project), "mirror"]) == 0
    capsys.readouterr()
    assert _tags(target, digests) == set(IMAGES)


@pytest.mark.parametrize(("pin", "code"), [("'off'", 0), ("record", 0), ("strict", 2)])
def test_without_a_lockfile_the_setting_decides_whether_tags_are_resolved(
    project, mirror, target, digests, capsys, pin, code
) -> None:
    stack = project / "stacks/Pulumi.acme.yaml"
    stack.write_text(stack.read_text().replace("id: acme", f"id: acme\n    images: {{pin: {pin}}}"))
    (project / "stacks/chaosreg.lock.yaml").unlink()

    ended = main(["--project", str(project), "mirror"])

    assert ended == code, capsys.readouterr()
    assert _tags(target, digests) == (set(IMAGES) if code == 0 else set())
    assert ("error[CHR0304]" in capsys.readouterr().err) == (code == 2)


def test_what_is_off_is_what_the_tag_is_now_whatever_is_locked(project, mirror, upstream, target, digests) -> None:
    stack = project / "stacks/Pulumi.acme.yaml"
    stack.write_text(stack.read_text().replace("id: acme", "id: acme\n    images: {pin: 'off'}"))
    moved = push(upstream.host, "harness/chaos-ddcr", "1", image(layer("newer")))
    assert mirror()[0] == 0
    assert _tags(target, {**digests, "chaos-ddcr": moved.digest}) == set(IMAGES)
