"""A layout folder that several write at once, and what its index looks like to others."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest

from pulumi_chaosreg.oci import Descriptor, Manifest, RegistryError
from pulumi_chaosreg.oci.layout import Layout
from pulumi_chaosreg.oci.manifest import digest_of

RAW = b'{"schemaVersion": 2, "config": {"digest": "%s", "size": 2}}' % digest_of(b"{}").encode()
CONFIG = Descriptor("", digest_of(b"{}"), 2)


def _add(layout: Layout, server: str, tag: str) -> None:
    store = layout.holding(server)
    store.put_blob("app", CONFIG, lambda: nullcontext(iter([b"{}"])))
    store.put_manifest("app", Manifest.parse(RAW), tag)


def test_writers_that_know_nothing_of_each_other_lose_no_name(tmp_path: Path) -> None:
    """Each layout object has its own descriptors and guards, as each process has."""
    writers = [Layout.open(tmp_path / "layout", writing=True) for _ in range(6)]

    def work(number: int) -> None:
        for count in range(15):
            _add(writers[number], "s", f"{number}-{count}")

    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(work, range(len(writers))))
    for writer in writers:
        writer.finish(lambda: b"{}")
        writer.close()
    assert len(Layout.open(tmp_path / "layout").names()) == 6 * 15


def test_what_a_killed_run_has_left_is_removed_when_nobody_else_writes(tmp_path: Path) -> None:
    path = tmp_path / "layout"
    other, ours = (Layout.open(path, writing=True) for _ in range(2))
    _add(other, "s", "1")
    left = path / "blobs/sha256/.0123.partial"
    left.write_bytes(os.urandom(100))
    _add(ours, "s", "2")
    ours.finish(lambda: b"{}")
    assert left.exists()  # it could be the other one's
    other.close()
    _add(ours, "s", "3")
    ours.finish(lambda: b"{}")
    ours.close()
    assert not left.exists()
    assert {each.name for each in path.iterdir()} == {
        "blobs",
        "contents.json",
        "index.json",
        "oci-layout",
        "SHA256SUMS",
    }


def test_names_carry_both_annotations_and_foreign_entries_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "layout"
    with Layout.open(path, writing=True) as layout:
        _add(layout, "docker.io", "1.0")
        layout.finish(lambda: b"{}")
    index = json.loads((path / "index.json").read_text())
    assert index["manifests"][0]["annotations"] == {
        "org.opencontainers.image.ref.name": "docker.io/app:1.0",
        "io.containerd.image.name": "docker.io/app:1.0",
    }
    foreign = {"mediaType": "x/y", "digest": digest_of(b"x"), "size": 1, "platform": {"os": "linux"}, "data": "eA=="}
    index["manifests"].append(foreign)
    (path / "index.json").write_text(json.dumps(index))
    with Layout.open(path, writing=True) as layout:
        _add(layout, "docker.io", "2.0")
    assert foreign in json.loads((path / "index.json").read_text())["manifests"]


def test_an_interrupted_addition_leaves_a_layout_that_is_right_and_says_less(tmp_path: Path) -> None:
    path = tmp_path / "layout"
    with Layout.open(path, writing=True) as layout:
        _add(layout, "s", "1")
        layout.finish(lambda: b"{}")
    with Layout.open(path, writing=True) as layout:
        _add(layout, "s", "2")  # and no finish
    with Layout.open(path) as layout:
        assert layout.names() == ["s/app:1", "s/app:2"]
    assert not (path / "SHA256SUMS").exists()
    assert not (path / "contents.json").exists()


def test_a_tag_whose_manifest_is_lost_is_not_there_and_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "layout"
    lost = path / "blobs/sha256" / digest_of(RAW).partition(":")[2]
    with Layout.open(path, writing=True) as layout:
        store = layout.holding("s")
        _add(layout, "s", "1")
        lost.unlink()
        assert store.head_manifest("app", "1") is None
        _add(layout, "s", "1")
        assert store.get_manifest("app", "1").raw == RAW


def test_a_damaged_manifest_without_a_name_may_be_anybody_s_signature(tmp_path: Path) -> None:
    """To leave it out would be to copy an image without its signature, and say nothing."""
    signed = Manifest.parse(RAW)
    entry = {"digest": signed.digest, "size": signed.size}
    signature = Manifest.parse(json.dumps({"schemaVersion": 2, "layers": [], "subject": entry}).encode())
    with Layout.open(tmp_path / "layout", writing=True) as layout:
        _add(layout, "s", "1")
        layout.holding("s").put_manifest("app", signature)
        layout.finish(lambda: b"{}")
    assert [
        one.digest for one in Layout.open(tmp_path / "layout").holding("s").referrers("app", signed.digest) or ()
    ] == [signature.digest]

    (tmp_path / "layout/blobs/sha256" / signature.digest.partition(":")[2]).write_bytes(signature.raw[:-1] + b" ")
    with pytest.raises(RegistryError, match="CHR0433"):
        Layout.open(tmp_path / "layout").holding("s").referrers("app", signed.digest)
