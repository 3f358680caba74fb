"""`chaosreg lock` against a real registry: what is locked, what is missing, what moved."""

import json
import re
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.images.lockfile import read_lockfile
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Registry
from pulumi_chaosreg.oci.layout import Layout
from tests.support.builder import image, layer, push
from tests.support.company import write_company
from tests.support.faults import FaultServer, Reply

pytestmark = pytest.mark.registry


@pytest.fixture
def project(tmp_path: Path, upstream: RegistryServer) -> Path:
    write_company(
        tmp_path,
        f"""\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: h.example, account: chaos, type: public}}
    mirror: {{source: {upstream.host}/harness, allow_sources: [{upstream.host}]}}
    required_images: ["harness/one:1", "harness/two:1"]
    custom_images: {{log_watcher: "{upstream.host}/own/watcher:latest"}}
  chaosreg:infrastructures:
    x: {{cluster: {{context: c}}}}
""",
    )
    return tmp_path


def test_all_that_is_missing_is_said_and_nothing_is_written(project, upstream, capsys) -> None:
    assert main(["--project", str(project), "lock"]) == 1
    said = capsys.readouterr().err
    for name in ("harness/one:1", "harness/two:1"):
        assert f"error[CHR0308]: `{upstream.host}/{name}` does not exist" in said
    assert not (project / "stacks/chaosreg.lock.yaml").exists()


def test_what_could_be_read_is_written_and_what_could_not_is_said(project, upstream, capsys) -> None:
    """A company with an image that only the other side of an air gap knows."""
    one = push(upstream.host, "harness/one", "1", image(layer("a"))).digest
    stack = project / "stacks/Pulumi.acme.yaml"
    stack.write_text(stack.read_text().replace('"harness/two:1"', '"harness/two:1", "harness/three:1"'))
    with FaultServer(lambda seen: Reply(403) if "/two/" in seen.path else None, upstream.host) as front:
        for file in (project / "stacks").iterdir():
            file.write_text(file.read_text().replace(upstream.host, front.host))
        assert main(["--project", str(project), "lock"]) == 1
        said = capsys.readouterr()
        assert said.out.splitlines()[-1] == "chaosreg.lock.yaml: 1 images, 2 could not be read"
        assert "error[CHR0404]" in said.err
        assert f"error[CHR0308]: `{front.host}/harness/three:1` does not exist" in said.err
        assert read_lockfile(project / "stacks/chaosreg.lock.yaml") == {f"{front.host}/harness/one:1": one}

        # as JSON the same
        assert main(["--project", str(project), "lock", "-o", "json"]) == 1
        document = json.loads(capsys.readouterr().out)
        states = {entry["source"].rpartition("/")[2]: entry["state"] for entry in document["sources"]}
        assert states == {"one:1": "same", "two:1": "unasked", "three:1": "gone"}
        assert {error["code"] for error in document["errors"]} == {"CHR0404", "CHR0308"}


def test_an_upgrade_that_cannot_read_one_tag_follows_the_others_and_keeps_its_line(
    project, upstream, locked, capsys
) -> None:
    one, two = sorted(locked)
    moved = push(upstream.host, "harness/one", "1", image(layer("c"))).digest
    gone = Reference.parse(two)
    Registry(gone.server).delete_manifest(gone.repository, gone.tag or "")
    assert main(["--project", str(project), "lock", "--upgrade"]) == 1
    assert f"error[CHR0308]: `{two}` does not exist" in capsys.readouterr().err
    assert read_lockfile(project / "stacks/chaosreg.lock.yaml") == {one: moved, two: locked[two]}


def test_each_side_of_an_air_gap_locks_what_it_reaches(project, upstream, target) -> None:
    one = push(upstream.host, "harness/one", "1", image(layer("a"))).digest
    watcher = push(target.host, "own/watcher", "latest", image(layer("w"))).digest
    is_inside: list[bool] = []
    with FaultServer(lambda seen: None if is_inside else Reply(403), target.host) as inside:
        # given: a company whose every image must be locked, one of them known inside only
        stack = project / "stacks/Pulumi.acme.yaml"
        own = f'custom_images: {{log_watcher: "{inside.host}/own/watcher:latest"}}\n    images: {{pin: strict}}'
        text = re.sub("custom_images: .*", own, stack.read_text())
        stack.write_text(text.replace('"harness/two:1"', '"harness/chaos-log-watcher"'))
        lockfile, layout = project / "stacks/chaosreg.lock.yaml", project / "layout.tar"

        # when the outside locks and writes what it has
        assert main(["--project", str(project), "lock"]) == 1
        assert main(["--project", str(project), "mirror", "--to", str(layout)]) == 0
        outside = {f"{upstream.host}/harness/one:1": one}
        assert read_lockfile(lockfile) == outside

        # then the inside completes it, with the lockfile of the outside or without it, and asks nobody else
        is_inside.append(True)
        upstream.stop()
        for locked in (lockfile.read_text(), None):
            lockfile.write_text(locked) if locked else lockfile.unlink()
            assert main(["--project", str(project), "lock", "--from", str(layout)]) == 0
            assert read_lockfile(lockfile) == {**outside, f"{inside.host}/own/watcher:latest": watcher}
        assert main(["--project", str(project), "validate"]) == 0


def test_what_the_layout_has_is_not_followed_unasked(project, upstream, locked, capsys) -> None:
    one, two = sorted(locked)
    moved = push(upstream.host, "harness/one", "1", image(layer("c"))).digest
    layout = project / "layout"
    with Layout.open(layout, writing=True) as written, Mirror(write_to=written.holding) as mirror:
        mirror.copy(Reference.parse(one), Reference.parse(one))
        written.finish(lambda: b"{}")
    assert main(["--project", str(project), "lock", "--from", str(layout)]) == 0
    assert f"moved    {one}  {locked[one]} → {moved}\n" in capsys.readouterr().out
    assert main(["--project", str(project), "lock", "--from", str(layout), "--upgrade"]) == 0
    assert read_lockfile(project / "stacks/chaosreg.lock.yaml") == {one: moved, two: locked[two]}


def test_a_tag_that_moved_is_followed_only_when_asked(project, upstream, capsys) -> None:
    first = push(upstream.host, "harness/one", "1", image(layer("a"))).digest
    push(upstream.host, "harness/two", "1", image(layer("b")))
    lockfile = project / "stacks/chaosreg.lock.yaml"
    assert main(["--project", str(project), "lock"]) == 0
    one = f"{upstream.host}/harness/one:1"
    assert read_lockfile(lockfile)[one] == first

    second = push(upstream.host, "harness/one", "1", image(layer("c"))).digest
    assert main(["--project", str(project), "lock"]) == 0
    assert read_lockfile(lockfile)[one] == first
    assert main(["--project", str(project), "lock", "--upgrade"]) == 0
    assert read_lockfile(lockfile)[one] == second
    assert f"upgraded {one}  {first} → {second}" in capsys.readouterr().out


def test_a_floating_tag_that_a_cluster_pulls_by_itself_is_locked_too(project, upstream) -> None:
    stack = project / "stacks/Pulumi.acme.yaml"
    stack.write_text(stack.read_text().replace('"harness/two:1"', '"harness/chaos-log-watcher"'))
    push(upstream.host, "harness/one", "1", image(layer("a")))
    watcher = push(upstream.host, "own/watcher", "latest", image(layer("w"))).digest
    assert main(["--project", str(project), "lock"]) == 0
    assert read_lockfile(project / "stacks/chaosreg.lock.yaml")[f"{upstream.host}/own/watcher:latest"] == watcher


@pytest.fixture
def locked(project, upstream, capsys) -> dict[str, str]:
    """Two images, locked: source → digest."""
    for name in ("one", "two"):
        push(upstream.host, f"harness/{name}", "1", image(layer(name)))
    assert main(["--project", str(project), "lock"]) == 0
    capsys.readouterr()
    return read_lockfile(project / "stacks/chaosreg.lock.yaml")


def test_a_check_asks_each_tag_once_and_tells_what_moved_and_what_is_gone(project, upstream, locked, capsys) -> None:
    one, two = sorted(locked)
    check = ["--project", str(project), "lock", "--check"]
    before = len(upstream.requests())
    assert main(check) == 0
    assert [request.method for request in upstream.requests()[before:]] == ["HEAD", "HEAD"]
    assert "2 images looked at: none differ from the lockfile" in capsys.readouterr().out

    # when one tag moves, and the other one goes
    moved = push(upstream.host, "harness/one", "1", image(layer("c"))).digest
    gone = Reference.parse(two)
    Registry(gone.server).delete_manifest(gone.repository, gone.tag or "")
    # then both are told, and nothing is written
    lockfile = (project / "stacks/chaosreg.lock.yaml").read_bytes()
    assert main(check) == 1
    said = capsys.readouterr().out
    assert f"moved    {one}  {locked[one]} → {moved}\n" in said
    assert f"gone     {two}  {locked[two]}\n" in said
    assert (project / "stacks/chaosreg.lock.yaml").read_bytes() == lockfile


def test_a_check_as_json_tells_whether_the_locked_digest_is_still_there(project, upstream, locked, capsys) -> None:
    one, two = sorted(locked)
    moved = push(upstream.host, "harness/one", "1", image(layer("c"))).digest
    check = ["--project", str(project), "lock", "--check", "-o", "json"]
    is_there = []
    for _ in range(2):
        assert main(check) == 1
        document = json.loads(capsys.readouterr().out)
        entries = {entry["source"]: entry for entry in document["sources"]}
        assert [entries[one][key] for key in ("state", "locked", "now")] == ["moved", locked[one], moved]
        assert entries[two]["state"] == "same"
        is_there.append(entries[one]["locked_is_there"])
        delete_by_digest(upstream, one, locked[one])
    assert is_there == [True, False]


def test_a_check_finds_what_was_never_locked(project, upstream, locked, capsys) -> None:
    stack = project / "stacks/Pulumi.acme.yaml"
    stack.write_text(stack.read_text().replace("harness/two:1", "harness/two:2"))
    push(upstream.host, "harness/two", "2", image(layer("two")))
    assert main(["--project", str(project), "lock", "--check"]) == 1
    assert f"unlocked {upstream.host}/harness/two:2" in capsys.readouterr().out


def test_a_source_that_cannot_be_asked_ends_a_check_with_2_and_leaves_a_lock_as_it_is(
    project, upstream, locked, capsys
) -> None:
    with FaultServer(lambda seen: Reply(403) if "/two/" in seen.path else None, upstream.host) as front:
        for file in (project / "stacks").iterdir():
            file.write_text(file.read_text().replace(upstream.host, front.host))
        lockfile = (project / "stacks/chaosreg.lock.yaml").read_bytes()
        for arguments, code in (["--check"], 2), ([], 0), (["--upgrade"], 1):
            assert main(["--project", str(project), "lock", *arguments]) == code
            assert "error[CHR0404]" in capsys.readouterr().err
            assert (project / "stacks/chaosreg.lock.yaml").read_bytes() == lockfile


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        ("/two/", "1 of 2 images could be asked: none differ from the lockfile"),
        ("/v2/", "0 of 2 images could be asked"),
    ],
)
def test_a_check_says_how_many_images_could_be_asked(project, upstream, locked, capsys, refused, said) -> None:
    with FaultServer(lambda seen: Reply(403) if refused in seen.path else None, upstream.host) as front:
        for file in (project / "stacks").iterdir():
            file.write_text(file.read_text().replace(upstream.host, front.host))
        assert main(["--project", str(project), "lock", "--check"]) == 2
    assert capsys.readouterr().out.splitlines()[-1] == said


def test_a_lock_drops_what_nobody_needs_any_more(project, upstream, locked, capsys) -> None:
    one, two = sorted(locked)
    stack = project / "stacks/Pulumi.acme.yaml"
    stack.write_text(stack.read_text().replace(', "harness/two:1"', ""))
    assert main(["--project", str(project), "lock"]) == 0
    assert f"dropped  {two}" in capsys.readouterr().out
    assert read_lockfile(project / "stacks/chaosreg.lock.yaml") == {one: locked[one]}


def test_a_lock_tells_what_moved_and_does_not_follow(project, upstream, locked, capsys) -> None:
    one = min(locked)
    moved = push(upstream.host, "harness/one", "1", image(layer("c"))).digest
    assert main(["--project", str(project), "lock"]) == 0
    said = capsys.readouterr().out
    assert f"moved    {one}  {locked[one]} → {moved}\n" in said
    assert "chaosreg lock --upgrade" in said
    assert read_lockfile(project / "stacks/chaosreg.lock.yaml") == locked


@pytest.mark.parametrize("moved", [True, False], ids=["the tag moved", "the tag is gone, too"])
def test_a_locked_digest_that_is_gone_upstream_is_told_with_the_tag_that_moved(
    project, upstream, target, locked, capsys, moved
) -> None:
    stack = project / "stacks/Pulumi.acme.yaml"
    stack.write_text(stack.read_text().replace("server: h.example", f'server: "{target.host}"'))
    one = min(locked)
    if moved:
        now = push(upstream.host, "harness/one", "1", image(layer("c"))).digest
    delete_by_digest(upstream, one, locked[one])

    assert main(["--project", str(project), "mirror"]) == 1

    said = capsys.readouterr().out
    if moved:
        assert "error[CHR0331]" in said
        for words in ("`harness/one:1`", f"locked: {locked[one]}", f"now: {now}", "chaosreg lock --upgrade"):
            assert words in said
    else:
        assert "error[CHR0405]" in said
    with Mirror() as mirror:
        assert mirror.digest(Reference(target.host, "chaos/one", "1")) is None


def delete_by_digest(server: RegistryServer, source: str, digest: str) -> None:
    Registry(server.host).delete_manifest(Reference.parse(source).repository, digest)
