"""What a signature claims: two forms of "I signed the image with this digest".

The bytes come here only after their signature was found good.
"""

from typing import Any

from pulumi_chaosreg.mirror.signatures.refusal import Refused, Why, malformed
from pulumi_chaosreg.mirror.signatures.strict_json import json_object, mapping, text

IN_TOTO = "application/vnd.in-toto+json"
SIGNED = "https://sigstore.dev/cosign/sign/v1"
"""The predicate that says "signed" and nothing else; all others are attestations about an image."""

_CLASSIC = "cosign container image signature"
_STATEMENTS = ("https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1")


def check_simple_signing(payload: bytes, digest: str) -> None:
    """The payload of a `.sig` tag, which names one digest.

    `critical.identity` (the name that was signed) is **not** checked: a copy has another name, and cosign does not
    check it either.
    """
    critical = mapping(json_object(payload, "the payload"), "critical", "the payload")
    kind = text(critical, "type", "the payload")
    if kind != _CLASSIC:
        raise Refused(Why.ATTESTATION, f"its type is `{kind}`")
    _same(text(mapping(critical, "image", "the payload"), "docker-manifest-digest", "the payload"), digest)


def check_statement(payload_type: str, payload: bytes, digest: str) -> None:
    """The payload of a DSSE envelope: an in-toto statement with cosign's predicate and that digest as a subject."""
    if payload_type != IN_TOTO:
        raise Refused(Why.ATTESTATION, f"its payload is a `{payload_type}`")
    statement = json_object(payload, "the statement")
    if statement.get("_type") not in _STATEMENTS:
        malformed("the statement is not an in-toto statement")
    predicate = text(statement, "predicateType", "the statement")
    if predicate != SIGNED:
        raise Refused(Why.ATTESTATION, f"its predicate is `{predicate}`")
    subjects = statement.get("subject")
    if not isinstance(subjects, list) or not subjects:
        malformed("the statement has no subject")
    algorithm, _, value = digest.partition(":")
    named = [mapping(_entry(subject), "digest", "a subject") for subject in subjects]
    if all(digests.get(algorithm) != value for digests in named):
        _same(f"{algorithm}:{named[0].get(algorithm)}", digest)


def _same(signed: str, digest: str) -> None:
    if signed != digest:
        raise Refused(Why.OTHER_IMAGE, f"it signs `{signed[:80]}`")


def _entry(subject: Any) -> dict[str, Any]:
    return subject if isinstance(subject, dict) else malformed("a subject is not an object")
