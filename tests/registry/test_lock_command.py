"""`chaosreg lock` against a real registry: what is locked, what is missing, what moved."""

from pathlib import Path

import pytest
from builder import image, layer, push

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.images.lockfile import read_lockfile

pytestmark = pytest.mark.registry


@pytest.fixture
def project(tmp_path: Path, upstream: RegistryServer) -> Path:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: x\nstackConfigDir: stacks\n")
    (tmp_path / "stacks/Pulumi.acme.yaml").write_text(
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
"""
    )
    return tmp_path


def test_all_that_is_missing_is_said_and_nothing_is_written(project, upstream, capsys) -> None:
    assert main(["--project", str(project), "lock"]) == 2
    said = capsys.readouterr().err
    for name in ("harness/one:1", "harness/two:1"):
        assert f"error[CHR0308]: `{upstream.host}/{name}` does not exist" in said
    assert not (project / "stacks/chaosreg.lock.yaml").exists()


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
    assert f"moved   {one}  {second}" in capsys.readouterr().out


def test_a_floating_tag_that_a_cluster_pulls_by_itself_is_locked_too(project, upstream) -> None:
    stack = project / "stacks/Pulumi.acme.yaml"
    stack.write_text(stack.read_text().replace('"harness/two:1"', '"harness/chaos-log-watcher"'))
    push(upstream.host, "harness/one", "1", image(layer("a")))
    watcher = push(upstream.host, "own/watcher", "latest", image(layer("w"))).digest
    assert main(["--project", str(project), "lock"]) == 0
    assert read_lockfile(project / "stacks/chaosreg.lock.yaml")[f"{upstream.host}/own/watcher:latest"] == watcher
