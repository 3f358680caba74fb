"""Other people's tools find what we copied under the digest that it had: regctl, skopeo, and crane."""

import shutil
import subprocess

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from tests.support.builder import digest_of, image, index, layer, push

pytestmark = pytest.mark.registry

TREES = {
    "oci": index(image(layer("amd"), architecture="amd64"), image(layer("arm"), architecture="arm64")),
    "docker": index(image(layer("old"), docker=True), docker=True),
    "single": image(layer("one"), layer("two")),
}


def run(*words: str) -> bytes:
    done = subprocess.run(words, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(params=TREES)
def copied(request, upstream: RegistryServer, target: RegistryServer, mirror: Mirror) -> tuple[str, str]:
    """(reference of the copy, digest at the source)."""
    tree = push(upstream.host, "harness/app", "1", TREES[request.param])
    mirror.copy(Reference(upstream.host, "harness/app", "1"), Reference(target.host, "app", "1"))
    return f"{target.host}/app:1", tree.digest


def test_crane(copied: tuple[str, str]) -> None:
    reference, digest = copied
    assert run("crane", "digest", "--insecure", reference).decode().strip() == digest


def test_regctl(copied: tuple[str, str]) -> None:
    reference, digest = copied
    host = f"reg={reference.partition('/')[0]},tls=disabled"
    assert run("regctl", "--host", host, "image", "digest", reference).decode().strip() == digest


def test_skopeo(copied: tuple[str, str]) -> None:
    if not shutil.which("skopeo"):
        pytest.skip("no skopeo here")  # the last lines of the run say it, too
    reference, digest = copied
    raw = run("skopeo", "inspect", "--tls-verify=false", "--raw", f"docker://{reference}")
    assert digest_of(raw) == digest
