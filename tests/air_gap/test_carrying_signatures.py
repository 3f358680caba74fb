"""Over an air gap, two owners of one source: one requires signatures, the other does not."""

import subprocess
from pathlib import Path

import pytest

from pulumi_chaosreg.cli.main import main
from tests.support.builder import image, layer, push
from tests.support.company import write_company
from tests.support.signing import make_signer

pytestmark = pytest.mark.registry

IMAGES = {name: image(layer(name), name=name) for name in ("signed", "unsigned")}


def test_each_owners_images_are_judged_on_the_other_side_by_its_own_policy(tmp_path, upstream, target, capsys) -> None:
    # given one signed image of two, the account's policy, and an infrastructure with a registry of its own and none
    project = _company(tmp_path, upstream.host, target)
    make_signer(tmp_path / "signer").sign(upstream.host, f"harness/signed@{IMAGES['signed'].digest}", "bundle")
    layout = str(tmp_path / "layout.tar")

    # when both are carried over, then nobody's policy keeps the other's image from it
    assert main(["--project", str(project), "mirror", "--to", layout]) == 0, capsys.readouterr().out
    upstream.stop()
    assert main(["--project", str(project), "mirror", "--from", layout]) == 1
    assert "3 of 4 images, 1 failed" in (told := capsys.readouterr().out)
    assert f"error[CHR0450]: image `harness/unsigned@{IMAGES['unsigned'].digest}`" in told
    assert _tags(target, "chaos") == {"signed"}
    assert _tags(target, "eu") == {"signed", "unsigned"}


def _company(folder: Path, source: str, target) -> Path:
    for name, tree in IMAGES.items():
        push(source, f"harness/{name}", "1", tree)
    mirror = f'source: "{source}/harness", allow_sources: ["{source}"]'
    write_company(
        folder,
        f"""\
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    image_registry: {{server: "{target.host}", account: chaos, type: public}}
    mirror: {{{mirror}, signatures: require, verify: {{public_keys: [signer/cosign.pub]}}}}
    required_images: [harness/signed:1, harness/unsigned:1]
  chaosreg:infrastructures:
    us: {{cluster: {{context: us}}}}
    eu:
      cluster: {{context: eu}}
      image_registry: {{server: "localhost:{target.port}", account: eu, type: public}}
      mirror: {{{mirror}, signatures: copy}}
""",
    )
    lock = "".join(f"{source}/harness/{name}:1: {tree.digest}\n" for name, tree in IMAGES.items())
    (folder / "stacks/chaosreg.lock.yaml").write_text(lock)
    return folder


def _tags(target, account: str) -> set[str]:
    found = {name: ["crane", "digest", f"{target.host}/{account}/{name}:1"] for name in IMAGES}
    return {name for name, asked in found.items() if not subprocess.run(asked, capture_output=True).returncode}
