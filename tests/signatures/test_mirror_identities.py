"""`signatures: require` with identities: certificates, proved offline with a trusted root of the user's choice.

The sigstore instance is our own (a stand-in for the public one, which needs a network); cosign judges it too. Real
bundles of the public instance are in real_sigstore/.
"""

import copy
import json
from collections.abc import Callable

import pytest

from lab.olareg import OlaregServer
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.signing_policy import Identity, SigningPolicy
from pulumi_chaosreg.mirror import Wanted
from tests.support.builder import image, index, layer, push
from tests.support.private_sigstore import ISSUER, WORKFLOW, PrivateSigstore
from tests.support.signing import attach, cosign_accepts_identity, make_signer, trusted_root_by_cosign

pytestmark = pytest.mark.registry

APP = index(image(layer("amd", 1000), name="amd"), image(layer("arm", 1000), name="arm"))
SIGSTORE, OTHER = PrivateSigstore(), PrivateSigstore()


@pytest.fixture
def source(serve) -> OlaregServer:
    server = serve("olareg", "source")
    push(server.host, "app", "1", APP)
    return server


@pytest.fixture
def copied(source, target, mirror) -> Callable[[SigningPolicy], str]:
    """Policy → what came of a copy: nothing, or the error of a copy that wrote nothing."""

    def copied(policy: SigningPolicy) -> str:
        try:
            mirror.copy(Reference(source.host, "app", "1"), Reference(target.host, "app", "1"), Wanted(verify=policy))
        except Exception as error:
            assert {request.method for request in target.requests()} <= {"HEAD", "GET"}
            return str(error)
        return ""

    return copied


def _trusting(*identities: Identity, root: str | None = None) -> SigningPolicy:
    return SigningPolicy((), identities or (Identity(ISSUER, WORKFLOW),), root or SIGSTORE.trusted_root())


def _attach(source: OlaregServer, bundle: dict) -> None:
    attach(source.host, "app", APP, json.dumps(bundle).encode())


@pytest.mark.parametrize("goal", ["olareg", "distribution"])
def test_an_image_of_the_named_workflow_is_copied_and_cosign_verifies_the_copy(
    source, serve, mirror, tmp_path, goal
) -> None:
    target = serve(goal, "goal")
    _attach(source, SIGSTORE.sign(APP.digest))
    mirror.copy(Reference(source.host, "app", "1"), Reference(target.host, "app", "1"), Wanted(verify=_trusting()))
    root, copy_of_it = SIGSTORE.trusted_root(), f"{target.host}/app:1"
    assert cosign_accepts_identity(tmp_path, root, WORKFLOW, ISSUER, copy_of_it)
    assert not cosign_accepts_identity(tmp_path, OTHER.trusted_root(), WORKFLOW, ISSUER, copy_of_it)


def test_a_regular_expression_and_a_mail_address_name_identities_too(source, copied) -> None:
    _attach(source, SIGSTORE.sign(APP.digest, "release@acme.example", "https://login.acme.example"))
    assert "CHR0452" in copied(_trusting())
    workflow = Identity(ISSUER, None, r"https://github\.com/acme/.*")
    mail = Identity("https://login.acme.example", None, r".*@acme\.example")
    assert copied(_trusting(workflow, mail)) == ""


def test_a_plain_signature_of_the_manifest_counts_too(source, copied) -> None:
    _attach(source, SIGSTORE.sign_bytes(APP.raw))
    assert copied(_trusting()) == ""


def test_another_identity_is_refused(source, copied) -> None:
    _attach(source, SIGSTORE.sign(APP.digest, "https://github.com/mallory/images/x.yml@refs/heads/main"))
    error = copied(_trusting())
    assert "error[CHR0452]" in error
    assert "the signer is `https://github.com/mallory/images/x.yml@refs/heads/main`" in error


def test_the_same_name_by_another_issuer_is_refused(source, copied) -> None:
    _attach(source, SIGSTORE.sign(APP.digest, WORKFLOW, "https://login.mallory.example"))
    error = copied(_trusting(Identity(ISSUER, WORKFLOW), Identity("https://login.mallory.example", "mallory")))
    assert "error[CHR0453]" in error
    assert "`https://login.mallory.example` vouches for" in error


def test_a_signature_of_another_image_is_refused(source, copied) -> None:
    _attach(source, SIGSTORE.sign(APP.children[0].digest))
    assert "error[CHR0454]" in copied(_trusting())


def test_a_plain_signature_of_another_manifest_is_refused(source, copied) -> None:
    _attach(source, SIGSTORE.sign_bytes(APP.children[0].raw))
    assert "error[CHR0458]" in copied(_trusting())


def test_an_attestation_is_refused(source, copied) -> None:
    _attach(source, SIGSTORE.sign(APP.digest, predicate="https://slsa.dev/provenance/v1"))
    error = copied(_trusting())
    assert "error[CHR0455]" in error
    assert "`https://slsa.dev/provenance/v1`" in error


@pytest.fixture
def key_signed(source, tmp_path) -> str:
    """A key's good signature of the image in a bundle; the public key."""
    signer = make_signer(tmp_path / "signer")
    signer.sign(source.host, f"app@{APP.digest}", "bundle")
    return signer.public_key


def test_a_key_counts_for_nothing_where_identities_are_trusted(key_signed, copied) -> None:
    assert "error[CHR0457]" in copied(_trusting())


def test_an_identity_counts_for_nothing_where_keys_are_trusted(source, copied, tmp_path) -> None:
    _attach(source, SIGSTORE.sign(APP.digest))
    error = copied(SigningPolicy((make_signer(tmp_path / "signer").public_key,)))
    assert "error[CHR0457]" in error
    assert "it has a certificate, but `mirror.verify` trusts keys only" in error


def test_keys_and_identities_are_trusted_side_by_side(source, copied, key_signed) -> None:
    both = SigningPolicy((key_signed,), (Identity(ISSUER, "nobody"),), SIGSTORE.trusted_root())
    assert copied(both) == ""


# bundles that were tampered with: each change of a good one, and the cause that is told


def _smuggled_key(bundle: dict) -> None:
    """GHSA-fx35-mq7g-6g98: a key in the place of the certificate."""
    bundle["verificationMaterial"]["publicKey"] = {"rawBytes": "AAAA", "hint": "trust me"}
    del bundle["verificationMaterial"]["certificate"]


def _both(bundle: dict) -> None:
    bundle["verificationMaterial"]["public_key"] = {"hint": "trust me"}


def _no_entry(bundle: dict) -> None:
    bundle["verificationMaterial"]["tlogEntries"] = []


def _no_promise(bundle: dict) -> None:
    del bundle["verificationMaterial"]["tlogEntries"][0]["inclusionPromise"]


def _earlier(bundle: dict) -> None:
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    entry["integratedTime"] = str(int(entry["integratedTime"]) - 1)


def _entry_of_another(bundle: dict) -> None:
    bundle["verificationMaterial"]["tlogEntries"] = SIGSTORE.sign("sha256:" + "0" * 64)["verificationMaterial"][
        "tlogEntries"
    ]


def _certificate_of_another(bundle: dict) -> None:
    other = SIGSTORE.sign(APP.digest)["verificationMaterial"]["certificate"]
    bundle["verificationMaterial"]["certificate"] = other


def _other_payload(bundle: dict) -> None:
    bundle["dsseEnvelope"]["payload"] = SIGSTORE.sign("sha256:" + "0" * 64)["dsseEnvelope"]["payload"]


def _two_signatures(bundle: dict) -> None:
    bundle["dsseEnvelope"]["signatures"] *= 2


def _no_signature(bundle: dict) -> None:
    bundle["dsseEnvelope"]["signatures"] = []


TAMPERED = {
    "a key in the certificate's place": (_smuggled_key, "CHR0457", "a key made it"),
    "a key beside the certificate": (_both, "CHR0456", "publicKey and certificate"),
    "no entry of the log": (_no_entry, "CHR0458", "expected exactly one log entry"),
    "no promise, so no time": (_no_promise, "CHR0458", "inclusion promise"),
    "another time": (_earlier, "CHR0458", "inclusion promise"),
    "an entry of another signature": (_entry_of_another, "CHR0458", "log entry"),
    "a certificate of another key": (_certificate_of_another, "CHR0458", "invalid"),
    "another payload": (_other_payload, "CHR0458", "invalid"),
    "two signatures": (_two_signatures, "CHR0456", "exactly one signature"),
    "a stripped signature": (_no_signature, "CHR0456", "exactly one signature"),
}


@pytest.mark.parametrize(("tamper", "code", "words"), TAMPERED.values(), ids=TAMPERED.keys())
def test_a_bundle_that_was_tampered_with_is_refused(source, copied, tamper, code, words) -> None:
    bundle = copy.deepcopy(SIGSTORE.sign(APP.digest))
    tamper(bundle)
    _attach(source, bundle)
    error = copied(_trusting())
    assert f"error[{code}]" in error
    assert words in error


def test_an_entry_that_came_after_the_certificate_had_ended_is_refused(source, copied) -> None:
    _attach(source, SIGSTORE.sign(APP.digest, late=True))
    assert "error[CHR0458]" in copied(_trusting())


def test_a_trusted_root_that_cosign_made_is_understood(source, copied, tmp_path) -> None:
    _attach(source, SIGSTORE.sign(APP.digest))
    assert "error[CHR0458]" in copied(_trusting(root=trusted_root_by_cosign(tmp_path, *OTHER.pems())))
    assert copied(_trusting(root=trusted_root_by_cosign(tmp_path, *SIGSTORE.pems()))) == ""


def test_a_certificate_in_the_form_of_cosign_2_is_refused_with_the_way_out(source, copied, tmp_path) -> None:
    signer = make_signer(tmp_path / "signer")
    signer.sign(source.host, f"app@{APP.digest}", "classic")
    signer.add_certificate(source.host, "app", APP)
    error = copied(_trusting())
    assert "error[CHR0457]" in error
    assert "sign again with cosign 3" in error


def test_a_certificate_of_another_sigstore_is_refused(source, copied) -> None:
    _attach(source, OTHER.sign(APP.digest))
    assert "error[CHR0458]" in copied(_trusting())


@pytest.mark.parametrize("part", ["tlogs", "certificateAuthorities", "ctlogs"])
def test_a_trusted_root_without_one_of_its_parts_proves_nothing(source, copied, part) -> None:
    _attach(source, SIGSTORE.sign(APP.digest))
    error = copied(_trusting(root=SIGSTORE.trusted_root(**{part: []})))
    assert "error[CHR0458]" in error or "error[CHR0459]" in error


def test_a_damaged_trusted_root_is_told_as_such(source, copied) -> None:
    damaged = SIGSTORE.trusted_root(certificateAuthorities=[{"certChain": {"certificates": [{"rawBytes": "AAAA"}]}}])
    assert "error[CHR0459]: the trusted root of `mirror.verify` cannot be used" in copied(_trusting(root=damaged))
