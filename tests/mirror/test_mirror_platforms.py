"""`mirror.platforms`: an image with some of its platforms only, on real registries, judged by crane."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.lockfile import read_lockfile
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror, Wanted
from pulumi_chaosreg.mirror.platforms import subset
from pulumi_chaosreg.oci import Manifest, Registry
from pulumi_chaosreg.provider.mirrored_image import MirroredImage
from pulumi_chaosreg.review.review import review
from tests.support import builder
from tests.support.builder import image, index, layer, platform_index, push, referring
from tests.support.company import write_company

pytestmark = pytest.mark.registry

PLATFORMS = ("linux/amd64", "linux/arm64/v8", "linux/arm/v7", "windows/amd64")
CHILDREN = {platform: image(layer(f"{platform}"), name=platform) for platform in PLATFORMS}


def at(server: RegistryServer, repository: str, digest: str | None = None) -> Reference:
    return Reference(server.host, repository, "1", digest)


@pytest.fixture(params=[False, True], ids=["OCI", "Docker"])
def tree(request, upstream: RegistryServer) -> builder.Tree:
    return push(upstream.host, "harness/app", "1", platform_index(CHILDREN, docker=request.param))


def test_kept_platforms_arrive_with_their_attestations_and_nothing_else(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree, crane: Callable[..., bytes]
) -> None:
    kept = ("linux/amd64", "linux/arm64")

    copied = mirror.copy(at(upstream, "harness/app"), at(target, "app"), Wanted(platforms=kept))

    assert crane("digest", f"{target.host}/app:1").decode().strip() == copied.digest != tree.digest
    entries = json.loads(crane("manifest", f"{target.host}/app:1"))["manifests"]
    of = {child.digest: platform for platform, child in CHILDREN.items()}
    about = [entry["annotations"]["vnd.docker.reference.digest"] for entry in entries if "annotations" in entry]
    images = [entry["digest"] for entry in entries if "annotations" not in entry]
    assert [of[digest] for digest in images] == [of[digest] for digest in about] == ["linux/amd64", "linux/arm64/v8"]
    # children are untouched, and only theirs was read: the other platforms' layers cost nothing
    for entry in entries:
        assert crane("manifest", f"{target.host}/app@{entry['digest']}") == crane(
            "manifest", f"{upstream.host}/harness/app@{entry['digest']}"
        )
    read = {r.path.rpartition("/")[2] for r in upstream.requests() if r.method == "GET" and "/blobs/" in r.path}
    assert read.isdisjoint(CHILDREN["windows/amd64"].blob_digests())
    # a node of that platform finds its image
    asked = crane("digest", "--platform", "linux/arm64/v8", f"{target.host}/app:1").decode().strip()
    assert asked == CHILDREN["linux/arm64/v8"].digest


def test_what_it_becomes_is_known_before_and_the_same_for_everybody(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    source = at(upstream, "harness/app", tree.digest)
    orders = (("linux/arm64", "linux/amd64"), ("linux/amd64", "linux/arm64/v8", "linux/amd64"))
    expected = {mirror.subset_digest(source, order) for order in orders}
    assert len(expected) == 1
    (digest,) = expected
    assert mirror.copy(source, at(target, "app"), Wanted(platforms=orders[0], digest=digest)).digest == digest
    # and the second time the source is not asked
    before = len(upstream.requests()), len(target.requests())
    with Mirror() as fresh:
        assert fresh.copy(source, at(target, "app"), Wanted(platforms=orders[0], digest=digest)).bytes_copied == 0
    assert (len(upstream.requests()) - before[0], len(target.requests()) - before[1]) == (0, 1)


def test_another_subset_than_the_locked_one_is_never_copied(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    locked = mirror.subset_digest(at(upstream, "harness/app"), ["linux/amd64"])
    push(upstream.host, "harness/app", "1", platform_index({**CHILDREN, "linux/amd64": image(layer("surprise"))}))
    with pytest.raises(ChaosregError, match="CHR0333"):
        mirror.copy(at(upstream, "harness/app"), at(target, "app"), Wanted(platforms=["linux/amd64"], digest=locked))
    assert mirror.digest(at(target, "app")) is None


def test_a_platform_that_the_image_lacks_is_an_error_with_those_that_it_has(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    with pytest.raises(ChaosregError, match=r"CHR0332.*has no `linux/s390x`") as caught:
        mirror.copy(at(upstream, "harness/app"), at(target, "app"), Wanted(platforms=["linux/amd64", "linux/s390x"]))
    assert "has: linux/amd64, linux/arm/v7, linux/arm64/v8, windows/amd64" in str(caught.value)
    assert mirror.digest(at(target, "app")) is None


@pytest.mark.parametrize(("platform", "is_there"), [("linux/amd64", True), ("linux/arm64", False)])
def test_an_image_for_one_platform_stays_as_it_is_or_is_the_wrong_one(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, platform: str, is_there: bool
) -> None:
    only = push(upstream.host, "single", "1", image(layer("x")))  # its config says linux/amd64
    if is_there:
        assert (
            mirror.copy(at(upstream, "single"), at(target, "single"), Wanted(platforms=[platform])).digest
            == only.digest
        )
    else:
        with pytest.raises(ChaosregError, match=r"CHR0332(.|\n)*has: linux/amd64"):
            mirror.copy(at(upstream, "single"), at(target, "single"), Wanted(platforms=[platform]))


def test_where_nothing_has_to_go_the_index_and_its_signatures_stay(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    copied = mirror.copy(at(upstream, "harness/app"), at(target, "app"), Wanted(platforms=PLATFORMS))
    assert copied.digest == tree.digest


def test_signatures_of_kept_children_go_along_and_those_of_the_index_do_not(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    signed = {"index": tree, "kept": CHILDREN["linux/amd64"], "other": CHILDREN["windows/amd64"]}
    signatures = {name: referring(subject, name.encode()) for name, subject in signed.items()}
    source = Registry(upstream.host)
    for name, signature in signatures.items():
        push(upstream.host, "harness/app", f"s-{name}", signature)
        entry = Manifest.parse(signature.raw, signature.media_type).as_referrer()
        listed = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry]}
        fallback = signed[name].digest.replace(":", "-")
        source.put_manifest(
            "harness/app", Manifest.parse(json.dumps(listed).encode(), str(listed["mediaType"])), fallback
        )

    mirror.copy(at(upstream, "harness/app"), at(target, "app"), Wanted(platforms=["linux/amd64"]))

    there = Registry(target.host)
    arrived = {name for name, signature in signatures.items() if there.head_manifest("app", signature.digest)}
    assert arrived == {"kept"}


def test_entries_without_a_platform_stay(upstream: RegistryServer, target: RegistryServer, mirror: Mirror) -> None:
    tree = index(image(layer("a")), index(image(layer("nested"))))
    manifest = Manifest.parse(tree.raw, tree.media_type)
    with pytest.raises(ValueError, match="linux/amd64"):
        subset(manifest, ["linux/amd64"])
    document = json.loads(tree.raw)
    document["manifests"][0]["platform"] = {"os": "linux", "architecture": "amd64"}
    raw = json.dumps(document).encode()
    assert subset(Manifest.parse(raw, tree.media_type), ["linux/amd64"]).raw == raw


def test_one_child_may_stand_for_two_platforms() -> None:
    tree = platform_index({"linux/amd64": CHILDREN["linux/amd64"]})
    document = json.loads(tree.raw)
    document["manifests"].insert(1, {**document["manifests"][0], "platform": {"os": "linux", "architecture": "386"}})
    both = Manifest.parse(json.dumps(document).encode(), tree.media_type)
    kept = json.loads(subset(both, ["linux/amd64"]).raw)["manifests"]
    assert [entry["platform"]["architecture"] for entry in kept] == ["amd64", "unknown"]


def test_changed_platforms_are_an_update_in_place(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    images = MirroredImage(mirror)
    inputs = {"source": str(at(upstream, "harness/app")), "target": str(at(target, "app")), "onDestroy": "retain"}
    _, whole = images.put(inputs, lambda _: None)
    fewer = {**inputs, "platforms": ["linux/arm64", "linux/amd64"]}
    assert images.diff(whole, fewer).updates == ("platforms",)
    _, state = images.put(fewer, lambda _: None)
    assert state["digest"] == mirror.digest(at(target, "app")) != whole["digest"]
    assert images.diff(state, {**fewer, "platforms": ["linux/amd64", "linux/arm64"]}).updates == ()
    _, back = images.put(inputs, lambda _: None)
    assert back["digest"] == tree.digest


def test_from_the_setting_by_the_lockfile_to_the_registry(tmp_path: Path, upstream, target, tree, capsys) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: x\nstackConfigDir: stacks\n")
    stack = tmp_path / "stacks/Pulumi.acme.yaml"
    stack.write_text(
        f"""\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: "{target.host}", type: public}}
    mirror:
      source: "{upstream.host}/harness"
      allow_sources: ["{upstream.host}"]
      platforms: [linux/arm64, linux/amd64]
    required_images: ["harness/app:1"]
  chaosreg:infrastructures: {{eu: {{cluster: {{context: eu}}}}}}
"""
    )
    run = ["--project", str(tmp_path)]
    source = f"{upstream.host}/harness/app:1"
    key = f"{source}#linux/amd64,linux/arm64"
    # a lockfile of before the setting is not enough, and that is said
    lockfile = tmp_path / "stacks/chaosreg.lock.yaml"
    lockfile.write_text(f"{source}: {tree.digest}\n")
    assert [(f.code, key in f.message) for f in review(tmp_path).findings] == [("CHR0304", True)]
    assert main([*run, "lock", "--check"]) == 1
    assert f"unlocked {key}" in capsys.readouterr().out

    assert main([*run, "lock"]) == 0
    locked = read_lockfile(lockfile)
    assert set(locked) == {source, key}
    assert locked[source] == tree.digest
    assert main([*run, "lock", "--check"]) == 0
    # known offline: what the cluster gets is our digest
    (config,) = review(tmp_path).resolved.values()
    assert str(config.images[0].reference) == f"{target.host}/app:1@{locked[key]}"
    assert str(config.images[0].source) == f"{source}@{tree.digest}"

    assert main([*run, "mirror"]) == 0
    digest = subprocess.run(["crane", "digest", f"{target.host}/app:1"], capture_output=True, text=True, check=True)
    assert digest.stdout.strip() == locked[key]

    # a new image upstream: both lines follow, and only when asked
    push(upstream.host, "harness/app", "1", platform_index({**CHILDREN, "linux/amd64": image(layer("new"))}))
    assert main([*run, "lock"]) == 0
    assert read_lockfile(lockfile) == locked
    assert main([*run, "lock", "--upgrade"]) == 0
    assert all(read_lockfile(lockfile)[line] != digest for line, digest in locked.items())
    # all of it again: the line of the subset goes
    stack.write_text(stack.read_text().replace("platforms: [linux/arm64, linux/amd64]", "platforms: all"))
    assert main([*run, "lock"]) == 0
    assert set(read_lockfile(lockfile)) == {source}


def test_a_further_image_by_digest_needs_no_other_line_than_its_subset_s(
    tmp_path: Path, upstream, target, tree, crane: Callable[..., bytes]
) -> None:
    source = f"{upstream.host}/harness/app:1@{tree.digest}"
    push(upstream.host, "harness/app", "1", image(layer("the tag has moved on")))
    write_company(
        tmp_path,
        f"""\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: "{target.host}", account: tools, type: public}}
    mirror: {{also: ["{source}"], allow_sources: ["{upstream.host}"], platforms: [linux/amd64]}}
""",
    )
    run = ["--project", str(tmp_path)]
    assert main([*run, "lock"]) == 0
    locked = read_lockfile(tmp_path / "stacks/chaosreg.lock.yaml")
    assert set(locked) == {f"{source}#linux/amd64"}
    assert main([*run, "lock", "--check"]) == main([*run, "lock", "--upgrade"]) == 0
    assert read_lockfile(tmp_path / "stacks/chaosreg.lock.yaml") == locked

    assert main([*run, "mirror"]) == 0
    assert crane("digest", f"{target.host}/tools/app:1").decode().strip() == locked[f"{source}#linux/amd64"]
