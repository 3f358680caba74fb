"""A sigstore instance of our own: certificate authority, certificate transparency log, signature log, trusted root.

A stand-in for Fulcio and Rekor, which need a network and a person who logs in. What it makes is judged by cosign too,
with the same trusted root, so that both readers agree on what a good bundle is.
"""

import hashlib
import json
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

WORKFLOW = "https://github.com/acme/images/.github/workflows/release.yml@refs/tags/v1"
ISSUER = "https://token.actions.githubusercontent.com"
SIGNED = "https://sigstore.dev/cosign/sign/v1"

_SHA256 = ec.ECDSA(hashes.SHA256())
_ISSUER_EXTENSION = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_SCTS = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_BORN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _b64(raw: bytes) -> str:
    return b64encode(raw).decode()


def _canonical(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


@dataclass
class PrivateSigstore:
    """One instance; bundles of another one are good, and prove nothing here."""

    ca_key: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    ct_key: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    log_key: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3))

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "a private sigstore")])
        public = self.ca_key.public_key()
        usage = dict.fromkeys(
            (
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        self._usage = usage
        self.ca = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public)
            .serial_number(1)
            .not_valid_before(_BORN)
            .not_valid_after(_BORN + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self.ca_key, hashes.SHA256())
        )

    def trusted_root(self, **changes: object) -> str:
        """What verifiers of this instance trust, as JSON."""
        valid = {"validFor": {"start": f"{_BORN:%Y-%m-%dT%H:%M:%SZ}"}}
        root = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_instance("https://rekor.acme.example", self.log_key, valid)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "a private sigstore", "commonName": ""},
                    "uri": "https://fulcio.acme.example",
                    "certChain": {"certificates": [{"rawBytes": _b64(self.ca.public_bytes(Encoding.DER))}]},
                    **valid,
                }
            ],
            "ctlogs": [_instance("https://ctlog.acme.example", self.ct_key, valid)],
            "timestampAuthorities": [],
            **changes,
        }
        return json.dumps(root)

    def pems(self) -> tuple[bytes, bytes, bytes]:
        """Authority, certificate log and signature log, as an operator hands them out."""
        return (self.ca.public_bytes(Encoding.PEM), *(_pem(key) for key in (self.ct_key, self.log_key)))

    def sign(
        self,
        digest: str,
        identity: str = WORKFLOW,
        issuer: str = ISSUER,
        *,
        predicate: str = SIGNED,
        late: bool = False,
    ) -> dict:
        """The bundle that cosign 3 makes for an image: a statement, signed with a certificate of ten minutes.

        `late`: it was entered into the log an hour after the certificate had ended.
        """
        algorithm, _, value = digest.partition(":")
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"digest": {algorithm: value}}],
            "predicateType": predicate,
            "predicate": {},
        }
        payload, kind, key = json.dumps(statement).encode(), "application/vnd.in-toto+json", _key()
        signature = key.sign(b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload), _SHA256)
        certificate = self._certificate(key, identity, issuer)
        envelope = {"payload": _b64(payload), "payloadType": kind, "signatures": [{"sig": _b64(signature)}]}
        spec = {
            "envelopeHash": _hash(_canonical(envelope)),
            "payloadHash": _hash(payload),
            "signatures": [{"signature": _b64(signature), "verifier": _b64(certificate.public_bytes(Encoding.PEM))}],
        }
        entry = self._entry({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}, late)
        return self._bundle(certificate, entry, {"dsseEnvelope": envelope})

    def sign_bytes(self, raw: bytes, identity: str = WORKFLOW, issuer: str = ISSUER) -> dict:
        """The bundle of a plain signature."""
        key = _key()
        signature, certificate = key.sign(raw, _SHA256), self._certificate(key, identity, issuer)
        pem = certificate.public_bytes(Encoding.PEM)
        signed = {"content": _b64(signature), "publicKey": {"content": _b64(pem)}}
        body = {
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {"data": {"hash": _hash(raw)}, "signature": signed},
        }
        digest = {"algorithm": "SHA2_256", "digest": _b64(hashlib.sha256(raw).digest())}
        message = {"messageDigest": digest, "signature": _b64(signature)}
        return self._bundle(certificate, self._entry(body, late=False), {"messageSignature": message})

    def _bundle(self, certificate: x509.Certificate, entry: dict, content: dict) -> dict:
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": _b64(certificate.public_bytes(Encoding.DER))},
                "tlogEntries": [entry],
            },
            **content,
        }

    def _certificate(self, key: ec.EllipticCurvePrivateKey, identity: str, issuer: str) -> x509.Certificate:
        name = x509.UniformResourceIdentifier(identity) if "://" in identity else x509.RFC822Name(identity)
        text = issuer.encode()
        usage = {**self._usage, "digital_signature": True}
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca_key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.ca.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now)
            .not_valid_after(self.now + timedelta(minutes=10))
            .add_extension(x509.KeyUsage(key_cert_sign=False, crl_sign=False, **usage), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(authority, critical=False)
            .add_extension(x509.SubjectAlternativeName([name]), critical=True)
            .add_extension(
                x509.UnrecognizedExtension(_ISSUER_EXTENSION, b"\x0c" + _der_length(len(text)) + text), critical=False
            )
        )
        bare = builder.sign(self.ca_key, hashes.SHA256())
        scts = self._timestamp(bare.tbs_certificate_bytes)
        return builder.add_extension(x509.UnrecognizedExtension(_SCTS, scts), critical=False).sign(
            self.ca_key, hashes.SHA256()
        )

    def _timestamp(self, tbs: bytes) -> bytes:
        """The list of one signed certificate timestamp (RFC 6962, 3.2 and 3.3), as an extension has it."""
        at = int(self.now.timestamp() * 1000).to_bytes(8, "big")
        issuer = hashlib.sha256(_spki(self.ca_key)).digest()
        signed = b"\0\0" + at + b"\0\1" + issuer + len(tbs).to_bytes(3, "big") + tbs + b"\0\0"
        signature = self.ct_key.sign(signed, _SHA256)
        log = hashlib.sha256(_spki(self.ct_key)).digest()
        sct = b"\0" + log + at + b"\0\0" + b"\4\3" + len(signature).to_bytes(2, "big") + signature
        inner = len(sct).to_bytes(2, "big") + sct
        listed = len(inner).to_bytes(2, "big") + inner
        return b"\x04" + _der_length(len(listed)) + listed

    def _entry(self, document: dict, late: bool) -> dict:
        """The entry of a log that has just this one: promise, inclusion proof and checkpoint."""
        body, log = _canonical(document), hashlib.sha256(_spki(self.log_key)).digest()
        at = int((self.now + timedelta(minutes=70 if late else 1)).timestamp())
        promised = {"body": _b64(body), "integratedTime": at, "logID": log.hex(), "logIndex": 0}
        root = hashlib.sha256(b"\0" + body).digest()
        note = f"rekor.acme.example\n1\n{_b64(root)}\n"
        checkpoint = _b64(log[:4] + self.log_key.sign(note.encode(), _SHA256))
        return {
            "logIndex": "0",
            "logId": {"keyId": _b64(log)},
            "kindVersion": {"kind": document["kind"], "version": document["apiVersion"]},
            "integratedTime": str(at),
            "inclusionPromise": {"signedEntryTimestamp": _b64(self.log_key.sign(_canonical(promised), _SHA256))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": _b64(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n\u2014 rekor.acme.example {checkpoint}\n"},
            },
            "canonicalizedBody": _b64(body),
        }


def _instance(url: str, key: ec.EllipticCurvePrivateKey, valid: dict) -> dict:
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": _b64(_spki(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", **valid},
        "logId": {"keyId": _b64(hashlib.sha256(_spki(key)).digest())},
    }


def _hash(raw: bytes) -> dict:
    return {"algorithm": "sha256", "value": hashlib.sha256(raw).hexdigest()}


def _der_length(length: int) -> bytes:
    if length < 128:
        return bytes([length])
    raw = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(raw)]) + raw
