"""What an image's manifests say comes from elsewhere: too many, too large, or of a wrong type. One clear error each."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror.companions import Tags
from pulumi_chaosreg.mirror.image import one_by_one, read_image
from pulumi_chaosreg.mirror.platforms import read_subset, subset
from pulumi_chaosreg.mirror.referrers_lists import ReferrersLists
from pulumi_chaosreg.mirror.source import read_source
from pulumi_chaosreg.mirror.wanted import Wanted
from pulumi_chaosreg.oci import Descriptor, Manifest, RegistryError
from pulumi_chaosreg.oci.layout import Layout
from pulumi_chaosreg.oci.manifest import OCI_INDEX, OCI_MANIFEST, digest_of, referrers_tag
from pulumi_chaosreg.oci.store import Store

CONFIG = "application/vnd.oci.image.config.v1+json"
AMD, ARM = ({"os": "linux", "architecture": architecture} for architecture in ("amd64", "arm64"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Layout.open(tmp_path / "layout", writing=True) as layout:
        yield layout.holding("h.example")


def _entry(seed: str, **more: object) -> dict[str, object]:
    return {"mediaType": OCI_MANIFEST, "digest": digest_of(seed.encode()), "size": 1, **more}


def _index(*entries: object, **more: object) -> Manifest:
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries, **more}
    return Manifest.parse(json.dumps(document, ensure_ascii=False).encode(), OCI_INDEX)


class Flood:
    """A stand-in for a hostile registry: whatever child is asked for, it has one of that size."""

    server = "h.example"

    def __init__(self, size: int) -> None:
        self.asked = 0
        self._raw = b"{" + b" " * (size - 2) + b"}"

    def get_manifest(self, repository: str, reference: str, *, media_type: str = "") -> Manifest:
        self.asked += 1
        return Manifest(self._raw, OCI_MANIFEST, reference)


@pytest.mark.parametrize(
    ("children", "size", "cause", "most"),
    [(2_000, 2, "more than 2,000 manifests", 0), (1_999, 4 << 20, "exceed 64 MiB in total", 17)],
)
def test_an_index_that_names_too_much_is_refused(children: int, size: int, cause: str, most: int) -> None:
    flood = Flood(size)
    root = _index(*(_entry(str(number)) for number in range(children)))
    with pytest.raises(RegistryError, match=f"CHR0415.*{cause}"):
        read_image(flood, "app", root.digest, root=root)  # type: ignore[arg-type]
    assert flood.asked == most


def test_an_index_that_names_very_much_is_read() -> None:
    root = _index(*(_entry(str(number)) for number in range(1_999)))
    assert len(read_image(Flood(2), "app", root.digest, root=root).manifests) == 2_000  # type: ignore[arg-type]


@pytest.mark.parametrize("named", [["x"], {"x": 1}, 5, None])
def test_an_attestation_of_nothing_that_there_is_goes(named: object) -> None:
    odd = _entry("odd", annotations={"vnd.docker.reference.digest": named})
    kept = subset(_index(_entry("amd", platform=AMD), odd), ["linux/amd64"])
    assert [child.digest for child in kept.children] == [digest_of(b"amd")]


def test_a_config_that_nests_without_end_says_no_platform(store: Store) -> None:
    raw = b"[" * 200_000

    @contextmanager
    def source() -> Iterator[Iterator[bytes]]:
        yield iter((raw,))

    config = Descriptor(CONFIG, digest_of(raw), len(raw))
    store.put_blob("app", config, source)
    listed = {"mediaType": CONFIG, "digest": config.digest, "size": config.size}
    image = Manifest.parse(json.dumps({"schemaVersion": 2, "config": listed, "layers": []}).encode(), OCI_MANIFEST)
    store.put_manifest("app", image, "1")
    assert read_subset(store, "app", image.digest, ["linux/amd64"]) == image


def test_a_subset_that_grows_beyond_a_manifest_is_refused() -> None:
    index = _index(_entry("amd", platform=AMD), _entry("arm", platform=ARM), annotations={"x": "é" * (1 << 20)})

    class One(Flood):
        def get_manifest(self, repository: str, reference: str, *, media_type: str = "") -> Manifest:
            return index

    with pytest.raises(RegistryError, match=r"CHR0415.*with these platforms only, it is larger than 4 MiB"):
        read_subset(One(2), "app", index.digest, ["linux/amd64"])  # type: ignore[arg-type]


def test_a_list_of_referrers_that_would_grow_beyond_a_manifest_is_refused(store: Store) -> None:
    subject = _entry("subject")

    def referrer(note: str) -> Manifest:
        body = {"schemaVersion": 2, "layers": [], "subject": subject, "annotations": {"note": note}}
        manifest = Manifest.parse(json.dumps(body).encode(), OCI_MANIFEST)
        store.put_manifest("app", manifest)
        return manifest

    lists = ReferrersLists()
    lists.see_to(store, "app", referrer("a" * (3 << 20)), claimed=False)
    with pytest.raises(RegistryError, match=r"CHR0415.*with one more referrer, it is larger than 4 MiB"):
        lists.see_to(store, "app", referrer("b" * (3 << 20)), claimed=False)


def test_another_image_under_the_name_of_a_list_of_referrers_is_neither_read_as_empty_nor_overwritten(
    store: Store,
) -> None:
    subject = _entry("subject")
    referrer = Manifest.parse(json.dumps({"schemaVersion": 2, "layers": [], "subject": subject}).encode(), OCI_MANIFEST)
    image = Manifest.parse(b'{"schemaVersion": 2, "layers": []}', OCI_MANIFEST)
    tag = referrers_tag(subject["digest"])
    store.put_manifest("app", image, tag)
    store.put_manifest("app", referrer)

    with pytest.raises(RegistryError, match=r"CHR0423.*another image has this tag"):
        ReferrersLists().see_to(store, "app", referrer, claimed=False)
    found = store.head_manifest("app", tag)
    assert found is not None
    assert found.digest == image.digest


def test_a_list_of_tags_without_any_is_no_answer_where_there_is_an_image() -> None:
    """Some registries answer 404 to who lists tags: each is asked for then, or signatures would stay behind."""

    class One:
        server = "registry.example"

        def list_tags(self, repository: str) -> list[str]:
            return []

        def head_manifest(self, repository: str, reference: str) -> Descriptor | None:
            return Descriptor("", f"sha256:{'a' * 64}", 2) if reference == "there" else None

    tags = Tags(One())  # type: ignore[arg-type]
    assert (tags.has("app", "there"), tags.has("app", "gone")) == (True, False)


@pytest.mark.parametrize("listed", [[], None])
def test_an_index_without_any_image_is_not_mirrored(store: Store, listed: list[object] | None) -> None:
    """It would be copied at once, and no node could pull it."""
    empty = Manifest.parse(json.dumps({"schemaVersion": 2, "manifests": listed}).encode(), OCI_INDEX)
    store.put_manifest("app", empty, "1")
    source = Reference("h.example", "app", "1")
    with pytest.raises(RegistryError, match=r"CHR0415.*index without images"):
        read_source(store, source, None, Wanted(), one_by_one)
    with pytest.raises(RegistryError, match=r"CHR0332.*has no `linux/amd64`"):
        read_source(store, source, None, Wanted(platforms=["linux/amd64"]), one_by_one)
