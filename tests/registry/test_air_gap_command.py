"""`chaosreg mirror --to` a layout, and `--from` it on the other side of an air gap, against real registries."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from builder import Tree, image, index, layer, push, referring

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main

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
    folder = tmp_path / "project"
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: x\nstackConfigDir: stacks\n")
    listed = ", ".join(f"harness/{name}:1" for name in NAMES)
    (folder / "stacks/Pulumi.acme.yaml").write_text(
        f"""\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: "{target.host}", account: chaos, type: public}}
    mirror: {{source: "{upstream.host}/harness", allow_sources: ["{upstream.host}"]}}
    required_images: [{listed}]
  chaosreg:infrastructures:
    eu: {{cluster: {{context: eu}}}}
"""
    )
    lock = "".join(f"{upstream.host}/harness/{name}:1: {tree.digest}\n" for name, tree in images.items())
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


def test_what_is_written_on_one_side_fills_the_registries_of_the_other(
    mirror, layout, images, upstream, target
) -> None:
    # given: a layout that was written where only the sources can be reached
    target.stop()
    code, out = mirror("--to", layout)
    assert code == 0, out
    assert "plan: 3 of 3 images" in out

    # when it is read where only the targets can be reached
    target.start()
    upstream.stop()
    code, out = mirror("--from", layout)

    # then
    assert code == 0, out
    assert {name: _digest(f"{target.host}/chaos/{name}:1") for name in NAMES} == {
        name: tree.digest for name, tree in images.items()
    }
    tag = images[NAMES[0]].digest.replace(":", "-")
    assert _digest(f"{target.host}/chaos/{NAMES[0]}:{tag}.sig") == image(layer("signature"), name="s").digest
    raw = subprocess.check_output(["crane", "manifest", f"{target.host}/chaos/{NAMES[0]}:{tag}"])
    assert [entry["digest"] for entry in json.loads(raw)["manifests"]] == [referring(images[NAMES[0]], b"sbom").digest]
