"""Manifests: read without being written again, and refused when they could mean two things."""

import hashlib
import json

import pytest

from pulumi_chaosreg.oci.blob import proven
from pulumi_chaosreg.oci.manifest import DOCKER_LIST, OCI_INDEX, OCI_MANIFEST, Descriptor, MalformedManifest, Manifest
from pulumi_chaosreg.oci.problems import RegistryError

ENTRY = {"mediaType": "t", "digest": "sha256:" + "a" * 64, "size": 3}


def raw(**document: object) -> bytes:
    return json.dumps({"schemaVersion": 2, **document}, indent=7).encode()


def test_the_bytes_stay_as_they_are_and_the_digest_is_computed() -> None:
    body = raw(config=ENTRY, layers=[ENTRY, ENTRY])
    manifest = Manifest.parse(body, OCI_MANIFEST + "; charset=utf-8")
    assert manifest.raw is body
    assert manifest.digest == f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert manifest.media_type == OCI_MANIFEST
    assert manifest.blobs == (Descriptor("t", "sha256:" + "a" * 64, 3),) * 3


@pytest.mark.parametrize(
    ("document", "header", "media_type"),
    [
        ({"manifests": [ENTRY]}, "", OCI_INDEX),
        ({"manifests": [ENTRY], "mediaType": DOCKER_LIST}, "application/json", DOCKER_LIST),
        ({"config": ENTRY}, "text/plain", OCI_MANIFEST),
        ({"blobs": [ENTRY]}, "application/vnd.unknown+json", "application/vnd.unknown+json"),
    ],
)
def test_the_type_to_push_with(document: dict[str, object], header: str, media_type: str) -> None:
    assert Manifest.parse(raw(**document), header).media_type == media_type


def test_null_is_how_go_writes_an_empty_list() -> None:
    manifest = Manifest.parse(raw(manifests=None, subject=None))
    assert (manifest.is_index, manifest.children) == (True, ())
    assert Manifest.parse(raw(layers=[{**ENTRY, "urls": None, "mediaType": None}])).blobs[0].distributable


@pytest.mark.parametrize(
    ("body", "header", "cause"),
    [
        (b"not json", OCI_MANIFEST, "not JSON"),
        (b"[]", OCI_MANIFEST, "not JSON"),
        (raw(manifests=[ENTRY], layers=[ENTRY]), "", "both an index and an image"),
        (raw(config=ENTRY, mediaType=OCI_MANIFEST), OCI_INDEX, "calls itself"),
        (raw(layers=[{"digest": "sha256:../../x", "size": 1}]), "", "no valid digest"),
        (raw(layers=[{"digest": ENTRY["digest"], "size": -1}]), "", "no valid digest"),
        (raw(layers=["x"]), "", "no valid digest"),
        (raw(layers={"a": 1}), "", "not a list"),
        (raw(layers=""), "", "not a list"),
        (raw(manifests={}), "", "not a list"),
        (raw(manifests=0), "", "not a list"),
        (raw(layers=[], config={}), "", "no valid digest"),
        (raw(layers=[], subject={}), "", "no valid digest"),
        (raw(layers=[], subject="sha256:..."), "", "no valid digest"),
        (raw(layers=[{**ENTRY, "size": True}]), "", "no valid digest"),
        (raw(layers=[{**ENTRY, "urls": "https://vendor.example"}]), "", "`urls`"),
        (raw(layers=[{**ENTRY, "urls": [1]}]), "", "`urls`"),
        (raw(layers=[{**ENTRY, "mediaType": 7}]), "", "`mediaType`"),
        (b'{"schemaVersion": 1}', "", "schema 1"),
        (b"{}", "application/vnd.docker.distribution.manifest.v1+prettyjws", "schema 1"),
        (b" " * ((4 << 20) + 1), "", "4 MiB"),
    ],
)
def test_what_is_refused(body: bytes, header: str, cause: str) -> None:
    with pytest.raises(MalformedManifest, match=cause):
        Manifest.parse(body, header)


def blob(content: bytes) -> Descriptor:
    return Descriptor("", f"sha256:{hashlib.sha256(content).hexdigest()}", len(content))


@pytest.mark.parametrize("chunks", [[], [b"one"], [b"one", b"two", b"three"]])
def test_right_content_passes_as_it_came(chunks: list[bytes]) -> None:
    assert list(proven(chunks, blob(b"".join(chunks)), "r", "a")) == chunks


@pytest.mark.parametrize("chunks", [[b"one", b"tWo"], [b"one"], [b"one", b"two", b"3"], []])
def test_wrong_content_never_passes_complete(chunks: list[bytes]) -> None:
    passed: list[bytes] = []
    with pytest.raises(RegistryError, match="CHR0407"):
        passed.extend(proven(chunks, blob(b"onetwo"), "r", "a"))
    assert len(b"".join(passed)) < len(b"onetwo")


@pytest.mark.parametrize("depth", [101, 900, 980, 200_000])
def test_what_is_nested_too_deep_to_be_read_again_is_no_manifest(depth: int) -> None:
    """Depths just below Python's limit could be read once, and raised RecursionError further down."""
    assert Manifest.parse(b'{"schemaVersion": 2, "x": %s}' % (b"[" * 99 + b"]" * 99)).children == ()
    with pytest.raises(MalformedManifest):
        Manifest.parse(b'{"schemaVersion": 2, "x": %s}' % (b"[" * depth + b"]" * depth))
