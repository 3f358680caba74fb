"""Signatures, attestations and SBOMs go along: cosign's tags and referrers, of the image and of its children."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.signing_policy import SigningPolicy
from pulumi_chaosreg.mirror import Mirror, Wanted
from pulumi_chaosreg.oci import RegistryError
from tests.support.builder import Tree, image, index, layer, push, referring
from tests.support.faults import FaultServer, Reply, Seen

pytestmark = pytest.mark.registry

KEY = Path(__file__).parents[1] / "review/good_company/keys/acme.pub"
AMD, ARM = image(layer("amd"), name="amd"), image(layer("arm"), name="arm")
APP = index(AMD, ARM)


def _tag(tree: Tree, suffix: str = "") -> str:
    return tree.digest.replace(":", "-") + suffix


def _crane(verb: str, host: str, name: str) -> str | None:
    done = subprocess.run(["crane", verb, f"{host}/app{name}"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _copy(mirror: Mirror, source: str, target: str, **more: bool) -> None:
    assert (
        mirror.copy(Reference(source, "app", "1"), Reference(target, "app", "1"), Wanted(**more)).digest == APP.digest
    )


def test_cosign_s_tags_of_the_image_and_of_each_child_go_along(upstream, target, mirror) -> None:
    push(upstream.host, "app", "1", APP)
    companions = {
        _tag(APP, ".sig"): image(layer("signature"), name="s"),
        _tag(APP, ".att"): image(layer("attestation"), name="a"),
        _tag(AMD, ".sbom"): image(layer("sbom"), name="b"),
        _tag(ARM, ".sig"): image(layer("signature of arm"), name="c"),
    }
    for tag, tree in companions.items():
        push(upstream.host, "app", tag, tree)
    push(upstream.host, "app", "other", image(layer("not ours")))

    _copy(mirror, upstream.host, target.host)

    assert {tag: _crane("digest", target.host, f":{tag}") for tag in companions} == {
        tag: tree.digest for tag, tree in companions.items()
    }
    assert _crane("digest", target.host, ":other") is None


def test_a_signature_of_an_attestation_goes_along_too(upstream, target, mirror) -> None:
    push(upstream.host, "app", "1", APP)
    attestation = push(upstream.host, "app", _tag(APP, ".att"), image(layer("attestation"), name="a"))
    push(upstream.host, "app", _tag(attestation, ".sig"), image(layer("its signature"), name="s"))

    _copy(mirror, upstream.host, target.host)

    assert _crane("digest", target.host, f":{_tag(attestation, '.sig')}")


@pytest.fixture
def signed(upstream: RegistryServer) -> list[Tree]:
    """Two referrers of the image and one of a child, listed under fallback tags: there is no referrers API."""
    push(upstream.host, "app", "1", APP)
    of_app, of_amd = [referring(APP, b"one"), referring(APP, b"two")], [referring(AMD, b"three")]
    for referrer in (*of_app, *of_amd):
        push(upstream.host, "app", referrer.digest, referrer)
    push(upstream.host, "app", _tag(APP), index(*of_app))
    push(upstream.host, "app", _tag(AMD), index(*of_amd))
    return [*of_app, *of_amd]


def _listed(host: str, tree: Tree) -> dict[str, dict]:
    raw = _crane("manifest", host, f":{_tag(tree)}")
    return {entry["digest"]: entry for entry in json.loads(raw or '{"manifests": []}')["manifests"]}


def test_referrers_go_along_and_are_listed_on_a_target_without_the_api(upstream, target, mirror, signed) -> None:
    _copy(mirror, upstream.host, target.host)

    assert set(_listed(target.host, APP)) == {signed[0].digest, signed[1].digest}
    assert set(_listed(target.host, AMD)) == {signed[2].digest}
    entry = _listed(target.host, APP)[signed[0].digest]
    assert (entry["artifactType"], entry["annotations"]) == ("application/vnd.example.signature", {"of": APP.digest})
    for referrer in signed:
        assert _crane("manifest", target.host, f"@{referrer.digest}") == referrer.raw.decode().strip()


def test_a_target_s_own_list_of_referrers_is_added_to_and_not_replaced(upstream, target, mirror, signed) -> None:
    push(target.host, "app", "1", APP)
    own = referring(APP, b"the target's own")
    push(target.host, "app", own.digest, own)
    push(target.host, "app", _tag(APP), index(own))
    push(target.host, "app", "1", image(layer("something else")))  # the tag is wrong: it will be copied

    _copy(mirror, upstream.host, target.host)

    assert set(_listed(target.host, APP)) == {own.digest, signed[0].digest, signed[1].digest}


def test_referrers_come_from_the_api_where_the_source_has_one(upstream, target, mirror) -> None:
    # given: a registry with the referrers API (a stand-in before one without)
    push(upstream.host, "app", "1", APP)
    referrer = referring(APP, b"by api")
    push(upstream.host, "app", referrer.digest, referrer)

    def script(seen: Seen) -> Reply | None:
        if "/referrers/" not in seen.path:
            return None
        listed = index(referrer) if seen.path.endswith(APP.digest) else index()
        return Reply(200, listed.raw, {"Content-Type": listed.media_type})

    with FaultServer(script, upstream.host) as front:
        _copy(mirror, front.host, target.host)
        assert front.count("GET", "/tags/list") == 1

    assert set(_listed(target.host, APP)) == {referrer.digest}


def test_a_source_that_refuses_the_referrers_api_loses_no_signature_and_is_named(
    upstream, target, mirror, signed
) -> None:
    refusing = FaultServer(lambda seen: Reply(401) if "/referrers/" in seen.path else None, upstream.host)
    with refusing as front:
        _copy(mirror, front.host, target.host)
        assert front.count("GET", "/referrers/") == 1
    assert set(_listed(target.host, APP)) == {signed[0].digest, signed[1].digest}
    (warning,) = mirror.findings()
    assert f"warning[CHR0440]: registry `{front.host}`" in str(warning)


def test_where_a_signature_is_required_a_source_that_refuses_the_referrers_api_gives_nothing(
    upstream, target, mirror
) -> None:
    push(upstream.host, "app", "1", APP)
    policy = SigningPolicy((KEY.read_text(),))
    with FaultServer(lambda seen: Reply(403) if "/referrers/" in seen.path else None, upstream.host) as front:
        source = Reference(front.host, "app", "1")
        with pytest.raises(RegistryError, match="CHR0450"):
            mirror.copy(source, Reference(target.host, "app", "1"), Wanted(verify=policy))
    assert [finding.code for finding in mirror.findings()] == ["CHR0440"]
    assert _crane("digest", target.host, ":1") is None


def test_where_tags_cannot_be_listed_each_is_asked_for(upstream, target, mirror) -> None:
    push(upstream.host, "app", "1", APP)
    push(upstream.host, "app", _tag(APP, ".sig"), image(layer("signature"), name="s"))

    with FaultServer(lambda seen: Reply(403) if "/tags/list" in seen.path else None, upstream.host) as front:
        _copy(mirror, front.host, target.host)

    assert _crane("digest", target.host, f":{_tag(APP, '.sig')}")


def test_an_index_s_own_children_are_not_taken_for_its_referrers(upstream, target, mirror) -> None:
    # given: a registry that reads the tag of the fallback list as the digest (oras#2174)
    push(upstream.host, "app", "1", APP)

    def script(seen: Seen) -> Reply | None:
        if seen.path.endswith(f"/manifests/{_tag(APP)}"):
            return Reply(200, APP.raw, {"Content-Type": APP.media_type})
        if "/tags/list" in seen.path:
            return Reply(200, json.dumps({"tags": ["1", _tag(APP)]}).encode())
        return None

    with FaultServer(script, upstream.host) as front:
        _copy(mirror, front.host, target.host)

    written = [r.path.rpartition("/")[2] for r in target.requests() if r.method == "PUT" and "/manifests/" in r.path]
    assert sorted(written[:-1]) == sorted([AMD.digest, ARM.digest])  # each once, and nothing beside the image
    assert written[-1] == "1"


def test_whether_there_is_the_referrers_api_is_asked_once_by_all_copies(upstream, target, mirror) -> None:
    for name in ("one", "two", "three"):
        push(upstream.host, name, "1", index(image(layer("x"), name=name), image(layer("y"), name=name)))
    with FaultServer(lambda seen: None, upstream.host) as front, ThreadPoolExecutor(3) as threads:
        list(
            threads.map(
                lambda name: mirror.copy(Reference(front.host, name, "1"), Reference(target.host, name, "1")),
                ("one", "two", "three"),
            )
        )
    assert front.count("GET", "/referrers/") == 1


def test_companions_stay_where_signatures_are_skipped(upstream, target, mirror, signed) -> None:
    _copy(mirror, upstream.host, target.host, signatures=False)
    assert _listed(target.host, APP) == {}
    assert not any("referrers" in request.path or "tags/list" in request.path for request in upstream.requests())


def test_the_tag_comes_after_the_signatures_and_those_after_their_image(upstream, target, mirror, signed) -> None:
    _copy(mirror, upstream.host, target.host)
    put = [r.path.rpartition("/")[2] for r in target.requests() if r.method == "PUT" and "/manifests/" in r.path]
    assert put.index(APP.digest) < put.index(signed[0].digest) < put.index("1") == len(put) - 1
