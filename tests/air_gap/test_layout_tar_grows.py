"""A tar while it is written: what an interruption leaves, what is closed in the end, sizes over 8 GiB, memory."""

import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from pulumi_chaosreg.oci import Descriptor, Host, Manifest, Patience, RegistryError
from pulumi_chaosreg.oci.blob import Source
from pulumi_chaosreg.oci.layout import Layout
from pulumi_chaosreg.oci.layout.tar_members import header

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
IMPATIENT = Host(Patience(tries=1))


@pytest.fixture
def tar(tmp_path: Path) -> Path:
    return tmp_path / "layout.tar"


def _blob(content: bytes) -> Descriptor:
    return Descriptor("application/octet-stream", f"sha256:{sha256(content).hexdigest()}", len(content))


def _source(content: bytes, opened: list[bytes] | None = None, fail_after: int | None = None) -> Source:
    @contextmanager
    def source() -> Iterator[Iterator[bytes]]:
        if opened is not None:
            opened.append(content)
        yield chunks()

    def chunks() -> Iterator[bytes]:
        for at in range(0, len(content), 1000):
            if fail_after is not None and at >= fail_after:
                raise KeyboardInterrupt
            yield content[at : at + 1000]

    return source


def _image(layout: Layout, tag: str, *layers: bytes) -> Manifest:
    """An image whose layers are there already, under a tag."""
    listed = ", ".join(f'{{"digest": "{_blob(layer).digest}", "size": {len(layer)}}}' for layer in layers)
    raw = f'{{"schemaVersion": 2, "mediaType": "{MANIFEST}", "layers": [{listed}]}}'.encode()
    manifest = Manifest.parse(raw)
    layout.holding("s").put_manifest("app", manifest, tag)
    return manifest


def _names(tar: Path) -> set[str]:
    with tarfile.open(tar) as archive:
        return {name.removeprefix("blobs/sha256/") for name in archive.getnames()}


def _nothing() -> bytes:
    return b"{}"


def test_regions_of_an_interrupted_run_are_kept_where_their_digest_is_right(tar) -> None:
    # given: one blob that arrived, one that was interrupted, one whose bytes the crash has lost
    right, half, lost = (os.urandom(5000) for _ in range(3))
    with Layout.open(tar, writing=True) as layout:
        store = layout.holding("s")
        for content in (right, lost):
            store.put_blob("app", _blob(content), _source(content))
        with pytest.raises(KeyboardInterrupt):
            store.put_blob("app", _blob(half), _source(half, fail_after=2000))
    partial = tar.with_name("layout.tar.partial")
    partial.write_bytes(partial.read_bytes().replace(lost[4000:], bytes(1000)))

    # when
    opened: list[bytes] = []
    with Layout.open(tar, writing=True) as layout:
        store = layout.holding("s")
        assert [store.has_blob("app", _blob(content).digest) for content in (right, half, lost)] == [True, False, False]
        for content in (right, half, lost):
            store.put_blob("app", _blob(content), _source(content, opened))
        manifest = _image(layout, "1", right, half, lost)
        length = partial.stat().st_size
        assert layout.finish(_nothing)

    # then: their regions were filled again, and no others were made
    assert length == 1024 + 3 * (512 + 5120) + 512 + 512
    assert not partial.exists()
    with Layout.open(tar) as layout:
        for content in (right, half, lost):
            with layout.holding("s").open_blob("app", _blob(content)) as chunks:
                assert b"".join(chunks) == content
        assert layout.holding("s").get_manifest("app", "1") == manifest


@pytest.mark.parametrize("cut", [0, 100, 1024, 1500, 3000, 6000, 9000, 20000])
def test_a_partial_file_that_ends_anywhere_is_gone_on_with(tar, cut) -> None:
    contents = [os.urandom(3000) for _ in range(4)]
    with Layout.open(tar, writing=True) as layout:
        for content in contents:
            layout.holding("s").put_blob("app", _blob(content), _source(content))
    os.truncate(tar.with_name("layout.tar.partial"), cut)
    with Layout.open(tar, writing=True) as layout:
        for content in contents:
            layout.holding("s").put_blob("app", _blob(content), _source(content))
        _image(layout, "1", *contents)
        layout.finish(_nothing)
    subprocess.run(["tar", "xf", tar, "-C", tar.parent], check=True)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=tar.parent, check=True)


def test_what_no_image_needs_is_closed_in_the_end(tar) -> None:
    # given: between blobs that are needed, one that never arrived and one that nobody wants any more
    needed = [os.urandom(1_500_000 + number) for number in range(3)]
    failed, unwanted = os.urandom(700_000), os.urandom(600_000)
    with Layout.open(tar, writing=True, host=IMPATIENT) as layout:
        store = layout.holding("s")
        store.put_blob("app", _blob(needed[0]), _source(needed[0]))
        with pytest.raises(RegistryError):
            store.put_blob("app", _blob(failed), _source(failed[:-1] + bytes([failed[-1] ^ 1])))
        store.put_blob("app", _blob(needed[1]), _source(needed[1]))
        store.put_blob("app", _blob(unwanted), _source(unwanted))
        store.put_blob("app", _blob(needed[2]), _source(needed[2]))
        _image(layout, "old", unwanted)
        manifest = _image(layout, "1", *needed)
        store.delete_manifest("app", "old")
        layout.finish(_nothing)

    documents = {"oci-layout", "contents.json", "index.json", "SHA256SUMS"}
    assert _names(tar) == {_blob(content).digest[7:] for content in (*needed, manifest.raw)} | documents
    assert tar.stat().st_size < sum(map(len, needed)) + 20_000
    subprocess.run(["tar", "xf", tar, "-C", tar.parent], check=True)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=tar.parent, check=True)


def test_a_layout_that_is_there_gives_what_it_has_and_stays_until_the_new_one_is_complete(tar) -> None:
    old, new = os.urandom(4000), os.urandom(4000)
    with Layout.open(tar, writing=True) as layout:
        layout.holding("s").put_blob("app", _blob(old), _source(old))
        first = _image(layout, "1", old)
        layout.finish(_nothing)
    before = tar.read_bytes()

    with Layout.open(tar, writing=True) as layout:
        opened: list[bytes] = []
        layout.holding("s").put_blob("app", _blob(new), _source(new, opened))
        layout.holding("s").put_blob("app", _blob(old), _source(old, opened))
        second = _image(layout, "2", old, new)
        assert tar.read_bytes() == before
        assert layout.finish(_nothing)
        assert not layout.finish(_nothing)

    with Layout.open(tar) as layout:
        assert layout.names() == ["s/app:1", "s/app:2"]
        assert [layout.holding("s").get_manifest("app", tag) for tag in ("1", "2")] == [first, second]


def test_a_file_that_somebody_else_completed_meanwhile_is_not_overwritten(tar) -> None:
    with Layout.open(tar, writing=True) as slow:
        with Layout.open(tar, writing=True) as quick:
            quick.holding("s").put_blob("app", _blob(b"x"), _source(b"x"))
            _image(quick, "1", b"x")
            quick.finish(_nothing)
        with pytest.raises(RegistryError, match="CHR0439"):
            slow.holding("s").put_blob("app", _blob(b"y"), _source(b"y"))
    assert Layout.open(tar).names() == ["s/app:1"]


def test_a_partial_file_of_somebody_else_s_is_left_alone(tar) -> None:
    partial = tar.with_name("layout.tar.partial")
    partial.write_bytes(b"a film" * 1000)
    with Layout.open(tar, writing=True) as layout, pytest.raises(RegistryError, match="CHR0437"):
        layout.holding("s").put_blob("app", _blob(b"x"), _source(b"x"))
    assert partial.read_bytes() == b"a film" * 1000


def test_equal_content_makes_an_equal_file(tmp_path) -> None:
    files = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.tar"
        with Layout.open(path, writing=True) as layout:
            layout.holding("s").put_blob("app", _blob(b"x"), _source(b"x"))
            _image(layout, "1", b"x")
            layout.finish(_nothing)
        files.append(path.read_bytes())
    assert files[0] == files[1]
    with tarfile.open(path) as archive:
        assert {(each.mtime, each.uid, each.gid, each.uname, each.mode) for each in archive} == {(0, 0, 0, "", 0o644)}


@pytest.mark.parametrize("size", [(8 << 30) - 1, 8 << 30, (9 << 30) + 1, 1 << 42])
def test_sizes_beyond_octal_are_read_by_gnu_tar_and_by_us(tar, size) -> None:
    """A hole stands for the content; nobody reads it."""
    name = f"blobs/sha256/{'a' * 64}"
    parts = [("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'), ("index.json", b'{"manifests": []}')]
    with tar.open("wb") as file:
        for document, content in parts:
            file.write(header(document, len(content)) + content.ljust(512, b"\0"))
        file.write(header(name, size))
        end = file.tell() + -(-size // 512) * 512
        try:
            file.truncate(end + 1024)
        except OSError:  # ext4 ends at 16 TiB, others earlier
            pytest.fail("this file system has no holes of that size")
    listed = subprocess.check_output(["tar", "tvf", tar], text=True).splitlines()
    assert listed[-1].split()[2] == str(size)
    with Layout.open(tar) as layout:
        assert layout.files.size(f"sha256:{'a' * 64}") == size


@pytest.mark.parametrize("size", [(1 << 63) - 1, 1 << 63, 1 << 64])
def test_a_blob_that_is_said_to_be_larger_than_any_file_finds_no_room(tar, size) -> None:
    blob = Descriptor("application/octet-stream", f"sha256:{'a' * 64}", size)
    with Layout.open(tar, writing=True, host=IMPATIENT) as layout, pytest.raises(RegistryError, match="CHR0436"):
        layout.holding("s").put_blob("app", blob, _source(b"x"))
