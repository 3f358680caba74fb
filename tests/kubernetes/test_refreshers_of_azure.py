"""How a registry's token is got in a Pod of Azure's, from servers that stand for Azure's; and what is told if not."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.azure.login import Azure, Client
from pulumi_chaosreg.kubernetes.refreshing.scripts import acr
from pulumi_chaosreg.kubernetes.refreshing.scripts.renewing import RefreshError
from tests.support.answering import AnsweringServer, Asked, Said, tls_of
from tests.support.canary import PULL
from tests.support.certificates import Authority
from tests.support.cluster_issuer import ClusterIssuer
from tests.support.refreshing import renewal_of, run_script

TENANT, CLIENT = "00000000-1111-2222-3333-444444444444", "55555555-6666-7777-8888-999999999999"
SUBJECT = "system:serviceaccount:harness-chaos:chaos-refresher"
FEDERATED = renewal_of("acr", "acme.azurecr.io", f"{TENANT}/{CLIENT}")


@pytest.fixture
def cluster() -> ClusterIssuer:
    return ClusterIssuer()


@pytest.fixture
def azure(cluster: ClusterIssuer) -> Azure:
    return Azure(cluster, clients={CLIENT: Client(TENANT, secret=PULL.password, subject=SUBJECT)})


@pytest.fixture
def server(azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnsweringServer]:
    """Entra and the registry, by TLS."""
    authority = Authority(tmp_path / "authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))

    def answer(asked: Asked) -> Said:
        is_exchange = asked.path == "/oauth2/exchange"
        said = azure.exchange(asked.headers["Host"], asked.form) if is_exchange else azure.entra(asked.path, asked.form)
        return Said(said.status, said.body, said.headers)

    with AnsweringServer(answer, tls=tls_of(authority.issue("localhost"))) as running:
        yield running


def localhost(server: AnsweringServer) -> str:
    """By the name in its certificate."""
    return server.host.replace("127.0.0.1", "localhost")


def told(server: AnsweringServer, **more: str) -> dict[str, str]:
    host = localhost(server)
    said = {"AZURE_AUTHORITY_HOST": f"https://{host}/", "CHAOSREG_SERVER": host}
    return {**FEDERATED.environment, **said, **more}


def by_token(server: AnsweringServer, folder: Path, token: str) -> dict[str, str]:
    file = folder / "token"
    file.write_text(f"{token}\n", "utf-8")
    return told(server, AZURE_FEDERATED_TOKEN_FILE=str(file))


def test_what_a_pod_gets_for_each_identity() -> None:
    assert FEDERATED.audience == "api://AzureADTokenExchange"
    assert FEDERATED.environment == {
        "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com",
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
    }
    by_webhook = renewal_of("acr", "acme.azurecr.io", CLIENT)
    assert by_webhook.account_annotations == {"azure.workload.identity/client-id": CLIENT}
    assert by_webhook.pod_labels == {"azure.workload.identity/use": "true"}
    assert by_webhook.audience == ""
    keys = renewal_of("acr", "acme.azurecr.io", "keys")
    assert set(keys.keys) == {"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"}


@pytest.mark.parametrize(
    ("server", "authority", "audience"),
    [
        ("acme.azurecr.io", "https://login.microsoftonline.com", "api://AzureADTokenExchange"),
        ("acme.azurecr.us", "https://login.microsoftonline.us", "api://AzureADTokenExchangeUSGov"),
        ("acme.azurecr.cn", "https://login.chinacloudapi.cn", "api://AzureADTokenExchangeChina"),
    ],
)
def test_it_asks_in_the_registry_s_own_cloud(server: str, authority: str, audience: str) -> None:
    renewal = renewal_of("acr", server, f"{TENANT}/{CLIENT}")
    assert (renewal.environment["AZURE_AUTHORITY_HOST"], renewal.audience) == (authority, audience)


def test_a_service_account_s_token_becomes_the_registry_s(
    azure: Azure, cluster: ClusterIssuer, server: AnsweringServer, tmp_path: Path
) -> None:
    environment = by_token(server, tmp_path, cluster.token(SUBJECT, FEDERATED.audience))

    login = acr.login(environment)

    assert azure.opens(environment["CHAOSREG_SERVER"], login.user, login.password)
    assert login.expires == pytest.approx(time.time() + 3 * 3600, abs=30)
    assert [asked.path for asked in server.seen] == [f"/{TENANT}/oauth2/v2.0/token", "/oauth2/exchange"]


def test_a_secret_becomes_the_registry_s_token(azure: Azure, server: AnsweringServer) -> None:
    environment = told(server, AZURE_CLIENT_SECRET=PULL.password)
    login = acr.login(environment)
    assert azure.opens(environment["CHAOSREG_SERVER"], login.user, login.password)
    assert all(PULL.password not in asked.path + asked.query for asked in server.seen)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"audience": "https://elsewhere.example"}, "AADSTS70021"),
        ({"subject": "system:serviceaccount:other:refresher"}, "Assertion subject: 'system:serviceaccount:other"),
        ({"seconds": -1}, "AADSTS700024"),
        ({"issuer": "https://other.example"}, "AADSTS70021"),
    ],
)
def test_a_refusal_is_told_in_entra_s_words_and_without_the_token(
    cluster: ClusterIssuer, server: AnsweringServer, tmp_path: Path, wrong: dict[str, str], words: str
) -> None:
    token = cluster.token(**{"subject": SUBJECT, "audience": FEDERATED.audience, **wrong})  # type: ignore[arg-type]
    with pytest.raises(RefreshError) as refused:
        acr.login(by_token(server, tmp_path, token))
    assert words in str(refused.value)
    assert token not in str(refused.value)
    assert len(server.seen) == 1


def test_a_wrong_secret_is_told_without_it(server: AnsweringServer) -> None:
    with pytest.raises(RefreshError) as refused:
        acr.login(told(server, AZURE_CLIENT_SECRET="canary-of-another"))
    assert "AADSTS7000215" in str(refused.value)
    assert "canary-of-another" not in str(refused.value)


def test_what_the_registry_refuses_is_told_in_its_words(
    cluster: ClusterIssuer, server: AnsweringServer, tmp_path: Path
) -> None:
    answer = server.script
    denied = {"errors": [{"code": "DENIED", "message": "client with IP '10.0.0.1' is not allowed access."}]}

    def refuse(asked: Asked) -> Said | None:
        return Said(403, json.dumps(denied).encode()) if asked.path == "/oauth2/exchange" else answer(asked)

    server.script = refuse
    with pytest.raises(RefreshError, match=r"is this Pod's network let in.*403 DENIED client with IP"):
        acr.login(by_token(server, tmp_path, cluster.token(SUBJECT, FEDERATED.audience)))


@pytest.mark.parametrize("path", [f"/{TENANT}/oauth2/v2.0/token", "/oauth2/exchange"])
def test_nobody_who_redirects_gets_a_token(
    cluster: ClusterIssuer, server: AnsweringServer, tmp_path: Path, path: str
) -> None:
    answer = server.script
    server.script = lambda asked: (
        Said(302, headers={"Location": f"https://{localhost(server)}/elsewhere"})
        if asked.path == path
        else answer(asked)
    )
    with pytest.raises(RefreshError, match="302"):
        acr.login(by_token(server, tmp_path, cluster.token(SUBJECT, FEDERATED.audience)))
    assert "/elsewhere" not in [asked.path for asked in server.seen]


@pytest.mark.parametrize("lost", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE"])
def test_what_the_webhook_has_not_told_is_named(server: AnsweringServer, tmp_path: Path, lost: str) -> None:
    environment = by_token(server, tmp_path, "unused")
    del environment[lost]
    with pytest.raises(RefreshError, match="the webhook of Microsoft Entra Workload ID"):
        acr.login(environment)
    assert server.seen == []


@pytest.mark.parametrize("token", ["", "no-jwt", "a.!!!.c", "a.e30.c"])
def test_a_password_must_say_when_it_ends(
    cluster: ClusterIssuer, server: AnsweringServer, tmp_path: Path, token: str
) -> None:
    answer = server.script

    def other(asked: Asked) -> Said | None:
        body = json.dumps({"refresh_token": token}).encode()
        return Said(200, body) if asked.path == "/oauth2/exchange" else answer(asked)

    server.script = other
    with pytest.raises(RefreshError, match="no password that says when it ends"):
        acr.login(by_token(server, tmp_path, cluster.token(SUBJECT, FEDERATED.audience)))


def test_nothing_secret_is_printed(server: AnsweringServer, tmp_path: Path) -> None:
    """Up to the cluster, which this machine is not: the script has a password by then."""
    authority = {"SSL_CERT_FILE": str(tmp_path / "authority" / "authority.pem"), "KUBERNETES_SERVICE_HOST": "127.0.0.1"}
    ran = run_script(tmp_path, FEDERATED, {**told(server, AZURE_CLIENT_SECRET=PULL.password), **authority})
    assert len(server.seen) == 2
    assert (ran.stdout, ran.stderr) == ("", "the refresher failed: FileNotFoundError\n")
