"""Content that is not what it is called, wherever it was spoilt: never stored under a tag, and said plainly."""

import json

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from tests.support import builder
from tests.support.builder import digest_of, image, index, layer
from tests.support.fault_scripts import always, first
from tests.support.faults import Change, Reply
from tests.support.trial import Trial

pytestmark = pytest.mark.registry

BIG = layer("big", 3_000_000)
OTHER = "sha256:" + "0" * 64


@pytest.fixture
def tree(trial: Trial) -> builder.Tree:
    return trial.push(index(image(BIG, layer("small"))))


@pytest.mark.parametrize("position", [0, 1_500_000, len(BIG) - 1], ids=["first", "middle", "last"])
def test_one_wrong_byte_in_a_layer_is_found(position: int, trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(source=always(Change(flip=position), "GET", digest_of(BIG)), most=30)
    assert outcome.code == "CHR0407"
    assert digest_of(BIG) in str(outcome.error)
    assert outcome.source.count("GET", digest_of(BIG)) == 2  # refused by the target, then proved here


def test_one_wrong_byte_in_a_manifest_is_found(trial: Trial, tree: builder.Tree) -> None:
    for position in (
        0,
        tree.raw.index(b'"sha256:') + 20,
        len(tree.raw) - 1,
    ):  # no JSON any more, another child, no JSON
        outcome = trial.copy(source=always(Change(flip=position), "GET", tree.digest), most=30)
        assert outcome.code == "CHR0407"


def test_a_target_that_damages_what_it_is_sent_is_asked_for_a_new_upload(trial: Trial, tree: builder.Tree) -> None:
    damaged = Reply(400, b'{"errors":[{"code":"DIGEST_INVALID","message":"provided digest did not match"}]}')
    outcome = trial.copy(target=always(damaged, "PUT", "/uploads/"), most=60)
    assert outcome.code == "CHR0407"
    assert "it rejects the bytes that we sent" in str(outcome.error)


def test_a_wrong_digest_in_the_source_s_header_is_not_believed(trial: Trial, tree: builder.Tree) -> None:
    lying = Change(headers={"Docker-Content-Digest": OTHER})
    outcome = trial.copy(source=always(lying, "GET", "/manifests/"), most=30)
    assert outcome.code == "CHR0407"


def test_a_wrong_digest_for_the_tag_leads_to_what_is_not_there(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(
        source=always(Change(headers={"Docker-Content-Digest": OTHER}), "HEAD", "/manifests/"), most=30
    )
    assert outcome.code == "CHR0405"


def test_a_target_that_stored_something_else_is_caught(trial: Trial, tree: builder.Tree) -> None:
    lying = first(1, Change(headers={"Docker-Content-Digest": OTHER}), lambda seen: "/manifests/sha256:" in seen.path)
    outcome = trial.copy(target=lying, most=30)
    assert outcome.code == "CHR0419"


@pytest.mark.parametrize("missing", ["Docker-Content-Digest", "Content-Type"])
def test_headers_that_a_proxy_strips_are_not_needed(missing: str, trial: Trial, tree: builder.Tree) -> None:
    def stripped(seen):
        return Change(headers={missing: None}) if "/manifests/" in seen.path else None

    assert trial.copy(source=stripped, target=stripped, most=35).digest == tree.digest


@pytest.mark.parametrize("part", ["/blobs/", "/manifests/"])
def test_what_a_proxy_compresses_is_refused_and_the_proxy_named(part: str, trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(source=always(Change(gzip=True), "GET", part), most=60)
    assert outcome.code == "CHR0407"
    assert "compressed" in str(outcome.error)


def test_a_layer_that_is_only_called_compressed_arrives(trial: Trial, tree: builder.Tree) -> None:
    """Some object stores keep `Content-Encoding: gzip` with a layer whose own bytes are gzip, and send it back."""
    called = Change(headers={"Content-Encoding": "gzip"})
    assert trial.copy(source=always(called, "GET", "/blobs/"), most=30).digest == tree.digest


def test_a_child_that_the_source_lacks_is_named(trial: Trial, tree: builder.Tree) -> None:
    lacking = always(Reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'), "GET", tree.children[0].digest)
    outcome = trial.copy(source=lacking, most=30)
    assert outcome.code == "CHR0405"
    assert f"no manifest `{tree.children[0].digest}`" in str(outcome.error)


def test_a_source_tag_that_moves_between_plan_and_copy_is_not_followed(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(after_plan=lambda plan: trial.push(image(layer("newer"))), most=30)
    assert outcome.digest == tree.digest


def test_a_source_blob_that_goes_between_plan_and_copy_is_an_error(trial: Trial, tree: builder.Tree) -> None:
    gone = []
    lost = Reply(404, b'{"errors":[{"code":"BLOB_UNKNOWN"}]}')
    outcome = trial.copy(
        source=lambda seen: lost if gone and "/blobs/" in seen.path else None, after_plan=gone.append, most=30
    )
    assert outcome.code == "CHR0406"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"<html>log in</html>", "not"),
        (b"[]", "not"),
        (b"{" + b" " * (5 << 20) + b"}", "larger than 4 MiB"),
        (json.dumps({"schemaVersion": 2, "layers": [{"digest": "md5:x", "size": 1}]}).encode(), "no valid digest"),
        (json.dumps({"schemaVersion": 2, "manifests": [{"digest": OTHER, "size": -1}]}).encode(), "no valid digest"),
        (json.dumps({"schemaVersion": 1, "fsLayers": []}).encode(), "schema 1"),
    ],
    ids=["login page", "list", "huge", "odd digest", "negative size", "schema 1"],
)
def test_what_is_no_manifest_is_refused(sent: bytes, words: str, trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(source=lambda seen: Reply(405) if seen.method == "HEAD" else Reply(200, sent), most=30)
    assert outcome.code == "CHR0415"
    assert words in str(outcome.error)


def test_odd_but_valid_images_arrive_whole(trial: Trial) -> None:
    twice = layer("twice", 1000)
    odd = index(
        image(b"", note="a layer of no bytes"),
        image(twice, twice, b"", twice, note="duplicates"),
        index(index(image(layer("deep"), docker=True), docker=True)),
        image(layer_type="application/vnd.example", note="no layers at all"),
    )
    tree = trial.push(odd)
    assert trial.copy(most=60).digest == tree.digest


def test_foreign_layers_are_refused_before_anything_is_written(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    builder.push(upstream.host, "win", "1", image(layer("base"), layer_type=foreign, urls=["https://example.com/x"]))
    with pytest.raises(ChaosregError, match="CHR0416"):
        mirror.copy(Reference(upstream.host, "win", "1"), Reference(target.host, "win", "1"))
    assert {request.method for request in target.requests()} <= {"HEAD"}
