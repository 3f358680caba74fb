"""A sigstore bundle, read strictly: what vouches for it, and what is signed.

Keys are never taken from a bundle: `publicKey` there is a hint, and anybody can write one
(sigstore-rust#157, cosign GHSA-fx35-mq7g-6g98).
"""

from dataclasses import dataclass
from typing import Literal

from pulumi_chaosreg.mirror.signatures.refusal import malformed
from pulumi_chaosreg.mirror.signatures.strict_json import json_object, mapping, octets, only, text

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle"
_TYPES = (f"{MEDIA_TYPE}.v0.3+json", *(f"{MEDIA_TYPE}+json;version=0.{minor}" for minor in (1, 2, 3)))


@dataclass(frozen=True, slots=True)
class Envelope:
    """DSSE: a typed payload with one signature over both."""

    payload_type: str
    payload: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes that were signed: DSSE's pre-authentication encoding."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)


@dataclass(frozen=True, slots=True)
class Message:
    """A signature over the bytes of the image's manifest."""

    signature: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """One signature with what it needs to be verified."""

    raw: bytes
    voucher: Literal["key", "certificate"]
    content: Envelope | Message

    @classmethod
    def parse(cls, raw: bytes) -> "Bundle":
        """Read it; Refused (CHR0456) where it is not one bundle with one voucher and one content."""
        document = json_object(raw, "the bundle")
        if document.get("mediaType") not in _TYPES:
            malformed("its media type is not a sigstore bundle 0.1 to 0.3")
        material = mapping(document, "verificationMaterial", "the bundle")
        material = {_CAMEL.get(key, key): value for key, value in material.items()}
        voucher = only(material, ("publicKey", "x509CertificateChain", "certificate"), "the verification material")
        kind = only(document, ("dsseEnvelope", "messageSignature"), "the bundle")
        inner = mapping(document, kind, "the bundle")
        content = Message(octets(inner, "signature", "the message")) if kind == "messageSignature" else _envelope(inner)
        return cls(raw, "key" if voucher == "publicKey" else "certificate", content)


def _envelope(envelope: dict[str, object]) -> Envelope:
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        malformed("the envelope must have exactly one signature")
    return Envelope(
        text(envelope, "payloadType", "the envelope"),
        octets(envelope, "payload", "the envelope"),
        octets(signatures[0], "sig", "the envelope"),
    )


_CAMEL = {"public_key": "publicKey", "x509_certificate_chain": "x509CertificateChain"}
"""The spellings that protobuf's JSON readers take for the same: a second voucher must not hide behind one."""
