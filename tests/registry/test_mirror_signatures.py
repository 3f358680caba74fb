"""`signatures: require` with keys: real cosign signs at the source, we decide, and cosign judges our copy."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builder import Tree, image, index, layer, push
from signing import FORMS, Signer, make_signer

from lab.olareg import OlaregServer
from lab.registry import RegistryServer
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.signing_policy import SigningPolicy

pytestmark = pytest.mark.registry

AMD, ARM = image(layer("amd", 1000), name="amd"), image(layer("arm", 1000), name="arm")
APP = index(AMD, ARM)

Server = OlaregServer | RegistryServer
Start = Callable[[str, str], Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts registries: `olareg` has the referrers API, `distribution` has not."""
    running: list[Server] = []

    def start(kind: str, name: str) -> Server:
        make = {"olareg": OlaregServer, "distribution": RegistryServer}[kind]
        running.append(make(tmp_path / name).start())
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return make_signer(tmp_path / "signer")


def _trusting(*signers: Signer, **more: bool) -> SigningPolicy:
    return SigningPolicy(tuple(signer.public_key for signer in signers), **more)


def _named(tree: Tree) -> str:
    return f"app@{tree.digest}"


@pytest.mark.parametrize("goal", ["olareg", "distribution"])
@pytest.mark.parametrize("origin", ["olareg", "distribution"])
@pytest.mark.parametrize("form", FORMS)
def test_a_signed_image_is_copied_and_cosign_verifies_the_copy(start, signer, mirror, origin, goal, form) -> None:
    source, target = start(origin, "source"), start(goal, "target")
    push(source.host, "app", "1", APP)
    signer.sign(source.host, _named(APP), form)

    copied = mirror.copy(
        Reference(source.host, "app", "1"), Reference(target.host, "app", "1"), verify=_trusting(signer)
    )

    assert copied.digest == APP.digest
    assert signer.verifies(target.host, "app:1", form)
    mirror.check_signed(Reference(target.host, "app", "1"), _trusting(signer))
