"""Removing tags: what only they needed goes along, and what another tag uses stays."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Registry
from tests.support import builder
from tests.support.builder import Tree, image, index, layer, push, referring
from tests.support.faults import FaultServer, Reply, Seen

SHARED = image(layer("shared"), name="shared")
OLD = index(SHARED, image(layer("old"), name="old"), name="old")
NEW = index(SHARED, image(layer("new"), name="new"), name="new")

pytestmark = pytest.mark.registry

REFUSED = b'{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}'


@pytest.fixture
def two_releases(target: RegistryServer) -> RegistryServer:
    """Tags 1 and 2, which share an image."""
    push(target.host, "app", "1", OLD)
    push(target.host, "app", "2", NEW)
    return target


def there(server: RegistryServer, *trees: Tree) -> list[bool]:
    registry = Registry(server.host)
    return [registry.head_manifest("app", tree.digest) is not None for tree in trees]


def test_what_only_the_tag_needed_goes_and_what_another_uses_stays(
    two_releases: RegistryServer, mirror: Mirror
) -> None:
    removed = mirror.remove(two_releases.host, "app", ["1"])

    assert removed.tags == ("1",)
    assert set(removed.manifests) == {OLD.digest, OLD.children[1].digest}
    assert there(two_releases, OLD, OLD.children[1]) == [False, False]
    assert there(two_releases, NEW, SHARED, NEW.children[1]) == [True, True, True]
    assert mirror.missing(Reference(two_releases.host, "app", "2")) == []


def test_a_second_tag_of_the_same_image_keeps_it(two_releases: RegistryServer, mirror: Mirror) -> None:
    push(two_releases.host, "app", "stable", OLD)

    removed = mirror.remove(two_releases.host, "app", ["1"])

    assert removed.manifests == ()
    assert Registry(two_releases.host).list_tags("app") == ["2", "stable"]
    assert mirror.missing(Reference(two_releases.host, "app", "stable")) == []


def test_signatures_go_with_their_image_and_those_of_others_stay(
    two_releases: RegistryServer, upstream: RegistryServer, mirror: Mirror
) -> None:
    """Copied by us, so that the list of referrers stands under its fallback tag."""
    for tag, tree in (("1", OLD), ("2", NEW), ("base", SHARED)):
        push(upstream.host, "app", tag, tree)
        signature = referring(tree, f"signature of {tag}".encode())
        listed = index(signature, of=tree.digest)
        push(upstream.host, "app", tree.digest.replace(":", "-"), listed)
        push(
            upstream.host, "app", tree.digest.replace(":", "-") + ".sig", image(layer(f"sig {tag}"), name=f"sig {tag}")
        )
    with Mirror() as fresh:
        for tag in ("1", "2"):
            fresh.copy(Reference(upstream.host, "app", tag), Reference(two_releases.host, "signed", tag))
    sbom = push(two_releases.host, "signed", "sbom", image(layer("sig 1"), name="sig 1"))  # has a tag of its own, too

    removed = mirror.remove(two_releases.host, "signed", ["1"])

    beside = OLD.digest.replace(":", "-")
    assert set(removed.tags) == {"1", beside, beside + ".sig"}
    staying = [tree.digest.replace(":", "-") + suffix for tree in (NEW, SHARED) for suffix in ("", ".sig")]
    assert set(Registry(two_releases.host).list_tags("signed")) == {"2", "sbom", *staying}
    assert sbom.digest not in removed.manifests
    for tag in ("2", "sbom", *staying):
        assert mirror.missing(Reference(two_releases.host, "signed", tag)) == []


def test_where_tags_cannot_be_listed_only_the_tag_goes(two_releases: RegistryServer, mirror: Mirror) -> None:
    def script(seen: Seen) -> Reply | None:
        return Reply(403, REFUSED) if seen.path.endswith("/tags/list") else None

    with FaultServer(script, two_releases.host) as front:
        removed = mirror.remove(front.host, "app", ["1"])

    assert (removed.tags, removed.manifests) == (("1",), ())
    assert there(two_releases, OLD, *OLD.children) == [True, True, True]


def test_a_registry_that_keeps_a_manifest_is_left_alone(two_releases: RegistryServer, mirror: Mirror) -> None:
    """ECR: a child cannot be deleted as long as something refers to it."""

    def script(seen: Seen) -> Reply | None:
        return Reply(403, REFUSED) if seen.method == "DELETE" and OLD.children[1].digest in seen.path else None

    with FaultServer(script, two_releases.host) as front:
        assert mirror.remove(front.host, "app", ["1"]).manifests == (OLD.digest,)
        deleted = [seen.path for seen in front.seen if seen.method == "DELETE"]

    assert [path.rpartition("/")[2] for path in deleted] == ["1", OLD.digest, OLD.children[1].digest]  # parents first


def test_two_removals_at_once_take_each_others_images_no_more_than_one_after_the_other(
    two_releases: RegistryServer, mirror: Mirror
) -> None:
    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda tag: mirror.remove(two_releases.host, "app", [tag]), ["1", "2"]))

    assert sorted(digest for removed in both for digest in removed.manifests) == sorted(
        tree.digest for tree in {*OLD.everything(), *NEW.everything()}
    )
    assert Registry(two_releases.host).list_tags("app") == []


def test_an_image_of_the_same_content_in_another_repository_stays(two_releases: RegistryServer, mirror: Mirror) -> None:
    push(two_releases.host, "other", "1", OLD)

    mirror.remove(two_releases.host, "app", ["1"])

    assert mirror.missing(Reference(two_releases.host, "other", "1")) == []
    assert builder.digest_of(OLD.raw) == mirror.digest(Reference(two_releases.host, "other", "1"))


def test_a_child_that_somebody_pulls_by_digest_stays_without_its_parent(
    two_releases: RegistryServer, mirror: Mirror
) -> None:
    pulled = OLD.children[1]

    removed = mirror.remove(two_releases.host, "app", ["1"], keep=[pulled.digest])

    assert removed.manifests == (OLD.digest,)
    assert mirror.missing(Reference(two_releases.host, "app", digest=pulled.digest)) == []


def test_two_images_may_have_one_and_the_same_companion(two_releases: RegistryServer, mirror: Mirror) -> None:
    """The same SBOM beside both is one manifest under two tags."""
    sbom = image(layer("sbom"), name="sbom")
    tags = {tree: f"{tree.digest.replace(':', '-')}.sbom" for tree in (OLD, NEW)}
    for tag in tags.values():
        push(two_releases.host, "app", tag, sbom)

    removed = mirror.remove(two_releases.host, "app", ["1"])

    assert (set(removed.tags), sbom.digest in removed.manifests) == ({"1", tags[OLD]}, False)
    assert mirror.missing(Reference(two_releases.host, "app", tags[NEW])) == []
