"""Three images, a company that mirrors them, and a layout of each form to carry them in."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from tests.support.builder import Tree, image, index, layer, push, referring
from tests.support.carried import NAMES, carrying_company


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
    return carrying_company(tmp_path / "project", upstream.host, target.host, images)


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
