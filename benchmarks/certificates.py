"""A TLS certificate for a registry on loopback, and a name that tools speak TLS with."""

import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

_ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Certificate:
    """Of a target, and of the authority that signed it."""

    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path, name: str) -> "Certificate":
        """With openssl's command."""
        folder.mkdir(exist_ok=True)
        made = cls(folder / "ca.pem", folder / "server.pem", folder / "server.key")
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        request, names = folder / "server.csr", folder / "names"
        names.write_text(f"subjectAltName=DNS:{name}\n", "ascii")
        authority: list[str | Path] = [
            "-CA",
            made.authority,
            "-CAkey",
            folder / "ca.key",
            "-set_serial",
            "2",
            "-days",
            "2",
        ]
        commands: tuple[list[str | Path], ...] = (
            ["req", "-x509", *key, "-keyout", folder / "ca.key", "-out", made.authority, "-subj", "/CN=bench CA"],
            ["req", *key, "-keyout", made.key, "-out", request, "-subj", f"/CN={name}"],
            ["x509", "-req", "-in", request, "-out", made.certificate, "-extfile", names, *authority],
        )
        for command in commands:
            subprocess.run(["openssl", *command], check=True, capture_output=True)
        return made


def loopback_name() -> str | None:
    """A name of 127.0.0.1 other than `localhost`, where all tools would expect plain http."""
    lines = (line.partition("#")[0].split() for line in Path("/etc/hosts").read_text("utf-8").splitlines())
    names = [name for words in lines if words[:1] == [_ADDRESS] for name in words[1:]]
    return next((name for name in names if not name.startswith("localhost") and _leads_home(name)), None)


def _leads_home(name: str) -> bool:
    try:
        return {found[4][0] for found in socket.getaddrinfo(name, 1)} == {_ADDRESS}
    except OSError:
        return False
