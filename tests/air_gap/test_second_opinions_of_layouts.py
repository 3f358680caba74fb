"""Other people's tools read what we write, and we read what they write: skopeo, regctl, crane, GNU tar, containerd."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.mirror.contents import describe
from pulumi_chaosreg.oci.layout import Layout
from tests.support.builder import image, index, layer, push, referring

pytestmark = pytest.mark.registry

APP = index(image(layer("a"), layer("b"), name="amd"), image(layer("a"), layer("c"), name="arm"))
SBOM = referring(APP, b"sbom")


@pytest.fixture(params=["layout", "layout.tar"])
def written(request, tmp_path: Path, upstream: RegistryServer) -> Path:
    """A layout of two images and a referrer."""
    push(upstream.host, "harness/app", "1.0", APP)
    push(upstream.host, "harness/app", SBOM.digest, SBOM)
    push(upstream.host, "harness/app", APP.digest.replace(":", "-"), index(SBOM))
    push(upstream.host, "other/app", "1.0", image(layer("a"), layer("d")))
    path = tmp_path / request.param
    with Layout.open(path, writing=True) as layout, Mirror(write_to=layout.holding) as mirror:
        for name in ("harness/app", "other/app"):
            source = Reference(upstream.host, name, "1.0")
            mirror.copy(source, source)
        layout.finish(lambda: describe(layout))
    return path


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """The layout as a folder: as it was written, or as GNU tar unpacks it."""
    if written.is_dir():
        return written
    room = tmp_path / "unpacked"
    room.mkdir()
    done = subprocess.run(["tar", "xf", written, "-C", room], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return room


@pytest.fixture
def skopeo() -> str:
    program = shutil.which("skopeo")
    if not program:
        pytest.skip("no skopeo here")
    return program


def _run(*words: object) -> bytes:
    done = subprocess.run([str(word) for word in words], capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_skopeo_finds_each_image_by_its_name_and_copies_it_whole(skopeo, written, upstream, target) -> None:
    transport = "oci" if written.is_dir() else "oci-archive"
    name = f"{transport}:{written}:{upstream.host}/harness/app:1.0"
    assert _run(skopeo, "inspect", "--raw", name) == APP.raw
    copy = [skopeo, "--insecure-policy", "copy", "--all", "--preserve-digests", "--dest-tls-verify=false", "--quiet"]
    _run(*copy, name, f"docker://{target.host}/by-skopeo:1")
    assert _run("crane", "digest", f"{target.host}/by-skopeo:1").decode().strip() == APP.digest


def test_regctl_finds_the_image_and_all_that_is_in_it(folder, upstream, target) -> None:
    _run("regctl", "registry", "set", "--tls", "disabled", target.host)
    name = f"ocidir://{folder}@{APP.digest}"
    assert _run("regctl", "manifest", "get", "--format", "raw-body", name) == APP.raw
    _run("regctl", "image", "copy", name, f"{target.host}/by-regctl:1")
    assert _run("crane", "digest", f"{target.host}/by-regctl:1").decode().strip() == APP.digest


def test_crane_pushes_everything_that_the_index_leads_to(folder, target) -> None:
    _run("crane", "push", "--index", folder, f"{target.host}/by-crane:1")
    for tree in (*APP.everything(), SBOM):
        assert _run("crane", "manifest", f"{target.host}/by-crane@{tree.digest}").strip() == tree.raw.strip()


def test_we_read_what_skopeo_has_written(skopeo, upstream, target, tmp_path) -> None:
    push(upstream.host, "harness/app", "1.0", APP)
    name = f"{upstream.host}/harness/app:1.0"
    path = tmp_path / "skopeo.tar"
    copy = [skopeo, "--insecure-policy", "copy", "--all", "--preserve-digests", "--src-tls-verify=false", "--quiet"]
    _run(*copy, f"docker://{name}", f"oci-archive:{path}:{name}")
    _expect_filled(path, Reference.parse(name), target)


def test_we_read_a_tar_that_gnu_tar_has_packed(folder, upstream, target, tmp_path) -> None:
    path = tmp_path / "packed.tar"
    _run("tar", "cf", path, "-C", folder, ".")
    _expect_filled(path, Reference(upstream.host, "harness/app", "1.0"), target)


def test_we_read_the_names_that_containerd_writes(upstream, target, tmp_path, skopeo) -> None:
    """`ctr images export` and `docker save` keep the tag in the standard's annotation, the name in containerd's."""
    push(upstream.host, "harness/app", "1.0", APP)
    name, path = f"{upstream.host}/harness/app:1.0", tmp_path / "layout"
    copy = [skopeo, "--insecure-policy", "copy", "--all", "--preserve-digests", "--src-tls-verify=false", "--quiet"]
    _run(*copy, f"docker://{name}", f"oci:{path}:1.0")
    document = json.loads((path / "index.json").read_text())
    document["manifests"][0]["annotations"]["io.containerd.image.name"] = name
    (path / "index.json").write_text(json.dumps(document))
    _expect_filled(path, Reference.parse(name), target)


def _expect_filled(path: Path, source: Reference, target: RegistryServer) -> None:
    with Layout.open(path) as layout, Mirror(read_from=layout.holding) as mirror:
        mirror.copy(source, Reference(target.host, "by-us", "1"))
    assert _run("crane", "digest", f"{target.host}/by-us:1").decode().strip() == APP.digest
