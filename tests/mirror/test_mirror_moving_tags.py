"""Tags that move: each digest that a floating tag had keeps a tag of its own at the target."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.unique_tag import unique_tag
from pulumi_chaosreg.mirror import Mirror, Wanted
from pulumi_chaosreg.provider.mirrored_image import MirroredImage
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.still_wanted import StillWanted
from tests.support import builder
from tests.support.builder import image, index, layer, push
from tests.support.company import write_company
from tests.support.faults import FaultServer, Reply, Seen

pytestmark = pytest.mark.registry


def pushed(upstream: RegistryServer, version: str) -> builder.Tree:
    """The next image that upstream calls `latest`."""
    return push(upstream.host, "harness/app", "latest", index(image(layer(version), version=version)))


def latest(server: RegistryServer | FaultServer, repository: str = "app") -> Reference:
    return Reference(server.host, repository, "latest")


def test_a_tag_that_moved_leaves_its_former_digest_a_tag(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, crane: Callable[..., bytes]
) -> None:
    trees = []
    for version in ("1", "2"):
        trees.append(pushed(upstream, version))
        mirror.copy(latest(upstream, "harness/app"), latest(target), Wanted(unique=True))

    expected = {unique_tag("latest", tree.digest): tree.digest for tree in trees} | {"latest": trees[1].digest}
    assert set(crane("ls", f"{target.host}/app").decode().split()) == set(expected)
    for tag, digest in expected.items():
        assert crane("digest", f"{target.host}/app:{tag}").decode().strip() == digest
    # the unique tag came first: whoever was killed between the two left nothing that a later run could not see
    tagged = [
        r.path.rpartition("/")[2] for r in target.requests() if r.method == "PUT" and "/manifests/latest" in r.path
    ]
    assert tagged == [tag for tree in trees for tag in (unique_tag("latest", tree.digest), "latest")]


def test_one_request_for_each_of_the_two_when_nothing_is_to_do(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    tree = pushed(upstream, "1")
    for _ in range(2):
        before = len(target.requests()), len(upstream.requests())
        copied = mirror.copy(latest(upstream, "harness/app"), latest(target), Wanted(digest=tree.digest, unique=True))
    assert (len(target.requests()) - before[0], len(upstream.requests()) - before[1]) == (2, 0)
    assert copied.blobs_copied == 0


def test_a_unique_tag_that_is_gone_is_written_again_without_sending_blobs(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    tree = pushed(upstream, "1")
    mirror.copy(latest(upstream, "harness/app"), latest(target), Wanted(unique=True))
    unique = Reference(target.host, "app", unique_tag("latest", tree.digest))
    mirror.remove(target.host, "app", [str(unique.tag)])
    copied = mirror.copy(latest(upstream, "harness/app"), latest(target), Wanted(unique=True))
    assert (copied.blobs_copied, mirror.digest(unique)) == (0, tree.digest)


URN = "urn:pulumi:one::somebodys-program::chaosreg:index:MirroredImage::image"


@pytest.fixture
def images(mirror: Mirror, tmp_path: Path) -> MirroredImage:
    """In a project without stack files: nobody else wants anything."""
    (tmp_path / "Pulumi.yaml").write_text("name: somebodys-program\nruntime: python\n", "utf-8")
    return MirroredImage(mirror, StillWanted(Run(), tmp_path))


@pytest.fixture
def without_tag_deletes(target: RegistryServer) -> Iterator[FaultServer]:
    """distribution 2.8: deletes by digest only."""

    def script(seen: Seen) -> Reply | None:
        return Reply(405) if seen.method == "DELETE" and "/manifests/sha256:" not in seen.path else None

    with FaultServer(script, target.host) as front:
        yield front


@pytest.mark.parametrize("how", ["tag by tag", "by digest only"])
def test_with_on_destroy_delete_both_tags_go_and_those_of_former_digests_stay(
    upstream: RegistryServer,
    target: RegistryServer,
    mirror: Mirror,
    images: MirroredImage,
    without_tag_deletes: FaultServer,
    how: str,
) -> None:
    place, trees = target if how == "tag by tag" else without_tag_deletes, [pushed(upstream, "1")]
    inputs = {
        "source": str(latest(upstream, "harness/app")),
        "target": str(latest(place)),
        "onDestroy": "delete",
        "uniqueTag": True,
    }
    images.put(inputs, lambda _: None)
    trees.append(pushed(upstream, "2"))
    _, state = images.put(inputs, lambda _: None)
    old, new = (unique_tag("latest", tree.digest) for tree in trees)
    assert state["uniqueReference"] == f"{place.host}/app:{new}"

    images.remove(state, inputs, URN)

    there = {tag: mirror.digest(Reference(target.host, "app", tag)) for tag in ("latest", old, new)}
    assert there == {"latest": None, new: None, old: trees[0].digest}


def test_what_somebody_else_has_moved_is_not_deleted(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, images: MirroredImage
) -> None:
    pushed(upstream, "1")
    inputs = {
        "source": str(latest(upstream, "harness/app")),
        "target": str(latest(target)),
        "onDestroy": "delete",
        "uniqueTag": True,
    }
    _, state = images.put(inputs, lambda _: None)
    theirs = push(target.host, "app", "latest", image(layer("theirs")))

    assert f"moved the tag to {theirs.digest}" in images.remove(state, inputs, URN)

    assert mirror.digest(latest(target)) == theirs.digest
    assert mirror.digest(Reference.parse(state["uniqueReference"])) is None


def test_refresh_sees_that_the_unique_tag_is_gone(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    images = MirroredImage(mirror)
    pushed(upstream, "1")
    inputs = {"source": str(latest(upstream, "harness/app")), "target": str(latest(target)), "uniqueTag": True}
    ident, state = images.put(inputs, lambda _: None)
    inputs = {**inputs, "onDestroy": "retain"}
    state = {**state, "onDestroy": "retain"}

    assert images.look(ident, state, inputs) == (inputs, state)
    mirror.remove(target.host, "app", [state["uniqueReference"].rpartition(":")[2]])
    _, seen = images.look(ident, state, inputs) or ({}, {})
    assert images.diff(seen, inputs).updates == ("uniqueTag",)


def test_the_command_gives_only_moving_tags_a_second_one(tmp_path, upstream, target, crane, capsys) -> None:
    trees = {tag: push(upstream.host, "harness/app", tag, image(layer(tag))) for tag in ("main-latest", "1.2.3")}
    write_company(
        tmp_path,
        f"""\
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    image_registry: {{server: "{target.host}", type: public}}
    mirror: {{source: "{upstream.host}/harness", allow_sources: ["{upstream.host}"]}}
  chaosreg:infrastructures:
    a: {{cluster: {{context: a}}, required_images: ["harness/app:main-latest"]}}
    b: {{cluster: {{context: b}}, required_images: ["harness/app:1.2.3"]}}
""",
    )
    assert main(["--project", str(tmp_path), "lock"]) == 0
    assert main(["--project", str(tmp_path), "mirror"]) == 0, capsys.readouterr()
    unique = unique_tag("main-latest", trees["main-latest"].digest)
    assert set(crane("ls", f"{target.host}/app").decode().split()) == {"main-latest", unique, "1.2.3"}


@pytest.mark.parametrize("unique", [False, True])
def test_a_tag_that_was_right_before_us_is_not_ours_even_if_we_add_the_unique_one(
    unique: bool, upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    tree = pushed(upstream, "1")
    push(target.host, "app", "latest", tree)
    inputs = {"source": str(latest(upstream, "harness/app")), "target": str(latest(target)), "uniqueTag": unique}
    _, state = MirroredImage(mirror).put(inputs, lambda _: None)
    assert state["written"] is False


def test_what_a_refresh_finds_moved_is_no_longer_ours(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, images: MirroredImage
) -> None:
    pushed(upstream, "1")
    inputs = {
        "source": str(latest(upstream, "harness/app")),
        "target": str(latest(target)),
        "onDestroy": "delete",
    }
    ident, state = images.put(inputs, lambda _: None)
    theirs = push(target.host, "app", "latest", image(layer("theirs")))

    _, seen = images.look(ident, state, inputs) or ({}, {})

    assert "it existed before this resource" in images.remove(seen, inputs, URN)
    assert mirror.digest(latest(target)) == theirs.digest
