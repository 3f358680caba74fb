"""The lab's Google and Azure let nobody in who has no token that is good now."""

import base64
import time

import pytest

from lab.azure import gateway as azure_gateway
from lab.azure.login import USER, Azure, Client
from lab.clouds.answers import Answer, Asked
from lab.google import gateway as google_gateway
from lab.google.tokens import Google
from tests.support.cluster_issuer import ClusterIssuer

GOOGLE, AZURE = "europe-north1-docker.pkg.dev", "chaosreglab.azurecr.io"
ACCOUNT, CLIENT = "pull@p.iam.gserviceaccount.com", "c"


def asks(host: str, path: str, authorization: str = "", form: str = "", method: str = "GET") -> Asked:
    return Asked(method, host, path, "", {"Authorization": authorization}, form.encode())


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def status(answer: Answer | None) -> int | None:
    return answer.status if answer else None


@pytest.fixture
def google() -> Google:
    return Google(ClusterIssuer(), readers={ACCOUNT}, account=ACCOUNT)


@pytest.fixture
def azure() -> Azure:
    return Azure(ClusterIssuer(), clients={CLIENT: Client("t", secret="s")})


def token_of(google: Google) -> str:
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    found: str = google.metadata(path, {"Metadata-Flavor": "Google"}).said["access_token"]
    return found


def refresh_token_of(azure: Azure) -> str:
    form = (
        "grant_type=client_credentials&client_id=c&client_secret=s&scope=https://containerregistry.azure.net/.default"
    )
    given = azure_gateway.decide(azure, asks("login.microsoftonline.com", "/t/oauth2/v2.0/token", "", form, "POST"))
    assert given
    said = f"grant_type=access_token&service={AZURE}&tenant=t&access_token={given.said['access_token']}"
    exchanged = azure_gateway.decide(azure, asks(AZURE, "/oauth2/exchange", "", said, "POST"))
    assert exchanged
    found: str = exchanged.said["refresh_token"]
    return found


def test_a_token_of_google_opens_until_it_ends(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_of(google)
    for login in (f"Bearer {token}", basic("oauth2accesstoken", token)):
        assert google_gateway.decide(google, asks(GOOGLE, "/v2/p/r/x/manifests/1", login)) is None
    assert status(google_gateway.decide(google, asks(GOOGLE, "/v2/token", basic("oauth2accesstoken", token)))) == 200
    later = time.time() + 3601
    monkeypatch.setattr(time, "time", lambda: later)
    assert status(google_gateway.decide(google, asks(GOOGLE, "/v2/p/r/x/manifests/1", f"Bearer {token}"))) == 401


def test_nobody_else_gets_into_google_s(google: Google) -> None:
    token = token_of(google)
    google.readers.clear()
    for login in ("", f"Bearer {token}", "Bearer other", basic("oauth2accesstoken", "other")):
        refused = google_gateway.decide(google, asks(GOOGLE, "/v2/", login))
        assert refused
        assert refused.status == 401
        assert f'realm="https://{GOOGLE}/v2/token"' in refused.headers["WWW-Authenticate"]


def test_a_token_of_azure_opens_until_it_ends(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    refresh = refresh_token_of(azure)
    given = azure_gateway.decide(azure, asks(AZURE, "/oauth2/token", basic(USER, refresh)))
    assert given
    access = f"Bearer {given.said['access_token']}"
    assert azure_gateway.decide(azure, asks(AZURE, "/v2/x/manifests/1", access)) is None
    assert status(azure_gateway.decide(azure, asks("other.azurecr.io", "/v2/x/manifests/1", access))) == 401
    later = time.time() + 3 * 3600 + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert status(azure_gateway.decide(azure, asks(AZURE, "/v2/x/manifests/1", access))) == 401


def test_nobody_else_gets_into_azure_s(azure: Azure) -> None:
    refresh = refresh_token_of(azure)
    for login in ("", f"Bearer {refresh}", "Bearer other", basic(USER, refresh)):
        assert status(azure_gateway.decide(azure, asks(AZURE, "/v2/", login))) == 401
    for login in (basic("other", refresh), basic(USER, "other")):
        assert status(azure_gateway.decide(azure, asks(AZURE, "/oauth2/token", login))) == 401
