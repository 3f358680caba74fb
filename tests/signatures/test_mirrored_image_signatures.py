"""`signatures: require` of one `MirroredImage` on the real engine: refused, signed with real cosign, copied."""

import os
import subprocess
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from lab.state import LabState
from tests.support.one_image import OneImage
from tests.support.workspaces import PUSH_CANARY

pytestmark = pytest.mark.engine

NAME = "chaos/chaos-ddcr:1.94.0"


@pytest.fixture
def source(tmp_path: Path, lab: LabState) -> RegistryServer:
    """A registry with one image of the upstream, which this test may sign."""
    with RegistryServer(tmp_path / "source") as server:
        _run(tmp_path, "crane", "copy", f"{lab.upstream.host}/harness/chaos-ddcr:1.94.0", f"{server.host}/{NAME}")
        yield server


def _run(folder: Path, *command: str) -> None:
    environment = {**os.environ, "COSIGN_PASSWORD": "x"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_up_copies_what_the_key_has_signed_and_nothing_before(
    tmp_path: Path, lab: LabState, source: RegistryServer, private_target: RegistryServer
) -> None:
    _run(tmp_path, "cosign", "generate-key-pair")
    digest = lab.upstream.digests["chaos-ddcr:1.94.0"]
    image = OneImage(
        tmp_path / "one",
        source=f"{source.host}/{NAME}",
        target=f"{private_target.host}/{NAME}",
        push={"username": "pusher", "password": PUSH_CANARY},
        digest=digest,
        signatures="require",
    )
    # nobody is named: the preview says so
    assert "needs signers" in image.up(check=False)
    image.inputs["verify"] = {"public_keys": [(tmp_path / "cosign.pub").read_text()]}

    # nobody has signed: nothing is written
    said = image.up(check=False)
    assert f"error[CHR0450]: image `chaos/chaos-ddcr@{digest}` at registry `{source.host}` is not signed" in said
    assert not any(request.method in ("PUT", "POST", "PATCH") for request in private_target.requests())

    # signed: copied, with the signature
    offline = ["--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry", "-y"]
    _run(tmp_path, "cosign", "sign", "--key", "cosign.key", *offline, f"{source.host}/chaos/chaos-ddcr@{digest}")
    image.up()
    assert image.outputs()["digest"] == digest
    fallback = f"/v2/chaos/chaos-ddcr/manifests/{digest.replace(':', '-')}"
    assert any(request.method == "PUT" and request.path == fallback for request in private_target.requests())

    # other signers are no change of the image
    assert image.change(verify={"public_keys": [(tmp_path / "cosign.pub").read_text()] * 2}) == ("same", ())
    image.up("--expect-no-changes")
