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
    by_its_grant = f"grant_type=refresh_token&service={AZURE}&refresh_token={refresh}"
    assert status(azure_gateway.decide(azure, asks(AZURE, "/oauth2/token", "", by_its_grant, "POST"))) == 200
    assert azure_gateway.decide(azure, asks(AZURE, "/v2/x/manifests/1", access)) is None
    assert status(azure_gateway.decide(azure, asks("other.azurecr.io", "/v2/x/manifests/1", access))) == 401
    later = time.time() + 3 * 3600 + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert status(azure_gateway.decide(azure, asks(AZURE, "/v2/x/manifests/1", access))) == 401


def test_a_key_of_google_s_opens_word_for_word_until_it_is_deleted(google: Google) -> None:
    key = '{"private_key": "k"}'
    google.keys.add(key)
    given = google_gateway.decide(google, asks(GOOGLE, "/v2/token", basic("_json_key", key)))
    assert given
    bearer = f"Bearer {given.said['token']}"
    assert google_gateway.decide(google, asks(GOOGLE, "/v2/p/r/x/manifests/1", bearer)) is None
    for login in (basic("_json_key", f"{key} "), basic("oauth2accesstoken", key), basic("other", key), f"Bearer {key}"):
        assert status(google_gateway.decide(google, asks(GOOGLE, "/v2/token", login))) == 401
    google.keys.clear()
    assert status(google_gateway.decide(google, asks(GOOGLE, "/v2/p/r/x/manifests/1", bearer))) == 401


def test_passwords_of_a_registry_s_token_open_that_registry_until_they_end(azure: Azure) -> None:
    host = AZURE.partition(".")[0]
    token = f"/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/{host}/tokens/puller"
    azure.tokens.put(token, "map")
    made = [azure.tokens.generate(token, name, "2999-01-01T00:00:00Z") for name in ("password1", "password2")]
    first, second = (one["passwords"][0]["value"] for one in made)

    def enters(user: str, password: str, at: str = AZURE) -> bool:
        given = azure_gateway.decide(azure, asks(at, "/oauth2/token", basic(user, password)))
        assert given
        access = f"Bearer {given.said.get('access_token')}"
        is_let_in = azure_gateway.decide(azure, asks(at, "/v2/x/manifests/1", access)) is None
        assert is_let_in == (given.status == 200)
        return is_let_in

    assert enters("puller", first)
    assert enters("puller", second)
    wrong = (("puller", ""), ("puller", "other"), ("other", first), (USER, first), ("", first))
    assert not [one for one in wrong if enters(*one)]
    assert not enters("puller", first, "other.azurecr.io")
    azure.tokens.generate(token, "password1", "2001-01-01T00:00:00Z")
    assert not enters("puller", first)  # it was made anew
    ended = azure.tokens.get(token).passwords["password1"]["value"]
    assert not enters("puller", ended)
    assert enters("puller", second)


def test_a_token_is_to_be_asked_for_at_the_port_that_was_asked(azure: Azure) -> None:
    refused = azure_gateway.decide(azure, Asked("GET", AZURE, "/v2/", "", {"Host": "localhost:8443"}))
    assert refused
    wanted = f'Bearer realm="https://localhost:8443/oauth2/token",service="{AZURE}"'
    assert refused.headers["WWW-Authenticate"] == wanted


def test_nobody_else_gets_into_azure_s(azure: Azure) -> None:
    refresh = refresh_token_of(azure)
    for login in ("", f"Bearer {refresh}", "Bearer other", basic(USER, refresh)):
        assert status(azure_gateway.decide(azure, asks(AZURE, "/v2/", login))) == 401
    for login in (basic("other", refresh), basic(USER, "other")):
        assert status(azure_gateway.decide(azure, asks(AZURE, "/oauth2/token", login))) == 401
