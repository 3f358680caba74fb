"""One fault at a time between this machine and a real registry: the doctor names it, and asks nothing behind it."""

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

from lab.ports import free_port
from lab.registry import RegistryServer
from tests.doctor.conftest import Admit, Patient, kubeconfig_to
from tests.support.builder import image, layer, push
from tests.support.certificates import Authority, Certificate
from tests.support.connect_proxy import ConnectProxy
from tests.support.fault_scripts import always
from tests.support.faults import FaultServer, Reply
from tests.support.local_server import LocalServer

pytestmark = pytest.mark.registry

NAME = "harbor.company.example"
PASSWORD = "canary-of-a-proxy"
AFTER = ("DNS", "TCP", "TLS", "/v2/", "login", "images")


@pytest.fixture(autouse=True)
def no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab's commands use no proxy at all; these tests do."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def quiet_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stand-in for a cluster without Pods."""
    with FaultServer(lambda _: Reply(200, b'{"items": []}')) as api:
        monkeypatch.setenv("KUBECONFIG", kubeconfig_to(f"http://{api.host}", tmp_path))
        yield


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The company's, which this machine trusts."""
    ours = Authority(tmp_path / "company authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(ours.certificate))
    return ours


@pytest.fixture
def known_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for a DNS server: the name leads to this machine."""
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: resolve("127.0.0.1" if host == NAME else host, *rest, **more)
    )


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Certificate], RegistryServer]]:
    running: list[RegistryServer] = []

    def serve(certificate: Certificate) -> RegistryServer:
        running.append(RegistryServer(tmp_path / "secure", extra=certificate.settings).start())
        return running[0]

    yield serve
    for one in running:
        one.stop()


def expect_stop_at(patient: Patient, step: str, code: str, *words: str) -> str:
    """One step fails with one error, and what follows from it is not asked; what was printed."""
    report = patient.examined()
    assert report.code == 1
    assert report.failed == {step: [code]}
    behind = AFTER[AFTER.index(step) + 1 :]
    assert [report.result(one) for one in behind] == ["unseen"] * len(behind)
    assert [one for one in words if one not in report.text] == []
    return report.text


def test_nothing_is_wrong_and_nothing_is_written(admit: Admit, target: RegistryServer) -> None:
    patient = admit(target.host)
    patient.push()
    patient.lock()
    before = len(target.requests())
    report = patient.examined()
    assert report.code == 0, report.text
    assert report.failed == {}
    assert "4 of 4 are there, all as locked" in report.text
    asked = target.requests()[before:]
    assert {one.method for one in asked} == {"GET", "HEAD"}
    assert len(asked) == 2 * (1 + 4)  # two runs; each knocks, and looks at four images


def test_a_name_that_does_not_exist(admit: Admit) -> None:
    expect_stop_at(
        admit("registry.invalid"), "DNS", "CHR0401", "its name does not resolve", "not asked, as `DNS` failed"
    )


def test_a_port_where_nobody_listens(admit: Admit) -> None:
    expect_stop_at(admit(f"127.0.0.1:{free_port('127.0.0.1')}"), "TCP", "CHR0401", "connection refused")


@pytest.mark.usefixtures("known_here", "authority")
def test_a_certificate_of_an_authority_that_nobody_knows_here(admit: Admit, serve, tmp_path: Path) -> None:
    server = serve(Authority(tmp_path / "another authority").issue(NAME))
    expect_stop_at(
        admit(f"{NAME}:{server.port}"), "TLS", "CHR0402", "unable to get local issuer", "SSL_CERT_FILE=ca.pem"
    )


@pytest.mark.usefixtures("known_here")
def test_a_certificate_for_another_name(admit: Admit, serve, authority: Authority) -> None:
    server = serve(authority.issue("other.company.example"))
    expect_stop_at(admit(f"{NAME}:{server.port}"), "TLS", "CHR0402", "hostname mismatch", "as its certificate names it")


@pytest.mark.usefixtures("known_here")
def test_a_certificate_that_has_ended(admit: Admit, serve, authority: Authority) -> None:
    server = serve(authority.issue(NAME, datetime.now(UTC) - timedelta(hours=1)))
    expect_stop_at(admit(f"{NAME}:{server.port}"), "TLS", "CHR0402", "certificate has expired", "renew the server's")


@pytest.mark.usefixtures("known_here")
def test_a_certificate_that_ends_soon_is_a_warning(admit: Admit, serve, authority: Authority) -> None:
    server = serve(authority.issue(NAME, datetime.now(UTC) + timedelta(days=3, hours=1)))
    report = admit(f"{NAME}:{server.port}").examined()
    assert (report.result("TLS"), report.codes("TLS")) == ("passed", ["CHR0906"])
    assert "warning[CHR0906]: the certificate of" in report.text
    assert "ends in 3 days" in report.text


@pytest.mark.usefixtures("known_here", "authority")
def test_a_server_that_speaks_no_tls(admit: Admit, target: RegistryServer) -> None:
    expect_stop_at(admit(f"{NAME}:{target.port}"), "TLS", "CHR0402", "it does not speak TLS at this port")


@pytest.mark.parametrize("status", [200, 404])
def test_a_server_that_is_no_registry(status: int, admit: Admit) -> None:
    page = Reply(status, b"<html><h1>Sign in</h1></html>", {"Content-Type": "text/html; charset=utf-8"})
    with FaultServer(lambda _: page) as portal:
        said = f"is not a registry: it answers `GET /v2/` with {status} and text/html"
        expect_stop_at(admit(portal.host), "/v2/", "CHR0901", said, "answer: Sign in")


def test_a_registry_that_has_had_enough(admit: Admit, target: RegistryServer) -> None:
    reply = Reply(429, headers={"Retry-After": "21600"})
    with FaultServer(lambda _: reply, target.host) as front:
        expect_stop_at(admit(front.host), "/v2/", "CHR0412", "6 h 0 min")
        assert len(front.seen) == 2  # once in each run: it said when to come back


def test_a_registry_that_is_broken(admit: Admit, target: RegistryServer) -> None:
    with FaultServer(lambda _: Reply(502, b"<h1>Bad Gateway</h1>"), target.host) as front:
        expect_stop_at(admit(front.host), "/v2/", "CHR0413", "answered 502", "Bad Gateway")


def test_an_image_that_is_missing(admit: Admit, target: RegistryServer) -> None:
    patient = admit(target.host)
    patient.push(without="chaos-log-watcher")
    text = expect_stop_at(patient, "images", "CHR0405", "no tag `1.94.0` in `chaos/chaos-log-watcher`")
    assert "chaos-ddcr" not in text


def test_two_missing_images_are_one_finding(admit: Admit, target: RegistryServer) -> None:
    patient = admit(target.host)
    expect_stop_at(patient, "images", "CHR0405", "= also: ", "chaos/service-discovery-collector")


def test_an_image_that_the_registry_fails_to_give(admit: Admit, target: RegistryServer) -> None:
    broken = always(Reply(500), "HEAD", "/chaos-log-watcher/")
    with FaultServer(broken, target.host) as front:
        patient = admit(front.host)
        patient.push(target.host)
        expect_stop_at(patient, "images", "CHR0413", "answered 500 to tag `1.94.0` of `chaos/chaos-log-watcher`")


def test_a_tag_that_has_moved_since_it_was_locked_is_a_warning(admit: Admit, target: RegistryServer) -> None:
    patient = admit(target.host)
    patient.push()
    patient.lock()
    push(target.host, "chaos/chaos-ddcr", "1.94.0", image(layer("somebody else's", 1000)))
    report = patient.examined()
    assert report.code == 0
    assert report.codes("images") == ["CHR0907"]
    assert "4 of 4 are there, 3 of 4 as locked" in report.text
    assert f"`{target.host}/chaos/chaos-ddcr:1.94.0` is not what was locked" in report.text


def test_a_locked_digest_that_is_gone_is_missing_though_its_tag_is_there(admit: Admit, target: RegistryServer) -> None:
    patient = admit(target.host)
    patient.push()
    patient.pushed["chaos-ddcr"] = image(layer("never pushed", 1000))
    patient.lock()
    digest = patient.pushed["chaos-ddcr"].digest
    report = patient.examined()
    assert (report.code, report.codes("images")) == (1, ["CHR0405", "CHR0907"])
    assert f"`{digest}`" in report.text


@pytest.mark.usefixtures("authority")
def test_a_proxy_that_refuses_is_named_without_its_password(admit: Admit, monkeypatch: pytest.MonkeyPatch) -> None:
    with ConnectProxy({}, ("corp", "another")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://corp:{PASSWORD}@{proxy.host}")
        text = expect_stop_at(
            admit(NAME), "TCP", "CHR0401", f"the proxy `{proxy.host}`", "407 Proxy Authentication Required"
        )
    assert PASSWORD not in text


@pytest.mark.usefixtures("authority")
def test_a_proxy_that_is_none(admit: Admit, monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalServer(Babbler(("127.0.0.1", 0), BaseRequestHandler)) as babbler:
        monkeypatch.setenv("HTTPS_PROXY", f"http://corp:{PASSWORD}@{babbler.host}")
        text = expect_stop_at(admit(NAME), "TCP", "CHR0401", "says something that is not a proxy's answer")
    assert PASSWORD not in text


class Babbler(ThreadingTCPServer):
    """Talks, and not as a proxy does."""

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.recv(1 << 16)
        request.sendall(b"220 mail.company.example ESMTP\r\n")


def test_a_proxy_looks_up_names_that_nobody_knows_here(
    admit: Admit, serve, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(authority.issue(NAME))
    with ConnectProxy({f"{NAME}:{server.port}": server.port}, ("corp", PASSWORD)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://corp:{PASSWORD}@{proxy.host}")
        report = admit(f"{NAME}:{server.port}").examined()
    assert report.failed == {"images": ["CHR0405"]}  # nobody pushed anything
    assert f"proxy `{proxy.host}`: 127.0.0.1; it looks up `{NAME}`, not this machine" in report.text
    assert PASSWORD not in report.text


def test_a_proxy_whose_name_does_not_exist(admit: Admit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    expect_stop_at(admit(NAME), "DNS", "CHR0401", "the name of the proxy `proxy.invalid:3128` of the environment")


@pytest.mark.parametrize("password", [f"{PASSWORD}/x", f"{PASSWORD}#x", f"{PASSWORD}?x"])
def test_a_proxy_whose_password_is_not_escaped(admit: Admit, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://corp:{password}@proxy.invalid:3128")
    text = expect_stop_at(
        admit(NAME), "DNS", "CHR0401", "the environment's proxy cannot be used", "`%2F`, `%23` and `%3F`"
    )
    assert PASSWORD not in text


def test_each_registry_of_an_infrastructure_is_looked_at(
    admit: Admit, target: RegistryServer, upstream: RegistryServer
) -> None:
    watcher = f"{upstream.host}/mine/watcher:3"
    patient = admit(target.host, custom_images={"log_watcher": watcher})
    patient.push(without="chaos-log-watcher")
    report = patient.examined()
    assert report.steps[target.host, "images"]["result"] == "passed"
    assert report.steps[upstream.host, "images"]["findings"][0]["code"] == "CHR0405"


def test_stack_files_that_are_wrong_come_first(admit: Admit, target: RegistryServer) -> None:
    patient = admit(target.host, image_registry={"type": "private"})
    report = patient.examined()
    assert report.code == 1
    assert list(report.failed) == ["configuration"]
    assert target.requests() == []
