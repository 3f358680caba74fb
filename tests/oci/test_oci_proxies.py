"""Which requests go through a proxy: the rules of Go's tools, which people have set their environment up for."""

from base64 import b64decode

import pytest

from pulumi_chaosreg.oci.host import Host
from pulumi_chaosreg.oci.problems import RegistryError
from pulumi_chaosreg.oci.proxies import Connections, ProxyUnusable, proxy_for
from pulumi_chaosreg.oci.transport import Ask, Transport

PROXY = {"HTTPS_PROXY": "http://proxy.corp:3128"}


def address_of(url: str, environment: dict[str, str]) -> str | None:
    proxy = proxy_for(url, environment)
    return proxy.address if proxy else None


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        (PROXY, "http://proxy.corp:3128"),
        ({"https_proxy": "proxy.corp:3128"}, "http://proxy.corp:3128"),
        ({"https_proxy": "http://small", "HTTPS_PROXY": "http://large"}, "http://small:80"),
        ({"https_proxy": "https://proxy.corp/"}, "https://proxy.corp:443"),
        ({"https_proxy": "http://user:word@[fd00::1]:3128"}, "http://[fd00::1]:3128"),
        ({"HTTP_PROXY": "http://proxy.corp:3128"}, None),
        ({"HTTPS_PROXY": ""}, None),
    ],
)
def test_the_proxy_comes_from_the_environment(environment, expected) -> None:
    assert address_of("https://harbor.company.com/v2/", environment) == expected


@pytest.mark.parametrize(
    ("spared", "host"),
    [
        ("*", "harbor.company.com"),
        ("harbor.company.com", "harbor.company.com"),
        ("company.com", "harbor.company.com"),
        (".company.com", "harbor.company.com"),
        ("*.company.com", "harbor.company.com"),
        ("a.example, Company.com ,b.example", "harbor.company.com"),
        ("company.com:443", "harbor.company.com"),
        ("harbor.company.com:8443", "harbor.company.com:8443"),
        ("10.0.0.0/8", "10.1.2.3:5000"),
        ("10.1.2.3", "10.1.2.3:5000"),
        ("fd00::/8", "[fd00::1]:5000"),
        ("[fd00::1]", "[fd00::1]:5000"),
        ("", "localhost:5000"),
        ("", "127.0.0.1:5000"),
        ("", "[::1]:5000"),
    ],
)
def test_these_are_asked_directly(spared: str, host: str) -> None:
    assert proxy_for(f"https://{host}/v2/", {**PROXY, "NO_PROXY": spared}) is None


@pytest.mark.parametrize(
    ("spared", "host"),
    [
        ("company.com", "evilcompany.com"),
        (".company.com", "company.com"),
        ("company.com:8443", "company.com"),
        ("10.0.0.0/8", "11.1.2.3"),
        ("10.0.0.0/8", "harbor.company.com"),
        ("[broken, company.com:x, /, :443", "company.com"),
        ("", "harbor.company.com"),
    ],
)
def test_these_are_not(spared: str, host: str) -> None:
    assert address_of(f"https://{host}/v2/", {**PROXY, "NO_PROXY": spared}) == "http://proxy.corp:3128"


def test_a_proxy_that_we_cannot_talk_to_is_said() -> None:
    connections = Connections({"https_proxy": "socks5://proxy.corp:1080"})
    with pytest.raises(ProxyUnusable, match="`socks5` proxy"):
        connections.to("https://harbor.company.com/v2/")


def test_the_proxy_s_password_is_not_part_of_its_name() -> None:
    connections = Connections({"https_proxy": "http://user:canary@proxy.corp:3128"})
    assert connections.proxy_name("https://harbor.company.com/v2/") == "proxy.corp:3128"
    assert "canary" not in repr(vars(connections))
    assert "canary" not in repr(proxy_for("https://harbor.company.com/v2/", {"https_proxy": "http://u:canary@p"}))


@pytest.mark.parametrize(
    "address",
    [
        "http://user:canary/x@proxy.corp:3128",
        "http://user:canary#x@proxy.corp:3128",
        "user:canary?x@proxy.corp:3128",
        "http://canary/x@proxy.corp:3128",
        "http://user:5/canary@proxy.corp:3128",
        "http://user:canary\udcff@proxy.corp:3128",
        "user:canary://x@proxy.corp:3128",
        "http://canary@:3128",
        "http://[canary",
        "http://proxy.corp:canary",
        "http://can ary:3128",
    ],
)
def test_an_address_that_cannot_be_read_is_not_repeated(address: str) -> None:
    transport = Transport("harbor.company.com", None, Host())
    transport._connections = Connections({"HTTPS_PROXY": address})
    with pytest.raises(RegistryError, match=r"CHR0401[\s\S]*the environment's proxy cannot be used") as error:
        transport.request_once(Ask("GET", "https://harbor.company.com/v2/", "chaos", "door", "`/v2/`"))
    assert "can" not in str(error.value).replace("cannot", "")
    assert not error.value.transient


def test_a_password_may_have_every_character_in_its_escaped_spelling() -> None:
    proxy = proxy_for("https://harbor.company.com/", {"https_proxy": "http://us%2Fer:p%40%2F%23%3F+@proxy.corp:3128"})
    assert proxy is not None
    assert b64decode(proxy.headers["Proxy-Authorization"].removeprefix("Basic ")) == b"us/er:p@/#?+"
