"""What the mirror asks of a store, of a real registry, a layout folder and a layout tar: the same of all three."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from hashlib import sha512
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.mirror.contents import describe
from pulumi_chaosreg.oci import Descriptor, Host, Manifest, Registry, RegistryError, Store
from pulumi_chaosreg.oci.layout import Layout
from pulumi_chaosreg.oci.manifest import digest_of as digest_by
from pulumi_chaosreg.oci.problems import problem
from tests.support.builder import LAYER, Tree, digest_of, image, index, layer, referring

pytestmark = pytest.mark.registry

SERVER = "registry.example:5000"


@dataclass
class Kept:
    """A store, and the same one as somebody finds it who comes later."""

    store: Store
    later: Callable[[], Store] = field(repr=False)


@pytest.fixture(params=["registry", "folder", "tar"])
def kept(request, tmp_path: Path, host: Host) -> Iterator[Kept]:
    if request.param == "registry":
        with RegistryServer(tmp_path / "registry") as server:
            yield Kept(Registry(server.host, host=host), lambda: Registry(server.host, host=host))
        return
    path = tmp_path / ("layout.tar" if request.param == "tar" else "layout")
    with Layout.open(path, writing=True, host=host) as layout:

        def later() -> Store:
            layout.finish(lambda: describe(layout))
            return Layout.open(path).holding(SERVER)

        yield Kept(layout.holding(SERVER), later)


@pytest.fixture
def store(kept: Kept) -> Store:
    return kept.store


def _source(*chunks: bytes) -> Callable[[], AbstractContextManager[Iterator[bytes]]]:
    @contextmanager
    def opened() -> Iterator[Iterator[bytes]]:
        yield iter(chunks)

    return opened


def _blob(content: bytes, algorithm: str = "sha256") -> Descriptor:
    return Descriptor("", digest_by(content, algorithm), len(content))


def _put_blob(store: Store, content: bytes, repository: str = "app") -> Descriptor:
    blob = _blob(content)
    store.put_blob(repository, blob, _source(content))
    return blob


def _put(store: Store, tree: Tree, tag: str | None = "1", repository: str = "app") -> Manifest:
    for part in tree.everything():
        for content in part.blobs:
            _put_blob(store, content, repository)
        manifest = Manifest.parse(part.raw, part.media_type)
        store.put_manifest(repository, manifest, tag if part is tree else None)
    return manifest


def _read(store: Store, blob: Descriptor, repository: str = "app") -> bytes:
    with store.open_blob(repository, blob) as chunks:
        return b"".join(chunks)


@pytest.mark.parametrize(
    "tree",
    [
        image(layer("a"), layer("b")),
        image(layer("a"), docker=True),
        index(image(layer("a"), name="x"), image(layer("b"), name="y")),
        index(index(image(layer("a"))), docker=True),
    ],
    ids=["image", "docker image", "index", "nested index"],
)
def test_an_image_comes_back_byte_for_byte_by_tag_and_by_digest(kept: Kept, tree: Tree) -> None:
    _put(kept.store, tree)
    for store in (kept.store, kept.later()):
        for reference in ("1", tree.digest):
            manifest = store.get_manifest("app", reference)
            assert (manifest.raw, manifest.media_type, manifest.digest) == (tree.raw, tree.media_type, tree.digest)
            found = store.head_manifest("app", reference)
            assert found == Descriptor(tree.media_type, tree.digest, len(tree.raw))
        for part in tree.everything():
            assert store.get_manifest("app", part.digest, media_type=part.media_type).raw == part.raw
            for content in part.blobs:
                assert _read(store, _blob(content)) == content


def test_what_is_not_there_is_said_to_be_missing(kept: Kept) -> None:
    _put(kept.store, image(layer("a")))
    nothing = digest_of(b"nothing")
    for store in (kept.store, kept.later()):
        assert store.head_manifest("app", "2") is None
        assert store.head_manifest("app", nothing) is None
        assert store.head_manifest("other", "1") is None
        assert store.list_tags("other") == []
        assert not store.has_blob("app", nothing)
        assert not store.delete_manifest("app", "2")
        for ask in (
            lambda store=store: store.get_manifest("app", "2"),
            lambda store=store: store.get_manifest("app", nothing),
            lambda store=store: _read(store, Descriptor("", nothing, 7)),
        ):
            with pytest.raises(RegistryError) as caught:
                ask()
            assert caught.value.status == 404


def test_tags_are_listed_for_their_own_repository(kept: Kept) -> None:
    for tag in ("1", "2.0-rc.1", f"sha256-{'a' * 64}.sig"):
        _put(kept.store, image(layer("a"), name=tag), tag)
    _put(kept.store, image(layer("b")), "3", "app/inner")
    for store in (kept.store, kept.later()):
        assert sorted(store.list_tags("app")) == ["1", "2.0-rc.1", f"sha256-{'a' * 64}.sig"]
        assert store.list_tags("app/inner") == ["3"]


def test_a_tag_that_is_written_again_stands_for_the_new_image(kept: Kept) -> None:
    _put(kept.store, image(layer("a"), name="old"))
    new = _put(kept.store, image(layer("a"), name="new"))
    for store in (kept.store, kept.later()):
        found = store.head_manifest("app", "1")
        assert found
        assert found.digest == new.digest
        assert store.list_tags("app") == ["1"]


def test_a_deleted_tag_leaves_the_other_tags_of_its_image(kept: Kept) -> None:
    manifest = _put(kept.store, image(layer("a")))
    kept.store.put_manifest("app", manifest, "2")
    assert kept.store.delete_manifest("app", "1")
    for store in (kept.store, kept.later()):
        assert store.head_manifest("app", "1") is None
        assert store.get_manifest("app", "2") == manifest


def test_a_deleted_digest_is_gone_with_its_tags(kept: Kept) -> None:
    manifest = _put(kept.store, image(layer("a")))
    kept.store.put_manifest("app", manifest, "2")
    other = _put(kept.store, image(layer("a"), name="other"), "3")
    assert kept.store.delete_manifest("app", manifest.digest)
    for store in (kept.store, kept.later()):
        assert [store.head_manifest("app", name) for name in ("1", "2", manifest.digest)] == [None] * 3
        assert store.get_manifest("app", "3") == other


def test_referrers_are_listed_or_the_store_says_that_it_cannot(kept: Kept) -> None:
    app = image(layer("a"))
    _put(kept.store, app)
    signature = referring(app, b"signature")
    _put_blob(kept.store, b"{}")
    _put_blob(kept.store, b"signature")
    listed = kept.store.put_manifest("app", Manifest.parse(signature.raw, signature.media_type))
    for store in (kept.store, kept.later()):
        assert store.get_manifest("app", signature.digest).subject == app.digest
        found = store.referrers("app", app.digest)
        assert (found is not None) == listed
        if found is not None:
            assert [one.digest for one in found] == [signature.digest]
            assert store.referrers("app", signature.digest) == ()


@pytest.mark.parametrize("chunks", [(), (b"one",), (b"a" * 1_500_000, b"b", b"c" * 3_000_000)], ids=["0", "3", "4.5M"])
def test_a_blob_of_any_size_comes_back(kept: Kept, chunks: tuple[bytes, ...]) -> None:
    content = b"".join(chunks)
    kept.store.put_blob("app", _blob(content), _source(*chunks))
    assert kept.store.has_blob("app", digest_of(content))
    assert _read(kept.store, _blob(content)) == content


def test_a_blob_and_a_manifest_may_be_named_by_sha512(kept: Kept) -> None:
    content = b"by sha512"
    blob = _blob(content, "sha512")
    kept.store.put_blob("app", blob, _source(content))
    config = _put_blob(kept.store, b"{}")
    entries = f'{{"mediaType": "{LAYER}", "digest": "{blob.digest}", "size": {blob.size}}}'
    raw = (
        f'{{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [{entries}], '
        f'"config": {{"mediaType": "application/json", "digest": "{config.digest}", "size": 2}}}}'
    ).encode()
    kept.store.put_manifest("app", Manifest.parse(raw), "1")
    for store in (kept.store, kept.later()):
        assert blob.digest == f"sha512:{sha512(content).hexdigest()}"
        assert _read(store, blob) == content
        assert store.get_manifest("app", "1").blobs[1].digest == blob.digest


def test_wrong_content_is_refused_and_the_right_one_taken_afterwards(kept: Kept) -> None:
    content = b"the content"
    with pytest.raises(RegistryError):
        kept.store.put_blob("app", _blob(content), _source(b"the CONTENT"))
    assert not kept.store.has_blob("app", digest_of(content))
    _put_blob(kept.store, content)
    assert _read(kept.store, _blob(content)) == content


def test_a_source_that_breaks_off_is_opened_again(kept: Kept) -> None:
    content, tries = layer("a", 2_000_000), []

    @contextmanager
    def source() -> Iterator[Iterator[bytes]]:
        tries.append(1)
        yield chunks(fail=len(tries) == 1)

    def chunks(fail: bool) -> Iterator[bytes]:
        yield content[:1_000_000]
        if fail:
            raise problem("CHR0418", server="s", repository="r", subject="blob", cause="broke", transient=True)
        yield content[1_000_000:]

    kept.store.put_blob("app", _blob(content), source)
    assert len(tries) == 2
    assert _read(kept.store, _blob(content)) == content


def test_an_image_whose_parts_are_not_there_is_refused(kept: Kept) -> None:
    tree = image(layer("a"))
    with pytest.raises(RegistryError):
        kept.store.put_manifest("app", Manifest.parse(tree.raw, tree.media_type), "1")
    assert kept.store.head_manifest("app", "1") is None
    _put_blob(kept.store, b"something else")  # so that there is a store at all


def test_a_blob_is_taken_over_from_another_repository(store: Store) -> None:
    blob = _put_blob(store, b"shared", "one")
    assert store.mount_blob("two", blob.digest, "one") is None
    assert store.has_blob("two", blob.digest)
    assert _read(store, blob, "two") == b"shared"
    upload = store.mount_blob("two", digest_of(b"not there"), "one")
    assert upload is not None
    store.cancel_upload("two", upload)


def test_many_threads_write_at_once(kept: Kept) -> None:
    """Images that share a layer, an equal one from several threads, and tags that are all there in the end."""
    trees = [index(image(layer("base"), layer(f"own {n % 6}"), name=str(n % 6))) for n in range(12)]
    start = threading.Barrier(len(trees))

    def put(number: int) -> str:
        start.wait()
        return _put(kept.store, trees[number], f"v{number}").digest

    with ThreadPoolExecutor(len(trees)) as pool:
        digests = list(pool.map(put, range(len(trees))))

    store = kept.later()
    assert {tag: store.get_manifest("app", tag).digest for tag in store.list_tags("app")} == {
        f"v{number}": digest for number, digest in enumerate(digests)
    }
    for content in {content for tree in trees for part in tree.everything() for content in part.blobs}:
        assert _read(store, _blob(content)) == content
