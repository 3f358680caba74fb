"""Where a registry may send us, and with what."""

import pytest

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.oci.addresses import base_url, check_realm, next_url, redacted

PUBLIC = "https://registry.example"
LOOPBACK = "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    ("server", "url"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("registry.example:8443", "https://registry.example:8443"),
        ("10.0.0.5:5000", "https://10.0.0.5:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("127.8.9.10:5000", "http://127.8.9.10:5000"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("localhost.example", "https://localhost.example"),
    ],
)
def test_plain_http_is_for_loopback_only(server: str, url: str) -> None:
    assert base_url(server) == url


@pytest.mark.parametrize(
    ("realm", "registry"),
    [
        ("https://auth.docker.io/token", "https://registry-1.docker.io"),
        ("https://auth.registry.example/token", PUBLIC),
        ("https://10.1.2.3/token", "https://10.1.2.3"),
        ("https://10.1.2.3:8443/token", "https://10.1.2.3"),
        ("http://127.0.0.1:9000/token", LOOPBACK),
        ("https://192.168.0.7/token", LOOPBACK),
    ],
)
def test_a_safe_realm_is_taken(realm: str, registry: str) -> None:
    assert check_realm(realm, registry) == realm


@pytest.mark.parametrize(
    ("realm", "registry", "cause"),
    [
        ("http://auth.registry.example/token", PUBLIC, "not https"),
        ("http://auth.registry.example/token", LOOPBACK, "not https"),
        ("ftp://registry.example/token", PUBLIC, "not https"),
        ("", PUBLIC, "not https"),
        ("/token", PUBLIC, "not https"),
        ("https://169.254.169.254/latest", PUBLIC, "private, link-local or loopback"),
        ("https://10.1.2.3/token", PUBLIC, "private, link-local or loopback"),
        ("https://127.0.0.1/token", PUBLIC, "private, link-local or loopback"),
        ("https://localhost/token", PUBLIC, "private, link-local or loopback"),
        ("https://[fd00::1]/token", PUBLIC, "private, link-local or loopback"),
        ("https://[::ffff:10.0.0.1]/token", PUBLIC, "private, link-local or loopback"),
        ("https://10.1.2.4/token", "https://10.1.2.3", "private, link-local or loopback"),
    ],
)
def test_an_unsafe_realm_is_refused(realm: str, registry: str, cause: str) -> None:
    with pytest.raises(ChaosregError, match=f"CHR0414.*{cause}"):
        check_realm(realm, registry)


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/v2/app/blobs/uploads/1?_state=a%2Fb%3D", "https://registry.example/v2/app/blobs/uploads/1?_state=a%2Fb%3D"),
        ("2?x=y", "https://registry.example/v2/app/blobs/uploads/2?x=y"),
        ("?x=y", "https://registry.example/v2/app/blobs/uploads/?x=y"),
        ("//cdn.example/u", "https://cdn.example/u"),
        ("https://bucket.example/u?signature=1", "https://bucket.example/u?signature=1"),
    ],
)
def test_a_location_is_relative_to_the_request(location: str, leads_to: str) -> None:
    assert next_url(f"{PUBLIC}/v2/app/blobs/uploads/", location, PUBLIC) == leads_to


@pytest.mark.parametrize(
    ("current", "location", "registry"),
    [
        (f"{PUBLIC}/v2/", "http://registry.example/v2/", PUBLIC),
        (f"{PUBLIC}/v2/", "http://127.0.0.1/", PUBLIC),
        (f"{PUBLIC}/v2/", "https://169.254.169.254/", PUBLIC),
        (f"{PUBLIC}/v2/", "https://192.168.1.1/", PUBLIC),
        (f"{PUBLIC}/v2/", "file:///etc/passwd", PUBLIC),
        (f"{LOOPBACK}/v2/", "http://elsewhere.example/", LOOPBACK),
        ("https://cdn.example/", "http://127.0.0.1:9/", LOOPBACK),
    ],
)
def test_an_unsafe_location_is_refused(current: str, location: str, registry: str) -> None:
    with pytest.raises(ChaosregError, match="CHR0414"):
        next_url(current, location, registry)


def test_messages_show_addresses_without_their_secrets() -> None:
    assert redacted("https://user:secret@r.example:8443/v2/x?token=secret#secret") == "https://r.example:8443/v2/x"
