"""Registries behind TLS and a company's proxy: certificates that change in the middle, proxies that refuse."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.ports import free_port
from lab.registry import RegistryServer
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Host, Registry
from tests.support import builder
from tests.support.builder import image, layer, push
from tests.support.certificates import Authority
from tests.support.connect_proxy import ConnectProxy
from tests.support.trial import HASTY

pytestmark = pytest.mark.registry

NAME = "harbor.company.example"
PASSWORD = "canary-of-a-proxy"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The company's, which this machine trusts."""
    ours = Authority(tmp_path / "company authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(ours.certificate))
    return ours


Serve = Callable[[Authority], RegistryServer]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start the registry, always at the same port and with the same content, with a new certificate."""
    port, running = free_port("127.0.0.1"), list[RegistryServer]()

    def serve(authority: Authority) -> RegistryServer:
        for one in running:
            one.stop()
        server = RegistryServer(tmp_path / "secure", port=port, extra=authority.issue(NAME).settings)
        running.append(server)
        return server.start()

    yield serve
    for one in running:
        one.stop()


@pytest.fixture
def tree(upstream: RegistryServer) -> builder.Tree:
    return push(upstream.host, "app", "1", image(layer("x"), layer("y")))


@pytest.fixture
def known_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for a DNS server: the name leads to this machine."""
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: resolve("127.0.0.1" if host == NAME else host, *rest, **more)
    )


def at(server: RegistryServer) -> Reference:
    return Reference(f"{NAME}:{server.port}", "app", "1")


@pytest.mark.usefixtures("known_here")
def test_a_new_certificate_of_the_same_authority_is_taken_in_the_middle(
    authority: Authority, serve: Serve, upstream: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    plan = mirror.plan(Reference(upstream.host, "app", "1"), at(serve(authority)))
    serve(authority)
    assert mirror.carry_out(plan).digest == tree.digest


@pytest.mark.usefixtures("known_here")
def test_a_new_certificate_of_an_unknown_authority_ends_the_copy_at_once(
    authority: Authority, serve: Serve, tmp_path: Path, upstream: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    goal = at(serve(authority))
    plan = mirror.plan(Reference(upstream.host, "app", "1"), goal)
    impostor = serve(Authority(tmp_path / "another authority"))
    started = time.monotonic()
    with pytest.raises(ChaosregError, match=rf"CHR0402.*`{NAME}:\d+` failed: .*certificate"):
        mirror.carry_out(plan)
    assert time.monotonic() - started < 5
    assert not (impostor.storage / "docker/registry/v2/repositories/app/_manifests").exists()


@pytest.fixture(autouse=True)
def no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab's commands use no proxy at all; these tests do."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_the_environment_s_proxy_is_used_for_the_registry_and_not_for_this_machine(
    authority: Authority, serve: Serve, upstream: RegistryServer, tree: builder.Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(authority)
    with ConnectProxy({f"{NAME}:{server.port}": server.port}, ("corp", PASSWORD)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://corp:{PASSWORD}@{proxy.host}")
        monkeypatch.setenv("HTTP_PROXY", f"http://corp:{PASSWORD}@{proxy.host}")
        with Mirror(patience=HASTY) as mirror:
            assert mirror.copy(Reference(upstream.host, "app", "1"), at(server)).digest == tree.digest
    assert set(proxy.asked) == {f"{NAME}:{server.port}"}


@pytest.mark.usefixtures("known_here")
def test_no_proxy_leads_past_it(
    authority: Authority, serve: Serve, upstream: RegistryServer, tree: builder.Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(authority)
    with ConnectProxy({}) as proxy:
        monkeypatch.setenv("https_proxy", f"http://{proxy.host}")
        monkeypatch.setenv("no_proxy", "localhost,.company.example")
        with Mirror(patience=HASTY) as mirror:
            assert mirror.copy(Reference(upstream.host, "app", "1"), at(server)).digest == tree.digest
    assert proxy.asked == []


@pytest.mark.parametrize(
    ("login", "words"),
    [(("corp", "another"), "407 Proxy Authentication Required"), (("corp", PASSWORD), "403 Forbidden")],
    ids=["wrong password", "forbidden name"],
)
def test_a_proxy_that_refuses_is_named_without_its_password(
    login: tuple[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConnectProxy({}, login) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://corp:{PASSWORD}@{proxy.host}")
        with pytest.raises(ChaosregError) as caught:
            Registry(NAME, host=Host(HASTY)).head_manifest("app", "1")
    said = f"{caught.value} {caught.value!r}"
    assert f"error[CHR0401]: registry `{NAME}` cannot be reached: the environment's proxy `{proxy.host}`" in said
    assert words in said
    assert PASSWORD not in said
    assert len(proxy.asked) <= HASTY.tries


def test_a_proxy_that_is_gone_is_told_from_a_registry_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = f"127.0.0.1:{free_port('127.0.0.1')}"
    monkeypatch.setenv("HTTPS_PROXY", f"http://corp:{PASSWORD}@{gone}")
    with pytest.raises(ChaosregError, match=rf"CHR0401.*the environment's proxy `{gone}` says .*refused"):
        Registry(NAME, host=Host(HASTY)).head_manifest("app", "1")
