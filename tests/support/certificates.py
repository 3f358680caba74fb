"""Certificates for registries of tests, made by trustme; and those that trustme would not make."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    certificate: Path
    key: Path

    @property
    def settings(self) -> dict[str, object]:
        """What distribution wants to hear."""
        return {"http": {"tls": {"certificate": str(self.certificate), "key": str(self.key)}}}


class Authority:
    """Signs certificates; who trusts `certificate` trusts them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder, self._count, self._signer = folder, 0, trustme.CA()
        self.certificate = folder / "authority.pem"
        self._signer.cert_pem.write_to_path(self.certificate)

    def issue(self, name: str, ends: datetime | None = None) -> Certificate:
        """A new certificate for that host name; it may have ended."""
        self._count += 1
        issued = Certificate(self._folder / f"{self._count}.pem", self._folder / f"{self._count}.key")
        begins = ends - timedelta(days=30) if ends else None
        made = self._signer.issue_cert(name, not_before=begins, not_after=ends)
        made.cert_chain_pems[0].write_to_path(issued.certificate)
        made.private_key_pem.write_to_path(issued.key)
        return issued


def bare_chain(folder: Path, name: str) -> tuple[Path, Path, Certificate]:
    """(root, its intermediate authority, a certificate for that host name with the intermediate beside it), none with a
    key identifier: what many companies' own authorities issue, and what RFC 5280 does not want.
    """
    folder.mkdir(parents=True)
    root = _Bare.authority("root")
    middle = _Bare.authority("intermediate", root)
    leaf = _Bare.made(name, middle, [(x509.SubjectAlternativeName([x509.DNSName(name)]), False)])
    paths = [folder / file for file in ("root.pem", "intermediate.pem", "server.pem", "server.key")]
    for path, raw in zip(paths, (root.pem, middle.pem, leaf.pem + middle.pem, leaf.key_pem), strict=True):
        path.write_bytes(raw)
    return paths[0], paths[1], Certificate(paths[2], paths[3])


@dataclass(frozen=True)
class _Bare:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def authority(cls, name: str, issuer: "_Bare | None" = None) -> "_Bare":
        return cls.made(name, issuer, [(x509.BasicConstraints(ca=True, path_length=None), True)])

    @classmethod
    def made(cls, name: str, issuer: "_Bare | None", extensions: list[tuple[x509.ExtensionType, bool]]) -> "_Bare":
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return cls(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
