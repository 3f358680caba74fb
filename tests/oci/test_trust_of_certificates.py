"""Private authorities are trusted alike by every Python; the flags of 3.13 stand in for it where there is another."""

import socket
import ssl
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import urllib3
import urllib3.connection

from pulumi_chaosreg.oci import Host, Patience, Registry, RegistryError
from pulumi_chaosreg.oci.trust import trusting
from tests.support.answering import tls_of
from tests.support.certificates import Authority, Certificate, bare_chain
from tests.support.local_server import LocalServer

NAME = "harbor.company.example"


class Secure(LocalServer):
    """Stand-in for a registry behind TLS: it has nothing."""

    def __init__(self, certificate: Certificate) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        class Server(HTTPServer):
            def handle_error(self, *_: object) -> None:
                """A client that refuses the certificate."""

        server = Server(("127.0.0.1", 0), Handler)
        context = tls_of(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        super().__init__(server)
        self.port = server.server_address[1]


@pytest.fixture(autouse=True)
def names_and_flags_of_3_13(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve, default, urllib3_s = (
        socket.getaddrinfo,
        ssl.create_default_context,
        urllib3.connection.create_urllib3_context,
    )
    strict = ssl.VerifyFlags.VERIFY_X509_STRICT | ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN

    def flagged(context: ssl.SSLContext) -> ssl.SSLContext:
        context.verify_flags |= strict
        return context

    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **more: resolve("127.0.0.1", *rest, **more))
    monkeypatch.setattr(ssl, "create_default_context", lambda *args, **more: flagged(default(*args, **more)))
    monkeypatch.setattr(
        urllib3.connection, "create_urllib3_context", lambda *args, **more: flagged(urllib3_s(*args, **more))
    )


def asked(server: Secure, name: str = NAME) -> None:
    assert Registry(f"{name}:{server.port}", host=Host(Patience(tries=1))).head_manifest("app", "1") is None


def test_an_authority_without_key_identifiers_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, middle, certificate = bare_chain(tmp_path / "bare", NAME)
    with Secure(certificate) as server:
        for trusted in (root, middle):  # an authority that is given by name needs nobody above it
            monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
            asked(server)
        with pytest.raises(urllib3.exceptions.SSLError, match="Missing Authority Key Identifier"):
            urllib3.PoolManager(retries=False).request("HEAD", f"https://{NAME}:{server.port}/")


def test_nobody_else_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, _, certificate = bare_chain(tmp_path / "bare", NAME)
    with Secure(certificate) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(root))
        with pytest.raises(RegistryError, match=r"CHR0402.*[Hh]ostname mismatch"):
            asked(server, "another.company.example")
        monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path / "another").certificate))
        with pytest.raises(RegistryError, match=r"CHR0402.*certificate"):
            asked(server)


def test_only_those_two_flags_are_ours() -> None:
    ours, theirs = trusting(), ssl.create_default_context()
    assert theirs.verify_flags ^ ours.verify_flags == ssl.VerifyFlags.VERIFY_X509_STRICT
    assert (ours.verify_mode, ours.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (ours.options, ours.minimum_version) == (theirs.options, theirs.minimum_version)
