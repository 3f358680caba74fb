"""Certificates for registries of tests, made by openssl's command."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


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
        self._folder, self._count = folder, 0
        self.certificate = folder / "authority.pem"
        _openssl(
            "req", "-x509", *_NEW_KEY, "-keyout", self._key, "-out", self.certificate, "-subj", f"/CN={folder.name}"
        )

    def issue(self, name: str) -> Certificate:
        """A new certificate for that host name."""
        self._count += 1
        issued = Certificate(self._folder / f"{self._count}.pem", self._folder / f"{self._count}.key")
        request, names = self._folder / "request", self._folder / "names"
        names.write_text(f"subjectAltName=DNS:{name}\n")
        _openssl("req", *_NEW_KEY, "-keyout", issued.key, "-out", request, "-subj", f"/CN={name}")
        signed_by = ("-CA", self.certificate, "-CAkey", self._key, "-set_serial", str(self._count + 1), "-days", "2")
        _openssl("x509", "-req", "-in", request, "-out", issued.certificate, "-extfile", names, *signed_by)
        return issued

    @property
    def _key(self) -> Path:
        return self._folder / "authority.key"


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
