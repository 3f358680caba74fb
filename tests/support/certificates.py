"""Certificates for registries of tests, made by trustme."""

from dataclasses import dataclass
from pathlib import Path

import trustme


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

    def issue(self, name: str) -> Certificate:
        """A new certificate for that host name."""
        self._count += 1
        issued = Certificate(self._folder / f"{self._count}.pem", self._folder / f"{self._count}.key")
        made = self._signer.issue_cert(name)
        made.cert_chain_pems[0].write_to_path(issued.certificate)
        made.private_key_pem.write_to_path(issued.key)
        return issued
