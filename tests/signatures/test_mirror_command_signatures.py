"""`chaosreg mirror` where the owner requires signatures: refused, copied, and verified again with `--deep`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_chaosreg.cli.main import main
from tests.support.builder import image, layer, platform_index, push
from tests.support.private_sigstore import ISSUER, WORKFLOW, PrivateSigstore
from tests.support.signing import Signer, attach, make_signer

pytestmark = pytest.mark.registry

SIGNED, UNSIGNED = image(layer("signed", 1000), name="signed"), image(layer("unsigned", 1000), name="unsigned")
SIGSTORE = PrivateSigstore()


@pytest.fixture
def signer(tmp_path) -> Signer:
    return make_signer(tmp_path / "signer")


@pytest.fixture
def project(tmp_path, target) -> Callable[..., Path]:
    """(source host, `verify`) → a company that mirrors two images and requires signatures."""

    def project(source: str, verify: dict) -> Path:
        (tmp_path / "stacks").mkdir()
        (tmp_path / "Pulumi.yaml").write_text("name: x\nstackConfigDir: stacks\n")
        account = {
            "id": "acme",
            "image_registry": {"server": target.host, "account": "chaos", "type": "public"},
            "mirror": {
                "source": f"{source}/harness",
                "allow_sources": [source],
                "signatures": "require",
                "verify": verify,
            },
            "required_images": ["harness/chaos-ddcr:1", "harness/chaos-log-watcher:1"],
        }
        config = {"chaosreg:account": account, "chaosreg:infrastructures": {"eu": {"cluster": {"context": "eu"}}}}
        (tmp_path / "stacks/Pulumi.acme.yaml").write_text(json.dumps({"config": config}))
        images = {"chaos-ddcr": SIGNED, "chaos-log-watcher": UNSIGNED}
        lock = "".join(f"{source}/harness/{name}:1: {tree.digest}\n" for name, tree in images.items())
        (tmp_path / "stacks/chaosreg.lock.yaml").write_text(lock)
        for name, tree in images.items():
            push(source, f"harness/{name}", "1", tree)
        return tmp_path

    return project


@pytest.fixture
def mirror(capsys) -> Callable[..., tuple[int, str]]:
    def mirror(project: Path, *arguments: str) -> tuple[int, str]:
        code = main(["--project", str(project), "mirror", *arguments])
        return code, capsys.readouterr().out

    return mirror


def _copied(target) -> set[str]:
    return {path.path.split("/")[3] for path in target.requests() if path.method == "PUT" and path.path.endswith("/1")}


def test_only_what_is_signed_is_copied_and_a_dry_run_says_so_before(mirror, project, upstream, target, signer) -> None:
    folder = project(upstream.host, {"public_keys": ["signer/cosign.pub"]})
    signer.sign(upstream.host, f"harness/chaos-ddcr@{SIGNED.digest}", "bundle")

    code, out = mirror(folder, "--dry-run")
    assert code == 1
    assert f"error[CHR0450]: image `harness/chaos-log-watcher@{UNSIGNED.digest}`" in out
    assert {request.method for request in target.requests()} == {"HEAD"}

    code, out = mirror(folder)
    assert code == 1
    assert "1 of 2 images, 1 failed" in out
    assert _copied(target) == {"chaos-ddcr"}
    assert signer.verifies(target.host, f"chaos/chaos-ddcr@{SIGNED.digest}", "bundle")


def test_deep_verifies_again_what_is_there(mirror, project, upstream, target, signer, tmp_path) -> None:
    # given: one image of an earlier time, when nobody asked for signatures
    folder = project(upstream.host, {"public_keys": ["signer/cosign.pub"]})
    for name, tree in (("chaos-ddcr", SIGNED), ("chaos-log-watcher", UNSIGNED)):
        signer.sign(upstream.host, f"harness/{name}@{tree.digest}", "classic")
    push(target.host, "chaos/chaos-log-watcher", "1", UNSIGNED)
    # then: without --deep it counts as done, as it always does
    assert mirror(folder)[0] == 0
    code, out = mirror(folder, "--deep")
    assert code == 1
    assert f"error[CHR0450]: image `chaos/chaos-log-watcher@{UNSIGNED.digest}` at registry `{target.host}`" in out
    assert "delete the tag at the target and mirror again (a layout: rewrite it)" in out
    assert "chaos-ddcr@" not in out


def test_identities_come_from_the_stack_file_too(mirror, project, serve, target, tmp_path) -> None:
    source = serve("olareg", "source")
    (tmp_path / "root.json").write_text(SIGSTORE.trusted_root())
    identity = {"identity_regexp": r"https://github\.com/acme/.+", "issuer": ISSUER}
    folder = project(source.host, {"identities": [identity], "trusted_root": "root.json"})
    attach(source.host, "harness/chaos-ddcr", SIGNED, json.dumps(SIGSTORE.sign(SIGNED.digest)).encode())
    stranger = WORKFLOW.replace("acme", "mallory")
    bundle = SIGSTORE.sign(UNSIGNED.digest, stranger)
    attach(source.host, "harness/chaos-log-watcher", UNSIGNED, json.dumps(bundle).encode())

    code, out = mirror(folder)

    assert code == 1
    assert "error[CHR0452]" in out
    assert f"the signer is `{stranger}`" in out
    assert _copied(target) == {"chaos-ddcr"}


def test_deep_verifies_a_subset_by_upstream_s_own_index(mirror, project, upstream, target, signer, tmp_path) -> None:
    """Our index of some platforms is signed by nobody; theirs is, or is not."""
    tree = push(upstream.host, "harness/chaos-ddcr", "1", platform_index({"linux/amd64": image(layer("amd"))}))
    folder = project(upstream.host, {"public_keys": [signer.public_key]})
    stacks = folder / "stacks/Pulumi.acme.yaml"
    config = json.loads(stacks.read_text())
    account = config["config"]["chaosreg:account"]
    account["required_images"], account["images"] = ["harness/chaos-ddcr:1"], {"pin": "off"}
    account["mirror"] |= {"platforms": ["linux/amd64"], "signatures": "copy"}
    del account["mirror"]["verify"]
    stacks.write_text(json.dumps(config))
    push(upstream.host, "harness/chaos-ddcr", "1", tree)
    assert mirror(folder)[0] == 0

    account["mirror"] |= {"signatures": "require", "verify": {"public_keys": [signer.public_key]}}
    stacks.write_text(json.dumps(config))
    code, out = mirror(folder, "--deep")

    assert (code, "CHR0450" in out) == (1, True)
