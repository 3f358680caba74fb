"""Layouts that lost something on the way: nothing is tagged that needs it, and `--to` mends them."""

import io
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.builder import digest_of, layer, referring
from tests.support.carried import NAMES, arrived, unpacked

pytestmark = pytest.mark.registry


def test_a_layout_with_a_missing_or_damaged_blob_tags_nothing_that_needs_it(
    mirror, project, tmp_path, images, target
) -> None:
    layout = tmp_path / "layout"
    assert mirror("--to", layout)[0] == 0
    blobs = layout / "blobs/sha256"
    (blobs / digest_of(layer(NAMES[1])).partition(":")[2]).unlink()
    damaged = blobs / digest_of(layer(NAMES[2])).partition(":")[2]
    damaged.write_bytes(damaged.read_bytes()[::-1])
    code, out = mirror("--from", layout)
    assert code == 1
    assert f"error[CHR0434]: layout `{layout}` lacks blob" in out
    assert f"error[CHR0433]: wrong content for blob `{digest_of(layer(NAMES[2]))}` in layout `{layout}`" in out
    assert arrived(target, images) == {NAMES[0]}


def _members(layout: Path) -> list[tuple[str, bytes]]:
    with tarfile.open(layout) as tar:
        return [(member.name, tar.extractfile(member).read()) for member in tar if member.isfile()]


def _damage(layout: Path, digest: str, change: Callable[[bytes], bytes | None]) -> None:
    """Put other bytes in the place of a blob, or none."""
    name = f"blobs/{digest.replace(':', '/')}"
    if layout.is_dir():
        changed = change((layout / name).read_bytes())
        (layout / name).unlink() if changed is None else (layout / name).write_bytes(changed)
        return
    files = [(file, change(content) if file == name else content) for file, content in _members(layout)]
    with tarfile.open(layout, "w", format=tarfile.GNU_FORMAT) as tar:
        for file, content in files:
            if content is not None:
                info = tarfile.TarInfo(file)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))


_DAMAGES = {
    "gone": lambda _: None,
    "cut": lambda content: content[:-1],
    "flipped": lambda content: content[::-1],
}


_PARTS = ["layer", "manifest of a platform", "image", "signature's layer", "referrer"]
_CASES = [
    # the same in a tar: by night, but for one part
    pytest.param(form, damage, part, marks=[pytest.mark.nightly] if form == "layout.tar" and part != "image" else [])
    for form in ("layout", "layout.tar")
    for damage in _DAMAGES
    for part in _PARTS
]


@pytest.mark.parametrize(("layout", "damage", "part"), _CASES, indirect=["layout"])
def test_a_damaged_layout_is_mended(mirror, layout, images, upstream, target, tmp_path, part, damage) -> None:
    digest = {
        "layer": digest_of(layer(NAMES[0])),
        "manifest of a platform": images[NAMES[0]].children[0].digest,
        "image": images[NAMES[0]].digest,
        "signature's layer": digest_of(layer("signature")),
        "referrer": referring(images[NAMES[0]], b"sbom").digest,
    }[part]
    assert mirror("--to", layout)[0] == 0
    _damage(layout, digest, _DAMAGES[damage])
    before = len(upstream.requests())
    # a dry run says so, and changes nothing
    deep = ["--deep"] if damage == "flipped" else []
    assert " 0 of 3 images" not in mirror("--to", layout, "--dry-run", *deep)[1]
    assert [file.name for file in tmp_path.glob("layout*")] == [layout.name]
    # when
    code, out = mirror("--to", layout, *deep)
    # then: what was damaged was fetched, and no other blob
    assert (code, f"{layout} is complete" in out, "complete already" in out) == (0, True, False), out
    fetched = {seen.path.rpartition("/")[2] for seen in upstream.requests()[before:] if "/blobs/" in seen.path}
    assert fetched <= {digest}
    folder = unpacked(layout, tmp_path / "unpacked")
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    assert "plan: 0 of 3 images" in mirror("--to", layout, "--deep")[1]
    assert mirror("--from", layout)[0] == 0
    assert arrived(target, images) == set(NAMES)


def test_a_layout_whose_index_stays_as_it_was_is_mended_too(mirror, layout) -> None:
    assert mirror("--to", layout, NAMES[2])[0] == 0
    _damage(layout, digest_of(layer(NAMES[2])), _DAMAGES["gone"])
    assert "complete already" not in mirror("--to", layout, NAMES[2])[1]
    assert mirror("--from", layout, NAMES[2])[0] == 0


def test_a_tar_that_was_cut_off_is_told_with_one_help(mirror, tmp_path) -> None:
    layout = tmp_path / "layout.tar"
    assert mirror("--to", layout)[0] == 0
    os.truncate(layout, 50_000)
    code, out = mirror("--to", layout)
    assert (code, out.count("help:"), "\\n" in out) == (2, 1, False), out
    assert f"= it: layout `{layout}` ends too early:" in out


def test_a_damaged_tar_is_not_added_to(tmp_path, mirror, images) -> None:
    layout = tmp_path / "layout.tar"
    assert mirror("--to", layout, NAMES[0])[0] == 0
    layout.write_bytes(layout.read_bytes().replace(layer(NAMES[0])[500:], bytes(99_500)))
    before = layout.read_bytes()
    code, out = mirror("--to", layout)
    assert code == 1
    assert f"error[CHR0437]: `{layout}` cannot become a layout: blob `{digest_of(layer(NAMES[0]))}`" in out
    assert "run again with --deep, or remove that file" in out
    assert layout.read_bytes() == before
    assert mirror("--to", layout, "--deep")[0] == 0
