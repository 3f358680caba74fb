"""Signatures, read and judged without a registry: what is refused, and with which cause."""

import base64
import copy
import json
import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.signing_policy import Identity, SigningPolicy, checked_trusted_root
from pulumi_chaosreg.mirror.signatures.bundle import Bundle, Envelope
from pulumi_chaosreg.mirror.signatures.claims import check_simple_signing, check_statement
from pulumi_chaosreg.mirror.signatures.identities import Identities
from pulumi_chaosreg.mirror.signatures.keys import PublicKeys
from pulumi_chaosreg.mirror.signatures.refusal import Refused, Why
from pulumi_chaosreg.oci.problems import problem
from tests.support.examples import examples

DIGEST, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64
IN_TOTO = "application/vnd.in-toto+json"
SIGNED = "https://sigstore.dev/cosign/sign/v1"


def _refusal(work, *arguments) -> Refused:
    with pytest.raises(Refused) as raised:
        work(*arguments)
    return raised.value


# bundles


def _bundle(**changes) -> dict:
    good = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": "x"}},
        "dsseEnvelope": {"payload": "e30=", "payloadType": IN_TOTO, "signatures": [{"sig": "AAAA", "keyid": ""}]},
    }
    return {key: value for key, value in {**good, **changes}.items() if value is not None}


def test_a_good_bundle_is_read() -> None:
    bundle = Bundle.parse(json.dumps(_bundle()).encode())
    assert (bundle.voucher, bundle.content) == ("key", Envelope(IN_TOTO, b"{}", b"\0\0\0"))
    assert bundle.content.signed == b"DSSEv1 28 application/vnd.in-toto+json 2 {}"  # the example of DSSE's protocol


def _envelope(**changes) -> dict:
    return _bundle(dsseEnvelope={**_bundle()["dsseEnvelope"], **changes})


MALFORMED = {
    "nothing": b"",
    "no JSON": b"\xff{",
    "no object": b"[]",
    "a number too many": b"1" * 100_000,
    "deeply nested": b"[" * 200_000,
    "a key twice": b'{"mediaType": "a", "mediaType": "b"}',
    "a good one with a key twice": json.dumps(_bundle())[:-1].encode() + b', "mediaType": "x"}',
    "a good one with a key twice, the same": json.dumps(_bundle())[:-1].encode()
    + b', "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}',
    "another type": _bundle(mediaType="application/json"),
    "a version of tomorrow": _bundle(mediaType="application/vnd.dev.sigstore.bundle.v0.4+json"),
    "no material": _bundle(verificationMaterial=None),
    "material that is a list": _bundle(verificationMaterial=[]),
    "nobody vouches": _bundle(verificationMaterial={"tlogEntries": []}),
    "two vouch": _bundle(verificationMaterial={"publicKey": {}, "certificate": {}}),
    "two vouch, one in protobuf's other spelling": _bundle(verificationMaterial={"public_key": {}, "certificate": {}}),
    "no content": _bundle(dsseEnvelope=None),
    "two contents": _bundle(messageSignature={"signature": "AAAA"}),
    "an empty message": _bundle(dsseEnvelope=None, messageSignature={"signature": ""}),
    "no signature": _envelope(signatures=[]),
    "two signatures": _envelope(signatures=[{"sig": "AAAA"}] * 2),
    "signatures that are none": _envelope(signatures=["AAAA"]),
    "a payload that is not base64": _envelope(payload="{}"),
    "a payload beyond ASCII": _envelope(payload="ä"),
    "no payload": _envelope(payload=None),
    "a payload type that is none": _envelope(payloadType=5),
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_bundle_is_refused_and_nothing_worse(content) -> None:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    assert _refusal(Bundle.parse, raw).code == "CHR0456"


# what is signed


def _statement(**changes) -> bytes:
    good = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": "a" * 64}}],
        "predicateType": SIGNED,
        "predicate": {},
    }
    return json.dumps({**good, **changes}).encode()


def test_a_statement_about_this_digest_is_a_signature() -> None:
    check_statement(IN_TOTO, _statement(), DIGEST)
    check_statement(IN_TOTO, _statement(_type="https://in-toto.io/Statement/v0.1"), DIGEST)


STATEMENTS = {
    "another digest": (_statement(subject=[{"digest": {"sha256": "b" * 64}}]), "CHR0454"),
    "another algorithm": (_statement(subject=[{"digest": {"sha512": "a" * 64}}]), "CHR0454"),
    "a beginning of the digest": (_statement(subject=[{"digest": {"sha256": "a" * 63}}]), "CHR0454"),
    "no digest": (_statement(subject=[{"name": DIGEST}]), "CHR0456"),
    "no subject": (_statement(subject=[]), "CHR0456"),
    "subjects that are none": (_statement(subject=[DIGEST]), "CHR0456"),
    "another predicate": (_statement(predicateType="https://slsa.dev/provenance/v1"), "CHR0455"),
    "a predicate that begins alike": (_statement(predicateType=SIGNED + "/x"), "CHR0455"),
    "no predicate": (_statement(predicateType=None), "CHR0456"),
    "no statement": (_statement(_type="x"), "CHR0456"),
    "no JSON": (b"<xml>", "CHR0456"),
}


@pytest.mark.parametrize(("payload", "code"), STATEMENTS.values(), ids=STATEMENTS.keys())
def test_a_statement_about_anything_else_is_none(payload, code) -> None:
    assert _refusal(check_statement, IN_TOTO, payload, DIGEST).code == code


def test_a_payload_of_another_type_is_no_statement() -> None:
    assert _refusal(check_statement, "text/plain", _statement(), DIGEST).code == "CHR0455"


def _simple(**changes) -> bytes:
    critical = {
        "identity": {"docker-reference": "somewhere/else"},
        "image": {"docker-manifest-digest": DIGEST},
        "type": "cosign container image signature",
    }
    return json.dumps({"critical": {**critical, **changes}, "optional": None}).encode()


def test_a_classic_payload_about_this_digest_is_a_signature_whatever_the_image_was_called() -> None:
    check_simple_signing(_simple(), DIGEST)


PAYLOADS = {
    "another digest": (_simple(image={"docker-manifest-digest": OTHER}), "CHR0454"),
    "no digest": (_simple(image={}), "CHR0456"),
    "no image": (_simple(image=DIGEST), "CHR0456"),
    "of another tool": (_simple(type="atomic container signature"), "CHR0455"),
    "nothing critical": (b"{}", "CHR0456"),
    "a critical part twice": (b'{"critical": {}, "critical": {}}', "CHR0456"),
}


@pytest.mark.parametrize(("payload", "code"), PAYLOADS.values(), ids=PAYLOADS.keys())
def test_a_classic_payload_about_anything_else_is_none(payload, code) -> None:
    assert _refusal(check_simple_signing, payload, DIGEST).code == code


# keys


def _pem(key) -> str:
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()


def test_a_key_knows_its_own_signatures_of_the_same_bytes_only() -> None:
    ours, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    keys = PublicKeys(SigningPolicy((_pem(ours),)))
    good = ours.sign(b"message", ec.ECDSA(hashes.SHA256()))
    assert keys.made(good, b"message")
    assert not keys.made(good, b"massage")
    assert not keys.made(good[:-1], b"message")
    assert not keys.made(b"", b"message")
    assert not keys.made(other.sign(b"message", ec.ECDSA(hashes.SHA256())), b"message")
    assert not PublicKeys(SigningPolicy()).made(good, b"message")


def test_a_collision_prone_hash_is_not_accepted() -> None:
    ours = ec.generate_private_key(ec.SECP256R1())
    assert not PublicKeys(SigningPolicy((_pem(ours),))).made(ours.sign(b"m", ec.ECDSA(hashes.SHA1())), b"m")


UNUSABLE = {
    "a short RSA key": (lambda: _pem(rsa.generate_private_key(65537, 1024)), "1024 bits can be broken"),
    "a curve that nobody signs with": (lambda: _pem(ec.generate_private_key(ec.SECP256K1())), "neither ECDSA"),
    "no key at all": (lambda: "-----BEGIN PUBLIC KEY-----\nCANARY==\n-----END PUBLIC KEY-----\n", "it cannot be read"),
}


@pytest.mark.parametrize(("make", "words"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_key_that_cannot_be_used_is_told_and_not_shown(make, words) -> None:
    with pytest.raises(ChaosregError, match="CHR0322") as raised:
        PublicKeys(SigningPolicy((make(),)))
    assert words in str(raised.value)
    assert "CANARY" not in str(raised.value)


# identities: a real bundle of the public sigstore instance (see README.md beside it)

REAL = Path(__file__).parent / "real_sigstore"
RAW = (REAL / "oci-attestation.sigstore.json").read_bytes()
ROOT = checked_trusted_root((REAL / "trusted_root.json").read_text())
SIGNER, GITHUB = "cody@soyland.com", "https://github.com/login/oauth"
ITS_DIGEST = "sha256:732112270d7e59418a8c080b134b24cabd67d250d0d0147a97ed95ba5c280aa4"


def _proved(*identities: Identity, raw: bytes = RAW) -> tuple[str, bytes]:
    return Identities(SigningPolicy((), identities, ROOT)).statement(Bundle.parse(raw))


def test_the_public_instance_s_certificate_and_log_entry_are_proved_offline() -> None:
    kind, payload = _proved(Identity(GITHUB, SIGNER))
    assert json.loads(payload)["subject"][0]["digest"] == {"sha256": ITS_DIGEST.removeprefix("sha256:")}
    # it is an attestation about an image, made by the right person: no signature of it
    assert _refusal(check_statement, kind, payload, ITS_DIGEST).code == "CHR0455"


@pytest.mark.parametrize(
    ("identity", "code"),
    [
        (Identity(GITHUB, "mallory@soyland.com"), "CHR0452"),
        (Identity(GITHUB, None, "soyland"), "CHR0452"),
        (Identity("https://accounts.google.com", SIGNER), "CHR0453"),
        (Identity(GITHUB + "/", SIGNER), "CHR0453"),
    ],
)
def test_nobody_else_is_taken_for_the_signer(identity, code) -> None:
    assert _refusal(_proved, identity).code == code


@pytest.mark.filterwarnings("ignore:Attribute's length")  # its authority calls its country "USA"
def test_a_name_of_fulcio_s_own_kind_is_read() -> None:
    root = checked_trusted_root((REAL / "scaffolding.json").read_text())
    bundle = Bundle.parse((REAL / "othername.sigstore.json").read_bytes())
    nobody = Identities(SigningPolicy((), (Identity("https://oidc.local", "bar!oidc.local"),), root))
    assert _refusal(nobody.statement, bundle).cause == "the signer is `foo!oidc.local`"


def test_a_bit_of_the_payload_that_flips_is_seen() -> None:
    document = json.loads(RAW)
    payload = bytearray(base64.b64decode(document["dsseEnvelope"]["payload"]))
    payload[-3] ^= 1
    document["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    with pytest.raises(Refused) as raised:
        _proved(Identity(GITHUB, SIGNER), raw=json.dumps(document).encode())
    assert raised.value.code == "CHR0458"


def test_where_nothing_can_be_written_it_is_said_and_not_the_roots_fault(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(ChaosregError, match="CHR0459") as raised:
        Identities(SigningPolicy((), (Identity(GITHUB, SIGNER),), ROOT))
    assert "set TMPDIR to a writable folder" in str(raised.value)


# any one change of a good bundle


def _places(value, above=()):
    """The paths of everything in a JSON document."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*above, key)
        yield from _places(inner, (*above, key))


def _changed(document, path, new):
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    if new is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = inner[path[-1]][1:] + inner[path[-1]][:1] if new == "turned" else new
    return json.dumps(changed).encode()


JUNK = [None, "", "AAAA", "ä", 0, -1, 2**70, True, [], {}, [[]], {"rawBytes": "AAAA"}]
GOOD = json.loads(RAW)


def _junk_for(path):
    value = GOOD
    for key in path:
        value = value[key]
    return [*JUNK, *(["turned"] if isinstance(value, str) and value else [])]


@examples(250)
@given(st.data())
def test_whatever_is_changed_in_a_good_bundle_it_proves_the_same_statement_or_nothing(data) -> None:
    path = data.draw(st.sampled_from(sorted(_places(GOOD), key=str)))
    raw = _changed(GOOD, path, data.draw(st.sampled_from(_junk_for(path))))
    outcome = _outcome(raw)
    if isinstance(outcome, Refused):
        assert outcome.why is not Why.NONE
        assert len(outcome.cause) < 400
    else:
        assert outcome == _outcome(RAW)


def _outcome(raw: bytes) -> tuple[str, bytes] | Refused:
    try:
        return _PROVER.statement(Bundle.parse(raw))
    except Refused as refused:
        return refused


_PROVER = Identities(SigningPolicy((), (Identity(GITHUB, SIGNER),), ROOT))


def test_every_cause_has_a_rank_and_a_message() -> None:
    assert sorted(why.value for why in Why) == [f"CHR045{number}" for number in range(9)]
    for why in Why:
        assert "cause of it" in str(problem(why.value, server="s", image="i", cause="cause of it"))
