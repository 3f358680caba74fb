"""A layout comes from elsewhere: damaged, cut off, compressed, or made to do harm. One clear error each, and no
attempt to unpack or to read without end.
"""

import errno
import io
import json
import os
import tarfile
import tracemalloc
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

import pytest

from pulumi_chaosreg.oci import Descriptor, RegistryError
from pulumi_chaosreg.oci.layout import Layout

MARK = b'{"imageLayoutVersion": "1.0.0"}'
MANIFEST = b'{"schemaVersion": 2, "config": {"digest": "sha256:%s", "size": 2}}' % sha256(b"{}").hexdigest().encode()
NAME = "docker.io/harness/app:1"


def _digest(raw: bytes) -> str:
    return f"sha256:{sha256(raw).hexdigest()}"


def _index(*entries: dict[str, object], **more: object) -> bytes:
    listed = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": _digest(MANIFEST)}
    named = {**listed, "size": len(MANIFEST), "annotations": {"org.opencontainers.image.ref.name": NAME}}
    return json.dumps({"schemaVersion": 2, "manifests": list(entries) or [named], **more}).encode()


def _files() -> dict[str, bytes]:
    blobs = {f"blobs/sha256/{sha256(raw).hexdigest()}": raw for raw in (MANIFEST, b"{}")}
    return {"oci-layout": MARK, "index.json": _index(), **blobs}


def _tar(path: Path, files: Iterable[tuple[str, bytes]], format_: int = tarfile.GNU_FORMAT, **more: object) -> Path:
    with tarfile.open(path, "w", format=format_) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, kind in more.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"  # type: ignore[assignment]
            archive.addfile(info)
    return path


def _folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return path


def _record(content: bytes) -> bytes:
    """Of a pax header: its own length comes first."""
    length = next(n for n in range(len(content), len(content) + 9) if n == len(b"%d %s\n" % (n, content)))
    return b"%d %s\n" % (length, content)


@pytest.fixture
def tar(tmp_path: Path) -> Path:
    return tmp_path / "layout.tar"


def _refused(path: Path) -> str:
    with pytest.raises(RegistryError) as caught, Layout.open(path) as layout:
        layout.holding("docker.io").get_manifest("harness/app", "1")
    return str(caught.value)


def test_what_the_others_are_spoiled_from_is_read(tar, tmp_path) -> None:
    for path in (
        _tar(tar, _files().items()),
        _tar(tmp_path / "pax.tar", _files().items(), tarfile.PAX_FORMAT),
        _tar(tmp_path / "dots.tar", ((f"./{name}", raw) for name, raw in _files().items())),
        _folder(tmp_path / "folder", _files()),
    ):
        with Layout.open(path) as layout:
            assert layout.holding("docker.io").get_manifest("harness/app", "1").raw == MANIFEST


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"\xfd7zXZ\0", "xz"),
        (b"BZh9", "bzip2"),
        (b"PK\3\4", "zip"),
    ],
)
def test_a_compressed_archive_is_to_be_unpacked_first(tar, start, kind) -> None:
    tar.write_bytes(start + bytes(2000))
    assert f"error[CHR0430]: `{tar}` is not an OCI image layout: it is compressed ({kind}): unpack it" in _refused(tar)


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 5000, bytes(10240)], ids=["empty", "one", "text", "no files"])
def test_a_file_that_is_no_tar_or_holds_no_layout(tar, content) -> None:
    tar.write_bytes(content)
    assert "error[CHR0430]" in _refused(tar)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("oci-layout", None, "no file `oci-layout`"),
        ("oci-layout", b"{}", "names no version"),
        ("oci-layout", b"[" * 900, "names no version"),
        ("oci-layout", b'{"imageLayoutVersion": "2.0.0"}', "not 1.0.0"),
        ("index.json", None, "no index.json"),
        ("index.json", b"{}", "not an image index"),
        ("index.json", b"[" * 200_000, "not an image index"),
        ("index.json", _index({"digest": "sha256:../../etc/passwd", "size": 1}), "no valid digest"),
        (
            "index.json",
            _index(
                *(
                    {"digest": _digest(n), "size": 1, "annotations": {"io.containerd.image.name": NAME}}
                    for n in (b"1", b"2")
                )
            ),
            f"two different entries for `{NAME}`",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["tar", "folder"])
def test_documents_that_say_nothing_sensible(tar, tmp_path, kind, name, content, words) -> None:
    files = {**_files(), name: content}
    kept = {each: raw for each, raw in files.items() if raw is not None}
    said = _refused(_tar(tar, kept.items()) if kind == "tar" else _folder(tmp_path / "folder", kept))
    assert "error[CHR0430]" in said
    assert words in said


@pytest.mark.parametrize(
    ("kind", "words"),
    [(tarfile.SYMTYPE, "symbolic link"), (tarfile.LNKTYPE, "hard link"), (tarfile.CHRTYPE, "device"), (b"S", "sparse")],
)
def test_links_and_devices_are_refused(tar, kind, words) -> None:
    assert f"error[CHR0431]: layout `{tar}` holds what a layout must not hold: `blobs` is a" in _refused(
        _tar(tar, _files().items(), blobs=kind)
    )
    assert words in _refused(tar)


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside", "blobs/../../outside", "./../x"])
def test_paths_that_lead_out_are_refused(tar, name) -> None:
    said = _refused(_tar(tar, [*_files().items(), (name, b"x")]))
    assert "error[CHR0431]" in said
    assert f"the path `{name}` leads out of it" in said


def test_a_name_that_stands_twice_is_refused(tar) -> None:
    said = _refused(_tar(tar, [*_files().items(), ("./index.json", _index())]))
    assert "error[CHR0431]" in said
    assert "`index.json` twice" in said


@pytest.mark.parametrize(
    "records",
    [
        _record(b"size=" + b"9" * 5000),
        _record("size=٣".encode()),
        b"20 size=9999999999\n",
        b"30 GNU.sparse.major=1\n",
        b"99999999999 a=b\n",
        b"no length",
    ],
)
def test_extended_headers_that_lie_are_refused(tar, records) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, len(records)
    body = tarfile.TarInfo("index.json")
    padded = records.ljust(-(-len(records) // 512) * 512, b"\0")
    tar.write_bytes(header.tobuf() + padded + body.tobuf() + bytes(1024))
    assert "error[CHR0431]" in _refused(tar) or "error[CHR0432]" in _refused(tar)


def test_an_endless_index_or_header_is_not_read_into_memory(tar) -> None:
    # given: an index.json of 2 GB, and a long name of 1 GB, both holes in the file
    for name, kind, size in (("index.json", tarfile.REGTYPE, 2 << 30), ("x", tarfile.GNUTYPE_LONGNAME, 1 << 30)):
        _tar(tar, [("oci-layout", MARK)])
        info = tarfile.TarInfo(name)
        info.type, info.size = kind, size
        with tar.open("r+b") as file:
            file.seek(1024)
            file.write(info.tobuf(tarfile.GNU_FORMAT))
            file.truncate(1536 + size + 10240)
        tracemalloc.start()
        said = _refused(tar)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert "error[CHR0431]" in said
        assert peak < 64 << 20


@pytest.mark.parametrize("cut", [600, 1100, 1536, None], ids=["in a header", "in a file", "between", "before its end"])
def test_a_tar_that_was_cut_off_is_said_to_be(tar, cut) -> None:
    content = _tar(tar, _files().items()).read_bytes().rstrip(b"\0")
    tar.write_bytes(content[:cut])
    assert f"error[CHR0432]: layout `{tar}` ends too early" in _refused(tar)


def test_damage_between_two_files_is_told_from_a_cut(tar) -> None:
    content = bytearray(_tar(tar, _files().items()).read_bytes())
    content[1024:1030] = b"\xff" * 6
    tar.write_bytes(content)
    assert "error[CHR0431]" in _refused(tar)
    assert "not a header at byte 1024" in _refused(tar)


@pytest.mark.parametrize("kind", ["tar", "folder"])
def test_a_changed_index_is_seen_by_its_checksum_before_anything_is_read(tar, tmp_path, kind) -> None:
    files = {**_files(), "contents.json": b"{}"}
    files["SHA256SUMS"] = b"".join(
        f"{sha256(raw).hexdigest()}  {name}\n".encode() for name, raw in sorted(files.items())
    )
    good = _tar(tmp_path / "good.tar", files.items())
    with Layout.open(good) as layout:
        assert layout.names() == [NAME]
    for name, content in (
        ("index.json", _index(changed=True)),
        ("contents.json", b'{"images": []}'),
        ("contents.json", None),
    ):
        spoiled = {each: raw for each, raw in {**files, name: content}.items() if raw is not None}
        path = _tar(tar, spoiled.items()) if kind == "tar" else _folder(tmp_path / f"{name}{content is None}", spoiled)
        said = _refused(path)
        assert f"error[CHR0433]: wrong content for `{name}` in layout `{path}`" in said


def test_a_folder_s_links_and_pipes_are_not_followed(tmp_path) -> None:
    def spoil(make: Callable[[Path], None], name: str) -> str:
        folder = _folder(tmp_path / name.replace("/", "-") / make.__name__, _files())
        (folder / name).unlink()
        make(folder / name)
        return _refused(folder)

    def link(path: Path) -> None:
        path.symlink_to("/etc/hostname")

    def pipe(path: Path) -> None:
        os.mkfifo(path)

    blob = f"blobs/sha256/{sha256(MANIFEST).hexdigest()}"
    assert ["CHR0431" in spoil(make, "index.json") for make in (link, pipe)] == [True, True]
    assert ["CHR0435" in spoil(make, blob) for make in (link, pipe)] == [True, True]


def test_a_manifest_that_is_none_is_said_to_be(tmp_path) -> None:
    name = f"blobs/sha256/{sha256(MANIFEST).hexdigest()}"
    assert "error[CHR0433]: wrong content for blob" in _refused(
        _folder(tmp_path / "other", {**_files(), name: MANIFEST[::-1]})
    )
    assert "more than" not in _refused(_folder(tmp_path / "short", {**_files(), name: b"{}"}))
    big = b"[" * (5 << 20)
    files = {**_files(), f"blobs/sha256/{sha256(big).hexdigest()}": big}
    folder = _folder(tmp_path / "big", files)
    with Layout.open(folder) as layout, pytest.raises(RegistryError, match="larger than 4 MiB"):
        layout.holding("docker.io").get_manifest("harness/app", _digest(big))


@pytest.mark.parametrize("raw", [b"[" * 100_000, b"[]", b"\xff", b'{"layers": 1}', b'{"layers": [{"urls": 5}]}'])
def test_a_manifest_that_cannot_be_read_is_one_error(tmp_path, raw) -> None:
    folder = _folder(tmp_path / "folder", {**_files(), f"blobs/sha256/{sha256(raw).hexdigest()}": raw})
    with Layout.open(folder) as layout, pytest.raises(RegistryError, match="CHR0433"):
        layout.holding("docker.io").get_manifest("harness/app", _digest(raw))


def test_a_blob_of_another_size_than_its_manifest_says_is_wrong(tmp_path) -> None:
    with Layout.open(_folder(tmp_path / "folder", _files())) as layout:
        blob = Descriptor("", _digest(b"{}"), 3)
        with pytest.raises(RegistryError, match="CHR0433"), layout.holding("s").open_blob("app", blob) as chunks:
            list(chunks)


@pytest.mark.parametrize("reads", [0, 1, 3, 5])
def test_a_stick_that_fails_while_it_is_read_is_one_clear_error(tar, reads, monkeypatch) -> None:
    """A stand-in for the stick: some reads go well, and then none."""
    _tar(tar, _files().items())
    left, real = iter(range(reads)), os.pread

    def pread(*asked: int) -> bytes:
        if next(left, None) is None:
            raise OSError(errno.EIO, "Input/output error")
        return real(*asked)

    monkeypatch.setattr(os, "pread", pread)
    assert f"error[CHR0438]: layout `{tar}` cannot be read: input/output error" in _refused(tar)
