"""How the client reaches a cluster: every way that kubeconfigs have, at a real TLS server that stands in for one."""

import base64
import json
import ssl
import stat
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import urllib3.connection
import yaml

from pulumi_chaosreg.kubernetes.client import Cluster, KubernetesError
from tests.support.answering import tls_of
from tests.support.certificates import Authority, Certificate, bare_chain
from tests.support.connect_proxy import ConnectProxy
from tests.support.local_server import LocalServer

TOKEN = "token-canary-5eed1e55"
PATH = "/api/v1/namespaces/x/serviceaccounts/litmus"


class ApiServer(LocalServer):
    """Answers with who asked; 401 without the token or a client's certificate."""

    def __init__(self, certificate: Certificate, clients: Path | None = None) -> None:
        self.answer: tuple[int, bytes] = (200, b"")
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = tls_of(certificate)
        if clients:
            context.load_verify_locations(clients)
            context.verify_mode = ssl.CERT_OPTIONAL
        self.names: list[str | None] = []
        context.sni_callback = lambda _, name, __: self.names.append(name)  # type: ignore[assignment]
        server.socket = context.wrap_socket(server.socket, server_side=True)
        super().__init__(server)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                certificate = self.connection.getpeercert()  # type: ignore[attr-defined]
                is_known = self.headers["Authorization"] == f"Bearer {TOKEN}" or bool(certificate)
                status, body = outer.answer if is_known else (401, b'{"message": "Unauthorized"}')
                body = body or json.dumps({"by": "certificate" if certificate else "token"}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def server(authority: Authority) -> Iterator[ApiServer]:
    with ApiServer(authority.issue("127.0.0.1"), authority.certificate) as server:
        yield server


Config = Callable[..., dict[str, Any]]


@pytest.fixture
def config(server: ApiServer, authority: Authority) -> Config:
    def made(user: dict[str, Any], **cluster: Any) -> dict[str, Any]:
        trust = base64.b64encode(authority.certificate.read_bytes()).decode()
        given = {"server": f"https://{server.host}", "certificate-authority-data": trust, **cluster}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "nowhere",
            "clusters": [{"name": "c", "cluster": given}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
        }

    return made


def ask(config: dict[str, Any]) -> dict[str, Any]:
    return Cluster("prod", yaml.safe_dump(config)).request("GET", PATH)


def program(folder: Path, code: str) -> str:
    """A login's program, as EKS, GKE and AKS have them."""
    path = folder / "get-token"
    path.write_text(f"#!/usr/bin/env python3\nimport json, os, sys\n{code}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def plugin(command: str, **more: Any) -> dict[str, Any]:
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": command, **more}}


PRINTED = (
    "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
    "assert sys.argv[1:] == ['--cluster', 'prod'] and os.environ['AWS_PROFILE'] == 'deploy'\n"
    "print(json.dumps({'apiVersion': info['apiVersion'], 'kind': 'ExecCredential', 'status': STATUS}))"
)
GIVEN = {"args": ["--cluster", "prod"], "env": [{"name": "AWS_PROFILE", "value": "deploy"}]}


def test_a_login_by_a_program_with_arguments_and_environment(config: Config, tmp_path: Path) -> None:
    command = program(tmp_path, PRINTED.replace("STATUS", repr({"token": TOKEN})))
    assert ask(config(plugin(command, **GIVEN))) == {"by": "token"}


def test_a_program_may_print_a_certificate(config: Config, tmp_path: Path, authority: Authority) -> None:
    issued = authority.issue("client")
    status = {"clientCertificateData": issued.certificate.read_text(), "clientKeyData": issued.key.read_text()}
    command = program(tmp_path, PRINTED.replace("STATUS", repr(status)))
    assert ask(config(plugin(command, **GIVEN))) == {"by": "certificate"}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("sys.exit('run `aws sso login` first')", "run `aws sso login` first"),
        ("print('no JSON')", "failed to decode process output"),
        ("print(json.dumps({'apiVersion': 'v1', 'kind': 'x', 'status': {}}))", "does not match"),
        (PRINTED.replace("STATUS", "{}"), "missing token"),
    ],
    ids=["failure", "no JSON", "another version", "nothing"],
)
def test_a_login_that_fails_is_an_error_and_nobody_asks_without_it(
    config: Config, tmp_path: Path, code: str, words: str
) -> None:
    with pytest.raises(KubernetesError, match=r"CHR0606") as error:
        ask(config(plugin(program(tmp_path, code), **GIVEN)))
    assert words in str(error.value)


def test_a_login_whose_program_is_missing_is_named(config: Config) -> None:
    with pytest.raises(KubernetesError, match=r"CHR0606[\s\S]*gke-gcloud-auth-plugin-of-nobody"):
        ask(config(plugin("gke-gcloud-auth-plugin-of-nobody")))


def test_client_certificates_as_data_and_as_files(config: Config, tmp_path: Path, authority: Authority) -> None:
    issued = authority.issue("client")
    data = {
        "client-certificate-data": base64.b64encode(issued.certificate.read_bytes()).decode(),
        "client-key-data": base64.b64encode(issued.key.read_bytes()).decode(),
    }
    assert ask(config(data)) == {"by": "certificate"}
    # and relative to the kubeconfig that names them
    written = tmp_path / "authority" / "kubeconfig"
    files = {"client-certificate": issued.certificate.name, "client-key": issued.key.name}
    written.write_text(yaml.safe_dump(config(files)), "utf-8")
    assert Cluster("prod", str(written)).request("GET", PATH) == {"by": "certificate"}


def test_a_proxy_of_the_kubeconfig_is_used_whatever_the_environment_says(
    config: Config, server: ApiServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with (
        ApiServer(authority.issue("api.internal.example")) as hidden,
        ConnectProxy({"api.internal.example:6443": int(hidden.host.rpartition(":")[2])}) as proxy,
    ):
        behind = {"server": "https://api.internal.example:6443", "proxy-url": f"http://{proxy.host}"}
        assert ask(config({"token": TOKEN}, **behind)) == {"by": "token"}
        assert proxy.asked == ["api.internal.example:6443"]


def test_the_environment_s_proxy_is_used_but_for_those_that_it_spares(
    config: Config, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    with (
        ApiServer(authority.issue("api.internal.example")) as hidden,
        ConnectProxy({"api.internal.example:6443": int(hidden.host.rpartition(":")[2])}) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.host}")
        monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:3128")  # for other addresses
        far = config({"token": TOKEN}, server="https://api.internal.example:6443")
        monkeypatch.setenv("NO_PROXY", "other.example")
        assert ask(far) == {"by": "token"}
        monkeypatch.setenv("NO_PROXY", ".internal.example")
        with pytest.raises(KubernetesError, match=r"cannot be reached at api\.internal\.example:6443"):
            ask(far)
        assert proxy.asked == ["api.internal.example:6443"]


@pytest.mark.parametrize("of_kubeconfig", [True, False], ids=["its own", "the environment's"])
def test_a_proxy_gets_its_login_and_is_named_without_it_where_it_refuses(
    config: Config, authority: Authority, monkeypatch: pytest.MonkeyPatch, of_kubeconfig: bool
) -> None:
    monkeypatch.setenv("NO_PROXY", "other.example")
    monkeypatch.delenv("no_proxy", raising=False)

    def behind(address: str) -> dict[str, Any]:
        monkeypatch.setenv("HTTPS_PROXY", address)
        own = {"proxy-url": address} if of_kubeconfig else {}
        return config({"token": TOKEN}, server="https://api.internal.example:6443", **own)

    with (
        ApiServer(authority.issue("api.internal.example")) as hidden,
        ConnectProxy({"api.internal.example:6443": int(hidden.host.rpartition(":")[2])}, ("corp", "canary/1")) as proxy,
    ):
        assert ask(behind(f"http://corp:canary%2F1@{proxy.host}")) == {"by": "token"}
        with pytest.raises(KubernetesError, match=rf"CHR0605[\s\S]*the proxy http://{proxy.host} says 407") as error:
            ask(behind(f"http://corp:canary%2F2@{proxy.host}"))
    assert error.value.is_unreachable
    assert "canary" not in str(error.value)


@pytest.mark.parametrize(
    "address",
    ["socks5://u:canary@proxy.corp:1080", "http://[canary", "http://u:canary/x@proxy.corp", "http://p:canary"],
)
@pytest.mark.parametrize("of_kubeconfig", [True, False], ids=["its own", "the environment's"])
def test_a_proxy_that_cannot_be_used_is_an_error_without_its_address(
    config: Config, monkeypatch: pytest.MonkeyPatch, address: str, of_kubeconfig: bool
) -> None:
    monkeypatch.setenv("NO_PROXY", "other.example")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.corp:3128" if of_kubeconfig else address)
    own = {"proxy-url": address} if of_kubeconfig else {}
    whose = "its `proxy-url`" if of_kubeconfig else "the environment's proxy"
    with pytest.raises(KubernetesError, match=rf"CHR0606[\s\S]*{whose} cannot be used") as error:
        ask(config({"token": TOKEN}, server="https://api.internal.example:6443", **own))
    assert "canary" not in str(error.value)


def test_another_tls_name_is_asked_for_and_checked(config: Config, authority: Authority) -> None:
    with ApiServer(authority.issue("kubernetes.internal.example")) as other:
        address = {"server": f"https://{other.host}"}
        named = ask(config({"token": TOKEN}, **address, **{"tls-server-name": "kubernetes.internal.example"}))
        assert named == {"by": "token"}
        assert other.names == ["kubernetes.internal.example"]
        with pytest.raises(KubernetesError, match="CHR0605"):
            ask(config({"token": TOKEN}, **address))


def test_an_authority_without_key_identifiers_is_trusted_as_by_kubectl(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.13 would refuse it: its flags stand in for it."""
    root, _, certificate = bare_chain(tmp_path / "bare", "kubernetes.internal.example")
    plain = urllib3.connection.create_urllib3_context
    strict = ssl.VerifyFlags.VERIFY_X509_STRICT
    monkeypatch.setattr(urllib3.connection, "create_urllib3_context", lambda **more: plain(**more, verify_flags=strict))
    with ApiServer(certificate) as other:
        trust = base64.b64encode(root.read_bytes()).decode()
        given = {"server": f"https://{other.host}", "certificate-authority-data": trust}
        cluster = config({"token": TOKEN}, **given, **{"tls-server-name": "kubernetes.internal.example"})
        assert ask(cluster) == {"by": "token"}


def test_a_token_may_stand_in_a_file(config: Config, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN, "utf-8")
    assert ask(config({"tokenFile": str(tmp_path / "token")})) == {"by": "token"}


def test_kubeconfigs_of_the_environment_are_merged_and_read_when_asked_for(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = config({"token": TOKEN})
    for key in ("clusters", "users", "contexts"):
        (tmp_path / key).write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", key: whole[key]}), "utf-8")
    monkeypatch.setenv("KUBECONFIG", ":".join(str(tmp_path / key) for key in ("clusters", "users", "contexts")))
    assert Cluster("prod", None).request("GET", PATH) == {"by": "token"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"users:\n- [token: {TOKEN}", "it is not a kubeconfig"),
        (f"just text\n{TOKEN}", "Expected key contexts"),
        ("apiVersion: v1\ncontexts: []\n", "`prod`|name prod"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_an_error_without_its_content(content: str, words: str) -> None:
    with pytest.raises(KubernetesError, match=rf"CHR0606[\s\S]*({words})") as error:
        Cluster("prod", content).request("GET", PATH)
    assert TOKEN not in str(error.value)


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(KubernetesError, match=r"CHR0606[\s\S]*nowhere"):
        Cluster("prod", str(tmp_path / "nowhere")).request("GET", PATH)


@pytest.mark.parametrize(
    ("answer", "words", "is_missing"),
    [
        ((404, b'{"message": "not found", "details": {"kind": "namespaces"}}'), "not found", True),
        ((403, b'{"message": "u cannot get serviceaccounts"}'), "u cannot get serviceaccounts", False),
        ((502, b"<html>bad gateway</html>"), "answered 502", False),
        ((200, b"<html>log in</html>"), "is that an API server", False),
        ((302, b"{}"), "answered 302", False),
    ],
)
def test_an_answer_that_is_none_is_an_error_with_the_servers_words(
    config: Config, server: ApiServer, answer: tuple[int, bytes], words: str, is_missing: bool
) -> None:
    server.answer = answer
    with pytest.raises(KubernetesError, match=r"CHR0605") as error:
        ask(config({"token": TOKEN}))
    assert words in str(error.value)
    assert (error.value.is_missing, error.value.is_unreachable) == (is_missing, False)
    assert TOKEN not in str(error.value)


def test_an_api_server_that_does_not_answer_is_named(config: Config) -> None:
    with pytest.raises(KubernetesError, match=r"CHR0605[\s\S]*127\.0\.0\.1:1\b") as error:
        ask(config({"token": TOKEN}, server="https://127.0.0.1:1"))
    assert error.value.is_unreachable


@pytest.mark.parametrize("login", ["admin:canary", "canary"])
def test_a_user_and_a_password_in_the_server_s_address_are_not_shown(config: Config, login: str) -> None:
    with pytest.raises(KubernetesError, match=r"CHR0605[\s\S]*cannot be reached at 127\.0\.0\.1:1:") as error:
        ask(config({"token": TOKEN}, server=f"https://{login}@127.0.0.1:1"))
    assert "canary" not in str(error.value)


@pytest.mark.parametrize("address", ["https://[canary", "https://admin:canary/x@127.0.0.1:1", "https://5/canary@k:1"])
def test_a_server_s_address_that_cannot_be_read_is_not_repeated(config: Config, address: str) -> None:
    with pytest.raises(KubernetesError, match=r"CHR0606[\s\S]*the address of its server cannot be read") as error:
        ask(config({"token": TOKEN}, server=address))
    assert "canary" not in str(error.value)
