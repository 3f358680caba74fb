"""Copies between two real registries, judged by the registries' logs and by crane."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Cancelled, Copied, Mirror, Progress, Wanted
from pulumi_chaosreg.oci import Registry
from pulumi_chaosreg.provider.mirrored_image import MirroredImage
from tests.support import builder
from tests.support.builder import image, index, layer, push
from tests.support.faults import FaultServer, Reply, Seen

pytestmark = pytest.mark.registry


def at(server: RegistryServer, repository: str, tag: str = "1") -> Reference:
    return Reference(server.host, repository, tag)


def asked(server: RegistryServer, method: str, part: str) -> list[str]:
    return [request.path for request in server.requests() if request.method == method and part in request.path]


def rich_index() -> builder.Tree:
    """All that real images have: two platforms, an attestation, Docker types, a nested index, odd layers."""
    return index(
        image(layer("a"), layer("shared"), architecture="amd64"),
        image(layer("b"), layer("shared"), layer("shared"), architecture="arm64"),
        image(b"", docker=True, note="a layer of no bytes"),
        index(image(layer("nested")), docker=True),
        image(layer("sbom", 500), layer_type="application/vnd.in-toto+json", architecture="unknown", os="unknown"),
        purpose="test",
    )


def test_every_manifest_arrives_byte_for_byte(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, crane: Callable[..., bytes]
) -> None:
    tree = push(upstream.host, "harness/rich", "1", rich_index())

    copied = mirror.copy(at(upstream, "harness/rich"), at(target, "mirror/rich"))

    assert copied.digest == tree.digest
    assert crane("digest", f"{target.host}/mirror/rich:1").decode().strip() == tree.digest
    for part in tree.everything():
        assert crane("manifest", f"{target.host}/mirror/rich@{part.digest}") == part.raw
        for blob in part.blobs:
            assert crane("blob", f"{target.host}/mirror/rich@{builder.digest_of(blob)}") == blob


def test_each_blob_is_read_once_by_six_copies_at_the_same_time(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    common = [layer(f"common-{number}", 2_000_000) for number in range(3)]
    trees = {f"app-{n}": index(image(*common, layer(f"own-{n}", 300_000), name=f"{n}")) for n in range(6)}
    for name, tree in trees.items():
        push(upstream.host, f"harness/{name}", "1", tree)

    with ThreadPoolExecutor(6) as threads:
        results = list(
            threads.map(lambda name: mirror.copy(at(upstream, f"harness/{name}"), at(target, f"m/{name}")), trees)
        )

    unique = set().union(*(tree.blob_digests() for tree in trees.values()))
    fetched = Counter(path.rpartition("/")[2] for path in asked(upstream, "GET", "/blobs/"))
    assert fetched == Counter(unique)
    assert sum(result.blobs_copied for result in results) == len(unique)
    assert sum(result.blobs_mounted for result in results) == 3 * 5
    uploads = [r for r in target.requests() if r.method == "PUT" and "/blobs/uploads/" in r.path]
    mounts = [r for r in target.requests() if r.method == "POST" and "mount=" in r.query and r.status == 201]
    assert (len(uploads), len(mounts)) == (len(unique), 3 * 5)
    assert [mirror.digest(at(target, f"m/{name}")) for name in trees] == [tree.digest for tree in trees.values()]


def test_a_small_blob_costs_one_question_and_its_upload(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    push(upstream.host, "app", "1", image(layer("old"), name="one"))
    push(upstream.host, "app", "2", image(layer("old"), layer("new"), name="two"))

    mirror.copy(at(upstream, "app"), at(target, "m/app"))
    cold = [request.method for request in target.requests() if "/blobs/" in request.path]
    assert sorted(cold) == ["POST"] * 2 + ["PUT"] * 2

    with Mirror() as another:  # which does not know what the target has
        result = another.copy(at(upstream, "app", "2"), at(target, "m/app", "2"))
    warm = [request.method for request in target.requests() if "/blobs/" in request.path][len(cold) :]
    assert sorted(warm) == ["POST"] * 3 + ["PUT"] * 2
    assert (result.blobs_skipped, result.blobs_copied, result.blobs_mounted) == (1, 2, 0)


def test_a_registry_that_never_mounts_gets_no_large_blob_twice(
    upstream: RegistryServer, target: RegistryServer
) -> None:
    def never_mounts(seen: Seen) -> Reply | None:  # as ECR does by default: it opens an upload instead
        if "mount=" not in seen.query:
            return None
        session = builder.urllib3.request("POST", f"http://{target.host}{seen.path}").headers["Location"]
        return Reply(202, headers={"Location": session})

    big = layer("big", 2_000_000)
    push(upstream.host, "app", "1", image(big, name="one"))
    push(upstream.host, "app", "2", image(big, name="two"))
    with FaultServer(never_mounts, target.host) as front:
        for tag in ("1", "2"):
            with Mirror() as one:
                one.copy(at(upstream, "app", tag), Reference(front.host, "app", tag))

    queries = [request.query for request in target.requests() if request.method == "PUT"]
    sent = [query.rpartition("digest=")[2].replace("%3A", ":") for query in queries if "digest=" in query]
    assert sent.count(builder.digest_of(big)) == 1
    assert len(sent) == 3


def test_a_second_copy_costs_one_request_to_the_target(upstream: RegistryServer, target: RegistryServer) -> None:
    tree = push(upstream.host, "harness/app", "1", image(layer("x")))
    with Mirror() as first:
        first.copy(at(upstream, "harness/app"), at(target, "app"), Wanted(digest=tree.digest))
    before, asked_before = len(target.requests()), len(upstream.requests())

    with Mirror() as second:
        again = second.copy(at(upstream, "harness/app"), at(target, "app"), Wanted(digest=tree.digest))

    assert again == Copied(tree.digest)
    assert (len(target.requests()) - before, len(upstream.requests()) - asked_before) == (1, 0)


def test_a_tag_that_moved_is_overwritten_and_only_new_layers_travel(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    push(upstream.host, "app", "1", image(layer("base"), layer("old")))
    mirror.copy(at(upstream, "app"), at(target, "app"))
    new = push(upstream.host, "app", "1", image(layer("base"), layer("new"), version="2"))

    with Mirror() as fresh:
        result = fresh.copy(at(upstream, "app"), at(target, "app"))

    assert (result.blobs_copied, result.blobs_skipped) == (2, 1)
    assert mirror.digest(at(target, "app")) == new.digest


def test_a_digest_is_copied_even_when_the_source_tag_moved(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    locked = push(upstream.host, "app", "1", image(layer("reviewed")))
    push(upstream.host, "app", "1", image(layer("surprise")))

    mirror.copy(at(upstream, "app"), at(target, "app"), Wanted(digest=locked.digest))

    assert mirror.digest(at(target, "app")) == locked.digest


def test_a_digest_that_is_asked_for_counts_more_than_one_in_the_source(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    asked_for, other = (push(upstream.host, "app", tag, image(layer(tag))) for tag in ("1", "2"))
    source = replace(at(upstream, "app"), digest=other.digest)
    assert mirror.copy(source, at(target, "app"), Wanted(digest=asked_for.digest)).digest == asked_for.digest


def test_within_one_registry_everything_is_mounted(upstream: RegistryServer, mirror: Mirror) -> None:
    tree = push(upstream.host, "team/app", "1", index(image(layer("x"), layer("y"))))

    result = mirror.copy(at(upstream, "team/app"), at(upstream, "other/app"))

    assert (result.blobs_mounted, result.bytes_copied) == (3, 0)
    assert mirror.digest(at(upstream, "other/app")) == tree.digest


def test_a_target_that_was_emptied_during_the_run_is_looked_at_again(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    tree = push(upstream.host, "app", "1", image(layer("x")))
    mirror.copy(at(upstream, "app"), at(target, "app"))
    target.wipe()

    mirror.copy(at(upstream, "app"), at(target, "app"))

    assert mirror.digest(at(target, "app")) == tree.digest


def test_progress_only_grows_and_ends_complete(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    tree = push(upstream.host, "app", "1", index(image(layer("big", 5_000_000), layer("small"))))
    seen: list[Progress] = []

    mirror.copy(at(upstream, "app"), at(target, "app"), progress=seen.append)

    total = sum(len(blob) for part in tree.everything() for blob in part.blobs)
    assert [one.bytes_done for one in seen] == sorted(one.bytes_done for one in seen)
    assert len({one.bytes_done for one in seen}) >= 5  # it moved while the large layer was under way
    assert (seen[-1].bytes_done, seen[-1].bytes_total, seen[-1].blob, seen[-1].blobs) == (total, total, 3, 3)


def test_a_cancelled_copy_stops_between_chunks_and_writes_no_tag(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, stop: threading.Event
) -> None:
    push(upstream.host, "app", "1", image(layer("long", 30_000_000)))
    seen: list[Progress] = []

    def stop_after_a_while(progress: Progress) -> None:
        seen.append(progress)
        if progress.bytes_done > 5_000_000:
            stop.set()

    with pytest.raises(Cancelled, match="CHR0417"):
        mirror.copy(at(upstream, "app"), at(target, "app"), progress=stop_after_a_while)

    assert seen[-1].bytes_done < 10_000_000
    assert Registry(target.host).head_manifest("app", "1") is None


def test_who_waited_for_a_copy_that_failed_takes_its_blob_over(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    shared = layer("shared-and-long", 20_000_000)
    push(upstream.host, "one", "1", image(shared, name="one"))
    other = push(upstream.host, "two", "1", image(shared, name="two"))
    under_way = threading.Event()

    def hold_until_the_other_waits(progress: Progress) -> None:
        if not under_way.is_set():
            under_way.set()
            assert joined.wait(20)
            raise ZeroDivisionError

    joined = threading.Event()
    original = mirror._shared.flights.join

    def join_and_tell(*arguments):
        result = original(*arguments)
        if not result[1]:
            joined.set()
        return result

    mirror._shared.flights.join = join_and_tell
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(mirror.copy, at(upstream, "one"), at(target, "one"), progress=hold_until_the_other_waits)
        assert under_way.wait(20)
        second = threads.submit(mirror.copy, at(upstream, "two"), at(target, "two"))
        assert second.result(60).digest == other.digest
        assert isinstance(first.exception(60), ZeroDivisionError)


def test_the_tag_alone_is_deleted(upstream: RegistryServer, mirror: Mirror) -> None:
    tree = push(upstream.host, "app", "1", image(layer("x")))
    push(upstream.host, "app", "2", tree)

    mirror.remove(upstream.host, "app", ["1"])
    mirror.remove(upstream.host, "app", ["1"])

    assert mirror.digest(at(upstream, "app", "1")) is None
    assert mirror.digest(at(upstream, "app", "2")) == tree.digest


def test_a_missing_source_is_one_clear_error(upstream: RegistryServer, target: RegistryServer, mirror: Mirror) -> None:
    with pytest.raises(ChaosregError, match=r"CHR0405.*has no tag `1` in `nowhere`"):
        mirror.copy(at(upstream, "nowhere"), at(target, "app"))


FOREIGN = pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    ],
    ids=["Docker", "OCI"],
)


@pytest.fixture
def open_registries(tmp_path: Path) -> Iterator[tuple[RegistryServer, RegistryServer]]:
    """Two that take manifests with layers at that vendor's address: distribution allows none by itself."""
    allowed = {"validation": {"manifests": {"urls": {"allow": [r"^https://mcr\.example/"]}}}}
    with (
        RegistryServer(tmp_path / "open-source", extra=allowed) as source,
        RegistryServer(tmp_path / "open-target", extra=allowed) as goal,
    ):
        yield source, goal


def pushed_with_foreign_base(server: RegistryServer, media_type: str) -> tuple[builder.Tree, str]:
    """An image, and the digest of its base layer, which is at its vendor's address only."""
    base = {"digest": builder.digest_of(b"base"), "size": 4, "urls": ["https://mcr.example/blob"]}
    plain = image(layer("own"), docker="docker" in media_type)
    document = json.loads(plain.raw)
    document["layers"].insert(0, {"mediaType": media_type, **base})
    tree = replace(plain, raw=json.dumps(document, indent=2).encode())
    return push(server.host, "win", "1", tree), str(base["digest"])


@FOREIGN
def test_foreign_layers_are_kept_by_reference_where_somebody_wants_that(
    open_registries: tuple[RegistryServer, RegistryServer], mirror: Mirror, crane: Callable[..., bytes], media_type: str
) -> None:
    source, goal = open_registries
    tree, base = pushed_with_foreign_base(source, media_type)

    copied = mirror.copy(at(source, "win"), at(goal, "win"), Wanted(keep_foreign=True))

    assert crane("manifest", f"{goal.host}/win:1") == tree.raw
    assert copied.blobs_copied == 2  # its config and its own layer
    assert not asked(source, "GET", f"/blobs/{base}")
    assert mirror.missing(at(goal, "win")) == []  # a pull asks the vendor for the rest
    inputs = {"source": str(at(source, "win")), "target": str(at(goal, "again")), "foreignLayers": "keep"}
    assert MirroredImage(mirror).put(inputs, lambda _: None)[1]["digest"] == tree.digest


@FOREIGN
def test_a_target_that_takes_no_references_to_a_vendor_says_so_itself(
    open_registries: tuple[RegistryServer, RegistryServer], target: RegistryServer, mirror: Mirror, media_type: str
) -> None:
    source, _ = open_registries
    pushed_with_foreign_base(source, media_type)
    with pytest.raises(ChaosregError, match="invalid URL on layer"):
        mirror.copy(at(source, "win"), at(target, "win"), Wanted(keep_foreign=True))
    assert mirror.digest(at(target, "win")) is None


def test_foreign_layers_are_refused(upstream: RegistryServer, target: RegistryServer, mirror: Mirror) -> None:
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    tree = image(layer("windows"), layer_type=foreign, urls=["https://mcr.example/blob"])
    push(upstream.host, "win", "1", tree)

    with pytest.raises(ChaosregError, match=f"CHR0416.*{foreign}"):
        mirror.copy(at(upstream, "win"), at(target, "win"))

    assert mirror.digest(at(target, "win")) is None
