"""Where a registry may send us, and with what."""

import pytest

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.server_address import base_url
from pulumi_chaosreg.oci.addresses import check_realm, next_url, redacted

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
        ("http://[::ffff:127.0.0.1]:9000/token", LOOPBACK),
        ("https://8.8.8.8/token", PUBLIC),
        ("https://[2001:4860:4860::8888]/token", PUBLIC),
        ("https://auth_server.example./token", PUBLIC),
        ("https://xn--bcher-kva.example/token", PUBLIC),
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
        ("https://[::ffff:169.254.169.254]/token", PUBLIC, "private, link-local or loopback"),
        ("https://[::ffff:a00:1]/token", PUBLIC, "private, link-local or loopback"),
        ("https://[::127.0.0.1]/token", PUBLIC, "private, link-local or loopback"),
        ("https://[64:ff9b::a00:1]/token", PUBLIC, "private, link-local or loopback"),
        ("https://[fe80::1%25eth0]/token", PUBLIC, "private, link-local or loopback"),
        ("https://[ff02::1]/token", PUBLIC, "private, link-local or loopback"),
        ("https://[::]/token", PUBLIC, "private, link-local or loopback"),
        ("https://0.0.0.0/token", PUBLIC, "private, link-local or loopback"),
        ("https://100.64.0.1/token", PUBLIC, "private, link-local or loopback"),
        ("https://2852039166/token", PUBLIC, "private, link-local or loopback"),
        ("https://0xa9fea9fe/token", PUBLIC, "private, link-local or loopback"),
        ("https://0251.0376.0251.0376/token", PUBLIC, "private, link-local or loopback"),
        ("https://169.254.43518/token", PUBLIC, "private, link-local or loopback"),
        ("https://127.1/token", PUBLIC, "private, link-local or loopback"),
        ("https://127.0.0.1./token", PUBLIC, "private, link-local or loopback"),
        ("https://LOCALHOST./token", PUBLIC, "private, link-local or loopback"),
        ("https://evil.localhost/token", PUBLIC, "private, link-local or loopback"),
        ("https://metadata.google.internal/token", PUBLIC, "private, link-local or loopback"),
        ("https://user:password@auth.example/token", PUBLIC, "a user"),
        ("https://registry.example@evil.example/token", PUBLIC, "a user"),
        ("https://127.0.0.1\\.auth.example/token", PUBLIC, "read in two ways"),
        ("https://auth.example\t/token", PUBLIC, "read in two ways"),
        ("https://%31%32%37.0.0.1/token", PUBLIC, "read in two ways"),
        ("https://１２７.0.0.1/token", PUBLIC, "read in two ways"),
        ("https://[::1/token", PUBLIC, "unreadable address"),
        ("https://auth.example:99999/token", PUBLIC, "unreadable address"),
        ("http://127.0.0.1:9000/token", PUBLIC, "not https"),
        ("http://10.1.2.3/token", "https://10.1.2.3", "not https"),
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
        (f"{PUBLIC}/v2/", "//10.0.0.1/upload", PUBLIC),
        (f"{PUBLIC}/v2/", "https://[::ffff:10.0.0.1]/upload", PUBLIC),
        (f"{PUBLIC}/v2/", "https://167772161/upload", PUBLIC),
        (f"{PUBLIC}/v2/", "https://u:p@bucket.example/upload", PUBLIC),
        (f"{PUBLIC}/v2/", "https://bucket.example\\@10.0.0.1/upload", PUBLIC),
        (f"{PUBLIC}/v2/", "https://bucket.example/a b", PUBLIC),
        (f"{PUBLIC}/v2/", "https://[::1", PUBLIC),
        (f"{PUBLIC}/v2/", "https://bucket.example:port/", PUBLIC),
        (f"{PUBLIC}/v2/", "gopher://bucket.example/", PUBLIC),
        (f"{PUBLIC}/v2/", "http:///upload", PUBLIC),
    ],
)
def test_an_unsafe_location_is_refused(current: str, location: str, registry: str) -> None:
    with pytest.raises(ChaosregError, match="CHR0414"):
        next_url(current, location, registry)


def test_messages_show_addresses_without_their_secrets() -> None:
    assert redacted("https://user:secret@r.example:8443/v2/x?token=secret#secret") == "https://r.example:8443/v2/x"


@pytest.mark.parametrize("url", ["https://user:canary@[::1/", "https://[canary"])
def test_an_address_that_nobody_can_read_is_not_shown(url: str) -> None:
    assert "canary" not in redacted(url)
    with pytest.raises(ChaosregError, match="CHR0414") as caught:
        check_realm(url, PUBLIC)
    assert "canary" not in str(caught.value)
