"""How a token of Google is got in a Pod, from servers that stand for Google; and what is told when there is none."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from lab.google.tokens import Google
from pulumi_chaosreg.kubernetes.refreshing.scripts import gar
from pulumi_chaosreg.kubernetes.refreshing.scripts.renewing import RefreshError
from tests.support.answering import AnsweringServer, Asked, Said, tls_of
from tests.support.certificates import Authority
from tests.support.cluster_issuer import ClusterIssuer
from tests.support.refreshing import renewal_of, run_script

SERVER = "europe-docker.pkg.dev"
PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/clusters/providers/prod-eu"
ACCOUNT = "chaos-pull@acme-prod.iam.gserviceaccount.com"
SUBJECT = "system:serviceaccount:harness-chaos:chaos-refresher"
FEDERATED, BY_METADATA = renewal_of("gar", SERVER, PROVIDER), renewal_of("gar", SERVER, ACCOUNT)


@pytest.fixture
def cluster() -> ClusterIssuer:
    return ClusterIssuer()


@pytest.fixture
def google(cluster: ClusterIssuer) -> Google:
    return Google(cluster, providers={PROVIDER}, readers={SUBJECT, ACCOUNT}, account=ACCOUNT)


@pytest.fixture
def server(google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnsweringServer]:
    """Google's token exchange, by TLS."""
    authority = Authority(tmp_path / "authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))

    def answer(asked: Asked) -> Said:
        said = google.exchange(asked.form)
        return Said(said.status, said.body, said.headers)

    with AnsweringServer(answer, tls=tls_of(authority.issue("localhost"))) as running:
        yield running


@pytest.fixture
def metadata(google: Google, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnsweringServer]:
    """GKE's metadata server, without TLS as it is; nobody waits for it."""
    monkeypatch.setattr(time, "sleep", lambda _: None)

    def answer(asked: Asked) -> Said:
        said = google.metadata(asked.path, {"Metadata-Flavor": asked.headers.get("Metadata-Flavor", "")})
        return Said(said.status, said.body, said.headers)

    with AnsweringServer(answer) as running:
        yield running


def told(server: AnsweringServer, token: Path) -> dict[str, str]:
    host = server.host.replace("127.0.0.1", "localhost")
    return {**FEDERATED.environment, "GOOGLE_STS": f"https://{host}", "GOOGLE_TOKEN_FILE": str(token)}


def said_by_metadata(server: AnsweringServer) -> dict[str, str]:
    return {**BY_METADATA.environment, "GCE_METADATA_HOST": server.host}


def token_file(folder: Path, token: str) -> Path:
    file = folder / "token"
    file.write_text(f"{token}\n", "utf-8")
    return file


def test_what_a_pod_gets_for_each_identity() -> None:
    assert FEDERATED.audience == f"https://iam.googleapis.com/{PROVIDER}"
    assert FEDERATED.environment == {
        "GOOGLE_AUDIENCE": f"//iam.googleapis.com/{PROVIDER}",
        "GOOGLE_STS": "https://sts.googleapis.com",
    }
    assert (FEDERATED.every, dict(FEDERATED.account_annotations)) == (None, {})
    assert BY_METADATA.account_annotations == {"iam.gke.io/gcp-service-account": ACCOUNT}
    assert BY_METADATA.audience == ""
    assert BY_METADATA.every is not None
    assert BY_METADATA.every < 300  # what a token may still have when it is given


def test_a_service_account_s_token_becomes_google_s(
    google: Google, cluster: ClusterIssuer, server: AnsweringServer, tmp_path: Path
) -> None:
    token = token_file(tmp_path, cluster.token(SUBJECT, FEDERATED.audience))

    login = gar.login(told(server, token))

    assert login.user == "oauth2accesstoken"
    assert google.opens(login.password)
    assert login.expires == pytest.approx(time.time() + 3600, abs=30)
    ((asked),) = server.seen
    assert (asked.method, asked.path) == ("POST", "/v1/token")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"audience": "https://elsewhere.example"}, "The audience in ID Token does not match"),
        ({"seconds": -1}, "stale"),
        ({"issuer": "https://other.example"}, "issuer in ID Token does not match"),
    ],
)
def test_a_refusal_is_told_in_google_s_words_and_without_the_token(
    cluster: ClusterIssuer, server: AnsweringServer, tmp_path: Path, wrong: dict[str, str], words: str
) -> None:
    token = cluster.token(SUBJECT, **{"audience": FEDERATED.audience, **wrong})  # type: ignore[arg-type]
    with pytest.raises(RefreshError) as refused:
        gar.login(told(server, token_file(tmp_path, token)))
    assert words in str(refused.value)
    assert "does the provider trust this cluster's issuer?" in str(refused.value)
    assert token not in str(refused.value)
    assert len(server.seen) == 1  # what is refused once is refused again


def test_nobody_who_redirects_gets_a_token(cluster: ClusterIssuer, server: AnsweringServer, tmp_path: Path) -> None:
    server.script = lambda _: Said(302, headers={"Location": "/elsewhere"})
    token = token_file(tmp_path, cluster.token(SUBJECT, FEDERATED.audience))
    with pytest.raises(RefreshError, match="302"):
        gar.login(told(server, token))
    assert [asked.path for asked in server.seen] == ["/v1/token"]


def test_what_may_pass_is_asked_again(
    google: Google,
    cluster: ClusterIssuer,
    server: AnsweringServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    answer, busy = server.script, [503, 429]
    server.script = lambda asked: Said(busy.pop()) if busy else answer(asked)
    token = token_file(tmp_path, cluster.token(SUBJECT, FEDERATED.audience))
    assert google.opens(gar.login(told(server, token)).password)
    assert waited == [1, 2]


def test_a_server_of_another_authority_is_told_nothing(
    cluster: ClusterIssuer, server: AnsweringServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.delenv("SSL_CERT_FILE")
    token = token_file(tmp_path, cluster.token(SUBJECT, FEDERATED.audience))
    with pytest.raises(RefreshError, match="CERTIFICATE_VERIFY_FAILED"):
        gar.login(told(server, token))
    assert server.seen == []


def test_a_pod_of_gke_is_its_service_account(google: Google, metadata: AnsweringServer) -> None:
    login = gar.login(said_by_metadata(metadata))
    assert google.opens(login.password)
    assert login.expires == pytest.approx(time.time() + 3600, abs=30)


def test_a_token_in_its_last_minutes_is_asked_for_again(google: Google, metadata: AnsweringServer) -> None:
    google.left = [60, 55]
    login = gar.login(said_by_metadata(metadata))
    assert login.expires > time.time() + 3000
    assert [asked.path.rpartition("/")[2] for asked in metadata.seen] == ["email", "token", "token", "token"]


def test_a_token_that_stays_short_is_better_than_none(google: Google, metadata: AnsweringServer) -> None:
    google.left = [120, 110, 100, 90]
    assert gar.login(said_by_metadata(metadata)).expires < time.time() + 100


@pytest.mark.parametrize("other", ["acme-prod.svc.id.goog", "1-compute@developer.gserviceaccount.com"])
def test_the_token_of_anybody_else_is_not_taken(google: Google, metadata: AnsweringServer, other: str) -> None:
    google.account = other  # without its annotation, or on a node pool without Workload Identity
    with pytest.raises(RefreshError, match=r"does not give chaos-pull@.* but .*roles/iam.workloadIdentityUser"):
        gar.login(said_by_metadata(metadata))
    assert [asked.path.rpartition("/")[2] for asked in metadata.seen] == ["email"]


def test_nobody_else_is_taken_for_the_metadata_server(metadata: AnsweringServer) -> None:
    metadata.script = lambda _: Said(200, ACCOUNT.encode())
    with pytest.raises(RefreshError, match="something else answers"):
        gar.login(said_by_metadata(metadata))


def test_nothing_secret_is_printed(
    google: Google, cluster: ClusterIssuer, server: AnsweringServer, tmp_path: Path
) -> None:
    """Up to the cluster, which this machine is not: the script has a token by then."""
    token = cluster.token(SUBJECT, FEDERATED.audience)
    authority = {"SSL_CERT_FILE": str(tmp_path / "authority" / "authority.pem"), "CHAOSREG_SERVER": SERVER}
    beside = {"KUBERNETES_SERVICE_HOST": "127.0.0.1"}
    environment = {**told(server, token_file(tmp_path, token)), **authority, **beside}
    ran = run_script(tmp_path, FEDERATED, environment)
    assert len(server.seen) == 1
    assert (ran.stdout, ran.stderr) == ("", "the refresher failed: FileNotFoundError\n")
    assert parse_qs(server.seen[0].body.decode())["subject_token"] == [token]


@pytest.mark.parametrize("answer", [{}, {"access_token": 1, "expires_in": 1}, {"access_token": ""}, []])
def test_an_answer_that_is_another_than_google_s_is_no_login(
    cluster: ClusterIssuer, server: AnsweringServer, tmp_path: Path, answer: object
) -> None:
    server.script = lambda _: Said(200, json.dumps(answer).encode())
    token = token_file(tmp_path, cluster.token(SUBJECT, FEDERATED.audience))
    with pytest.raises((RefreshError, KeyError, TypeError)):
        gar.login(told(server, token))
