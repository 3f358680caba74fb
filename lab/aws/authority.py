"""The lab's own authority for TLS: it signs a certificate for whatever name a client asks for."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from typing import Any

import trustme


class Authority:
    """Who trusts `certificate` trusts every server of the lab that has its context from here."""

    def __init__(self, folder: Path) -> None:
        self._signer = trustme.CA(organization_name="chaosreg-lab", organization_unit_name="a stand-in, not Amazon")
        self.certificate = folder / "authority.pem"
        self._signer.cert_pem.write_to_path(self.certificate)
        self._issuing = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}

    def server_context(self) -> ssl.SSLContext:
        """For a server with any number of names: the certificate is made when the first client says the name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

        def choose(connection: Any, name: str | None, _: ssl.SSLContext) -> None:
            connection.context = self._context(name or "localhost")

        context.sni_callback = choose
        return context

    def _context(self, name: str) -> ssl.SSLContext:
        with self._issuing:
            if name not in self._contexts:
                made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._signer.issue_cert(name).configure_cert(made)
                self._contexts[name] = made
            return self._contexts[name]
