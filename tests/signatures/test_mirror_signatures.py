"""`signatures: require` with keys: real cosign signs at the source, we decide, and cosign judges our copy."""

import pytest

from lab.olareg import OlaregServer
from lab.registry import RegistryServer
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.signing_policy import SigningPolicy
from pulumi_chaosreg.mirror import Mirror, Wanted
from tests.support.builder import Tree, digest_of, image, index, layer, push
from tests.support.faults import FaultServer, Reply, Seen
from tests.support.signing import FORMS, KINDS, Signer, attach, make_signer

pytestmark = pytest.mark.registry

AMD, ARM = image(layer("amd", 1000), name="amd"), image(layer("arm", 1000), name="arm")
APP = index(AMD, ARM)

Server = OlaregServer | RegistryServer


@pytest.fixture
def signer(tmp_path) -> Signer:
    return make_signer(tmp_path / "signer")


def _trusting(*signers: Signer, **more: bool) -> SigningPolicy:
    return SigningPolicy(tuple(signer.public_key for signer in signers), **more)


def _named(tree: Tree) -> str:
    return f"app@{tree.digest}"


def _copy(
    mirror: Mirror, source: Server | FaultServer, target: Server | FaultServer, policy: SigningPolicy, digest=None
):
    return mirror.copy(
        Reference(source.host, "app", "1"), Reference(target.host, "app", "1"), Wanted(digest, verify=policy)
    )


@pytest.mark.parametrize("goal", ["olareg", "distribution"])
@pytest.mark.parametrize("origin", ["olareg", "distribution"])
@pytest.mark.parametrize("form", FORMS)
def test_a_signed_image_is_copied_and_cosign_verifies_the_copy(serve, signer, mirror, origin, goal, form) -> None:
    source, target = serve(origin, "source"), serve(goal, "target")
    push(source.host, "app", "1", APP)
    signer.sign(source.host, _named(APP), form)

    assert _copy(mirror, source, target, _trusting(signer)).digest == APP.digest

    assert signer.verifies(target.host, "app:1", form)
    mirror.check_signed(Reference(target.host, "app", "1"), _trusting(signer))


@pytest.mark.parametrize("goal", ["olareg", "distribution"])
def test_a_bundle_with_a_plain_signature_of_the_manifest_counts_too(serve, signer, mirror, goal) -> None:
    source, target = serve("olareg", "source"), serve(goal, "target")
    push(source.host, "app", "1", APP)
    attach(source.host, "app", APP, signer.sign_file(APP.raw))

    assert _copy(mirror, source, target, _trusting(signer)).digest == APP.digest

    mirror.check_signed(Reference(target.host, "app", "1"), _trusting(signer))
    # `cosign verify` reads statements only; the bundle and the manifest are what `cosign verify-blob` accepts
    assert signer.verifies_copied_file(target.host, "app", APP)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
def test_keys_of_every_kind_are_understood(upstream, tmp_path, mirror, kind, form) -> None:
    signer, other = make_signer(tmp_path / "signer", kind), make_signer(tmp_path / "other", kind)
    push(upstream.host, "app", "1", APP)
    signer.sign(upstream.host, _named(APP), form)
    app = Reference(upstream.host, "app", "1")
    mirror.check_signed(app, _trusting(other, signer))
    assert _refusal(mirror, app, _trusting(other)) == "CHR0451"


def test_one_good_signature_among_others_is_enough(serve, tmp_path, signer, mirror) -> None:
    source, target = serve("olareg", "source"), serve("distribution", "target")
    push(source.host, "app", "1", APP)
    attach(source.host, "app", APP, b"junk")
    make_signer(tmp_path / "stranger").sign(source.host, _named(APP), "classic")
    signer.sign(source.host, _named(APP), "bundle")
    assert _copy(mirror, source, target, _trusting(signer)).digest == APP.digest


# what is refused


def _refusal(mirror: Mirror, reference: Reference, policy: SigningPolicy) -> str:
    with pytest.raises(Exception, match="CHR04") as raised:
        mirror.check_signed(reference, policy)
    return raised.value.findings[0].code


def _refused(mirror: Mirror, source: Server, target: RegistryServer, policy: SigningPolicy, **more: str) -> str:
    """The error of a copy that must write nothing: no tag, no manifest, no blob."""
    with pytest.raises(Exception, match="CHR04") as raised:
        _copy(mirror, source, target, policy, **more)
    assert {request.method for request in target.requests()} <= {"HEAD", "GET"}
    return str(raised.value)


def test_an_unsigned_image_is_refused(upstream, target, signer, mirror) -> None:
    push(upstream.host, "app", "1", APP)
    error = _refused(mirror, upstream, target, _trusting(signer))
    assert f"error[CHR0450]: image `app@{APP.digest}` at registry `{upstream.host}` is not signed" in error


@pytest.mark.parametrize("form", FORMS)
def test_another_key_is_refused(upstream, target, signer, mirror, tmp_path, form) -> None:
    push(upstream.host, "app", "1", APP)
    make_signer(tmp_path / "stranger").sign(upstream.host, _named(APP), form)
    assert "error[CHR0451]" in _refused(mirror, upstream, target, _trusting(signer))


@pytest.mark.parametrize("form", FORMS)
def test_a_good_signature_of_another_image_is_refused(serve, target, signer, mirror, form) -> None:
    # given: the signature of one image is put beside another
    source, other = serve("olareg", "source"), image(layer("other", 1000), name="other")
    push(source.host, "app", "1", APP)
    push(source.host, "app", "other", other)
    signer.sign(source.host, _named(other), form)
    signer.move_signature(source.host, "app", other, APP, form)
    # then
    error = _refused(mirror, source, target, _trusting(signer))
    assert "error[CHR0454]" in error
    assert f"it signs `{other.digest}`" in error


def test_a_plain_signature_of_another_manifest_is_refused(serve, target, signer, mirror) -> None:
    source = serve("olareg", "source")
    push(source.host, "app", "1", APP)
    attach(source.host, "app", APP, signer.sign_file(AMD.raw))
    assert "error[CHR0451]" in _refused(mirror, source, target, _trusting(signer))


def test_a_classic_signature_that_was_stripped_is_refused(upstream, target, signer, mirror) -> None:
    push(upstream.host, "app", "1", APP)
    signer.sign(upstream.host, _named(APP), "classic")
    signer.strip_signature(upstream.host, "app", APP)
    error = _refused(mirror, upstream, target, _trusting(signer))
    assert "error[CHR0456]" in error
    assert "its signature was removed" in error


def test_a_child_of_a_signed_index_is_refused_alone(upstream, target, signer, mirror) -> None:
    push(upstream.host, "app", "1", APP)
    signer.sign(upstream.host, _named(APP), "bundle")
    assert "error[CHR0450]" in _refused(mirror, upstream, target, _trusting(signer), digest=AMD.digest)


def test_an_unsigned_index_of_signed_children_is_refused(upstream, target, signer, mirror) -> None:
    push(upstream.host, "app", "1", APP)
    for child in (AMD, ARM):
        signer.sign(upstream.host, _named(child), "bundle")
    error = _refused(mirror, upstream, target, _trusting(signer))
    assert "error[CHR0450]" in error
    assert "only its children are signed" in error


def test_a_policy_may_demand_that_every_child_is_signed(upstream, target, signer, mirror) -> None:
    push(upstream.host, "app", "1", APP)
    signer.sign(upstream.host, _named(APP), "bundle")
    every = _trusting(signer, each_platform=True)
    error = _refused(mirror, upstream, target, every)
    assert f"error[CHR0450]: image `app@{AMD.digest}`" in error
    signer.sign(upstream.host, _named(APP), "bundle", "--recursive")
    with Mirror() as later:  # the first one has listed the tags already
        assert _copy(later, upstream, target, every).digest == APP.digest
    assert all(signer.verifies(target.host, _named(tree), "bundle") for tree in (APP, AMD, ARM))


@pytest.mark.parametrize(("form", "code"), [("classic", "CHR0450"), ("bundle", "CHR0455")])
def test_an_attestation_is_no_signature(upstream, target, signer, mirror, form, code) -> None:
    push(upstream.host, "app", "1", APP)
    signer.attest(upstream.host, _named(APP), form)
    assert f"error[{code}]" in _refused(mirror, upstream, target, _trusting(signer))


def test_a_huge_bundle_is_refused_and_not_even_read(serve, target, signer, mirror) -> None:
    source = serve("olareg", "source")
    push(source.host, "app", "1", APP)
    attached = attach(source.host, "app", APP, b'{"padding": "' + b"x" * (1 << 20) + b'"}')

    with FaultServer(lambda _: None, source.host) as front:
        error = _refused(mirror, front, target, _trusting(signer))
        assert front.count("GET", f"/blobs/{digest_of(attached.blobs[-1])}") == 0

    assert "error[CHR0456]" in error
    assert "a signature at most 1048576" in error


def test_no_more_than_a_bounded_number_of_signatures_is_looked_at(serve, target, signer, mirror) -> None:
    source = serve("olareg", "source")
    push(source.host, "app", "1", APP)
    for number in range(70):
        attach(source.host, "app", APP, b"junk %d" % number)

    with FaultServer(lambda _: None, source.host) as front:
        error = _refused(mirror, front, target, _trusting(signer))
        assert front.count("GET", "/blobs/") == 64

    assert "59 more, of at most 64 that are checked" in error
    assert error.count("\n") < 12


def test_a_target_that_loses_the_signature_gets_no_tag(upstream, target, signer, mirror) -> None:
    # given: a target that says it lists referrers, and does not
    push(upstream.host, "app", "1", APP)
    signer.sign(upstream.host, _named(APP), "bundle")

    def script(seen: Seen) -> Reply | None:
        if seen.method == "PUT" and "/manifests/" in seen.path:
            return Reply(201, headers={"OCI-Subject": APP.digest, "Docker-Content-Digest": seen.path[-71:]})
        return None

    with FaultServer(script, target.host) as front, pytest.raises(Exception, match="CHR04") as raised:
        _copy(mirror, upstream, front, _trusting(signer))
    assert f"error[CHR0450]: image `app@{APP.digest}` at registry `{front.host}`" in str(raised.value)
    assert not any(request.path.endswith("/manifests/1") and request.method == "PUT" for request in target.requests())


def test_what_is_there_already_is_asked_for_once_and_verified_again_only_on_request(
    upstream, target, signer, mirror
) -> None:
    push(upstream.host, "app", "1", APP)
    push(target.host, "app", "1", APP)
    before = len(target.requests())
    _copy(mirror, upstream, target, _trusting(signer), digest=APP.digest)
    assert len(target.requests()) - before == 1
    assert _refusal(mirror, Reference(target.host, "app", "1"), _trusting(signer)) == "CHR0450"
