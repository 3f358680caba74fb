"""Over an air gap too: some platforms only, each owner its own, and foreign layers that stay references."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.images.lockfile import read_lockfile
from tests.support.builder import Tree, image, layer, platform_index, push
from tests.support.company import write_company

pytestmark = pytest.mark.registry

CHILDREN = {platform: image(layer(platform), name=platform) for platform in ("linux/amd64", "linux/arm64")}


@pytest.fixture
def project(tmp_path: Path, upstream: RegistryServer, target: RegistryServer) -> Path:
    """The account keeps one platform, an infrastructure with a registry of its own keeps both."""
    push(upstream.host, "harness/chaos-ddcr", "1", platform_index(CHILDREN))
    source = f'source: "{upstream.host}/harness", allow_sources: ["{upstream.host}"]'
    write_company(
        tmp_path,
        f"""\
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    image_registry: {{server: "{target.host}", account: chaos, type: public}}
    mirror: {{{source}, platforms: [linux/amd64]}}
    required_images: [harness/chaos-ddcr:1]
  chaosreg:infrastructures:
    us: {{cluster: {{context: us}}}}
    eu:
      cluster: {{context: eu}}
      image_registry: {{server: "localhost:{target.port}", account: eu, type: public}}
      mirror: {{{source}, platforms: all}}
""",
    )
    assert main(["--project", str(tmp_path), "lock"]) == 0
    return tmp_path


@pytest.mark.parametrize("name", ["layout", "layout.tar"])
def test_each_owner_gets_the_platforms_that_it_keeps(tmp_path, project, upstream, target, name, capsys) -> None:
    locked = read_lockfile(project / "stacks/chaosreg.lock.yaml")
    both = locked[f"{upstream.host}/harness/chaos-ddcr:1"]
    one = locked[f"{upstream.host}/harness/chaos-ddcr:1#linux/amd64"]
    layout = str(tmp_path / name)
    assert main(["--project", str(project), "mirror", "--to", layout]) == 0, capsys.readouterr().out
    upstream.stop()
    assert main(["--project", str(project), "mirror", "--from", layout]) == 0, capsys.readouterr().out
    digests = [
        subprocess.check_output(["crane", "digest", f"{target.host}/{of}/chaos-ddcr:1"]) for of in ("chaos", "eu")
    ]
    assert [digest.decode().strip() for digest in digests] == [one, both]


@pytest.fixture
def open_registries(tmp_path: Path) -> Iterator[tuple[RegistryServer, RegistryServer]]:
    """Two that take manifests with layers at a vendor's address: distribution allows none by itself."""
    allowed = {"validation": {"manifests": {"urls": {"allow": [r"^https://mcr\.example/"]}}}}
    with (
        RegistryServer(tmp_path / "open-source", extra=allowed) as source,
        RegistryServer(tmp_path / "open-target", extra=allowed) as goal,
    ):
        yield source, goal


@pytest.mark.parametrize("name", ["layout", "layout.tar"])
def test_foreign_layers_that_are_kept_stay_references_over_the_gap(tmp_path, open_registries, name, capsys) -> None:
    source, goal = open_registries
    kind = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    whole = image(layer("base"), docker=True, layer_type=kind, urls=["https://mcr.example/base"])
    tree = push(source.host, "harness/chaos-ddcr", "1", Tree(whole.media_type, whole.raw, whole.blobs[:1]))
    write_company(
        tmp_path,
        f"""\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: "{goal.host}", account: chaos, type: public}}
    mirror: {{source: "{source.host}/harness", allow_sources: ["{source.host}"], foreign_layers: keep}}
    required_images: [harness/chaos-ddcr:1]
  chaosreg:infrastructures:
    us: {{cluster: {{context: us}}}}
""",
    )
    assert main(["--project", str(tmp_path), "lock"]) == 0
    for way in ("--to", "--from"):
        code = main(["--project", str(tmp_path), "mirror", way, str(tmp_path / name)])
        assert code == 0, capsys.readouterr().out
    found = subprocess.check_output(["crane", "digest", f"{goal.host}/chaos/chaos-ddcr:1"])
    assert found.decode().strip() == tree.digest
