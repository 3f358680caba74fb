"""Every way in which Harbor refuses is one clear error, tried again where it may be gone; none shows a password."""

import threading
import traceback
from dataclasses import replace

import pytest

from lab.aws.authority import Authority
from lab.harbor.front import Front
from lab.harbor_orders import fail, requests
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.harbor.client import Harbor
from pulumi_chaosreg.harbor.problems import HarborError
from pulumi_chaosreg.harbor.projects import look
from tests.harbor.conftest import PASSWORD, QUICK
from tests.support.canary import traces_of

REFUSALS = {
    "a login that nobody knows": ({"status": 401, "code": "UNAUTHORIZED"}, "CHR0468", 1),
    "too few rights": ({"status": 403, "code": "FORBIDDEN"}, "CHR0468", 1),
    "a wish that makes no sense": ({"status": 400, "code": "BAD_REQUEST"}, "CHR0469", 1),
    "a gateway's own page": ({"status": 404, "code": ""}, "CHR0467", 1),
    "an answer of something else": ({"status": 200}, "CHR0467", 1),
    "a long pause": ({"status": 429, "headers": {"Retry-After": "3600"}}, "CHR0467", 1),
    "short pauses without end": ({"status": 429, "headers": {"Retry-After": "0"}, "times": 9}, "CHR0467", 3),
    "a server in trouble": ({"status": 503, "times": 9}, "CHR0467", 3),
    "connections that end": ({"cut": True, "times": 9}, "CHR0467", 3),
    "silence": ({"seconds": 0.6, "times": 9}, "CHR0467", 3),
}
LOGIN = Login("admin", PASSWORD)


@pytest.fixture
def client(harbor):
    return Harbor(harbor.host, LOGIN, patience=QUICK)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_one_error_after_as_many_tries_as_make_sense(client, harbor, name):
    how, code, tries = REFUSALS[name]
    fail(harbor, "GET", "/projects/library", **how)
    if name == "silence":
        client = Harbor(harbor.host, LOGIN, patience=replace(QUICK, idle=0.3))
    with pytest.raises(HarborError) as refused:
        look(client, "library", with_quota=False)
    (finding,) = refused.value.findings
    assert finding.code == code
    assert finding.help
    assert refused.value.is_denied == (code == "CHR0468")
    if name != "silence":  # what is answered too late is logged when it is answered
        asked = [one for one in requests(harbor) if "/api/" in one["path"] and one["method"] != "HEAD"]
        assert len(asked) == tries, "besides whether the name is taken"


def test_what_passes_is_not_told(client, harbor):
    fail(harbor, "GET", "/projects/library", status=503)
    fail(harbor, "GET", "/projects/library", status=429, headers={"Retry-After": "0"})
    assert look(client, "library", with_quota=True)


def test_what_passes_while_a_404_is_made_sure_of_is_not_told(client, harbor):
    """That the login is accepted is asked by another request, which may fail by itself."""
    fail(harbor, "GET", "/robots", status=503)
    assert look(client, "nothing", with_quota=False) is None
    fail(harbor, "GET", "/robots", status=503, times=9)
    with pytest.raises(HarborError, match="CHR0467"):
        look(client, "nothing", with_quota=False)


def test_nobody_at_the_address_is_said_with_the_address():
    with pytest.raises(HarborError, match=r"CHR0467.*127\.0\.0\.1:9") as refused:
        look(Harbor("127.0.0.1:9", LOGIN, patience=QUICK), "library", with_quota=False)
    assert "HTTPS_PROXY" in refused.value.findings[0].help


def test_a_list_is_read_to_its_end(client, harbor):
    for number in range(120):
        client.post("/projects", {"project_name": f"p{number}"})
    assert len({one["name"] for one in client.every("/projects")}) == 121


def test_the_password_is_in_no_message_repr_or_traceback(client, harbor):
    shown = [repr(client), str(vars(client))]
    for how in (
        {"status": 401, "code": "UNAUTHORIZED", "message": f"no {PASSWORD}"},
        {"status": 502, "times": QUICK.tries},
        {"status": 400, "code": "BAD_REQUEST", "message": f"bad login {LOGIN.basic}"},
    ):
        fail(harbor, "GET", "/projects/library", **how)
        try:
            look(client, "library", with_quota=False)
        except HarborError as refused:
            shown += [str(refused), *traceback.format_exception(refused)]
    assert len(shown) > 5
    assert not traces_of(LOGIN, "".join(shown))


def test_an_authority_that_nobody_trusts_is_refused_and_one_that_is_given_is_taken(tmp_path, monkeypatch):
    """With the lab's own authority; there is no way to leave the check out."""
    authority = Authority(tmp_path)
    front = Front(("127.0.0.1", 0), "127.0.0.1:1", PASSWORD, tmp_path / "log", authority.server_context())
    thread = threading.Thread(target=front.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setattr("pulumi_chaosreg.harbor.client.base_url", lambda server: f"https://{server}")
    try:
        server = f"localhost:{front.server_port}"
        with pytest.raises(HarborError, match="certificate"):
            look(Harbor(server, LOGIN, patience=QUICK), "library", with_quota=False)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
        assert look(Harbor(server, LOGIN, patience=QUICK), "library", with_quota=False)
    finally:
        front.shutdown()
        thread.join()
        front.server_close()
