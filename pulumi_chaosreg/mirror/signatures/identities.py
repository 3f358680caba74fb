"""The identities of a policy, and whether a certificate proves one of them: sigstore-python, offline, with the
policy's own trusted root. Needs `sigstore`, imported when used (it takes a second).

Revocations of the trusted root's keys after it was written are not seen: whoever keeps the file keeps it fresh.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.signing_policy import SigningPolicy
from pulumi_chaosreg.mirror.signatures.bundle import Bundle
from pulumi_chaosreg.mirror.signatures.refusal import Refused, Why

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.verify import Verifier

_OTHER_NAME = "1.3.6.1.4.1.57264.1.7"  # Fulcio's own kind of name, of users without a mail address
_SAID = 200


class Identities:
    """Proves certificates: their chain, their signed certificate timestamp, and exactly one entry of the log, made
    while the certificate was valid.
    """

    def __init__(self, policy: SigningPolicy) -> None:
        """ChaosregError (CHR0459) where the trusted root cannot be used."""
        self._policy = policy
        self._verifier = _verifier(policy.trusted_root) if policy.identities else None

    def __bool__(self) -> bool:
        return self._verifier is not None

    def statement(self, bundle: Bundle) -> tuple[str, bytes]:
        """(type, payload) of the bundle's envelope, after its signer was proved; Refused otherwise."""
        verified: tuple[str, bytes] = self._proved(bundle, lambda verifier, read: verifier.verify_dsse(read, self))
        return verified

    def check_message(self, bundle: Bundle, message: bytes) -> None:
        """Prove that one of us signed the message; Refused otherwise."""
        self._proved(bundle, lambda verifier, read: verifier.verify_artifact(message, read, self))

    def verify(self, cert: "Certificate") -> None:
        """What sigstore asks a policy: is this a certificate of one of us? Refused (CHR0452, CHR0453) where not."""
        names, issuer = list(_names(cert)), _issuer(cert)
        fitting = [one for one in self._policy.identities if any(map(one.names, names))]
        if not fitting:
            raise Refused(
                Why.OTHER_IDENTITY, f"the signer is {_said(', '.join(f'`{name}`' for name in names) or 'nameless')}"
            )
        if all(one.issuer != issuer for one in fitting):
            raise Refused(Why.OTHER_ISSUER, f"`{_said(issuer or '')}` vouches for {_said(names[0])}")

    def _proved(self, bundle: Bundle, work: "Callable[[Verifier, Any], Any]") -> Any:
        from sigstore.models import Bundle as Read

        assert self._verifier is not None
        try:
            return work(self._verifier, Read.from_json(bundle.raw))
        except Refused:
            raise
        except Exception as error:  # of a stranger's bytes, three libraries raise what they like: it proves nothing
            raise Refused(Why.UNPROVED, _said(str(error) or type(error).__name__)) from None


def _verifier(trusted_root: str | None) -> "Verifier":
    import tempfile

    from sigstore.errors import Error
    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier

    try:
        with tempfile.TemporaryDirectory() as folder:  # sigstore reads it from a file only
            file = Path(folder) / "trusted_root.json"
            file.write_text(json.dumps(_whole(json.loads(trusted_root or ""))), "utf-8")
            return Verifier(trusted_root=TrustedRoot.from_file(str(file)))
    except OSError as error:  # a file system that is read-only or full says nothing about the trusted root
        raise _unusable(error, "it is read from a file: set TMPDIR to a writable folder") from None
    except (Error, ValueError, TypeError, AttributeError) as error:
        again = "get it again from your sigstore instance"
        where = "`cosign trusted-root create`, or the file `trusted_root.json` of its TUF repository"
        raise _unusable(error, f"{again}: {where}") from None


def _unusable(error: Exception, advice: str) -> ChaosregError:
    notes = [("because", _said(str(error)))]
    return ChaosregError.of("CHR0459", "the trusted root of `mirror.verify` cannot be used", notes=notes, help=advice)


def _whole(root: dict[str, Any]) -> dict[str, Any]:
    """The trusted root with the empty values that protobuf's JSON leaves out and sigstore-python 4.5 insists on:
    `cosign trusted-root create` writes no `commonName` where a certificate has none.
    """
    named = [
        {**authority, "subject": {"organization": "", "commonName": "", **authority.get("subject", {})}}
        for authority in root.get("certificateAuthorities", [])
    ]
    return {"tlogs": [], "ctlogs": [], **root, "certificateAuthorities": named}


def _names(cert: "Certificate") -> Iterator[str]:
    from cryptography import x509

    try:
        names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    yield from names.get_values_for_type(x509.RFC822Name)
    yield from names.get_values_for_type(x509.UniformResourceIdentifier)
    for other in names.get_values_for_type(x509.OtherName):
        if other.type_id.dotted_string == _OTHER_NAME:
            yield _der_text(other.value)


def _issuer(cert: "Certificate") -> str | None:
    """Fulcio's extension 8, or else 1, the same without DER."""
    raw = {extension.oid.dotted_string: extension.value for extension in cert.extensions}
    new, old = (raw.get(f"1.3.6.1.4.1.57264.1.{number}") for number in (8, 1))
    if new is not None:
        return _der_text(new.value)
    return old.value.decode("utf-8", "replace") if old is not None else None


def _der_text(raw: bytes) -> str:
    """The text of a DER UTF8String; empty where it is none, which nobody is called."""
    if len(raw) < 2 or raw[0] != 0x0C:
        return ""
    length, start = raw[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(raw[2:start], "big")
    return raw[start:].decode("utf-8", "replace") if len(raw) - start == length else ""


def _said(text: str) -> str:
    """A stranger's words, on one line and short."""
    line = " ".join(text.split())
    return line if len(line) <= _SAID else line[:_SAID] + "…"
