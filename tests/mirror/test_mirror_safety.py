"""Where a registry may lead us, what goes along, and what its errors may show. By scripted registries, all of them."""

import base64
import gzip
import json
import traceback
from contextlib import nullcontext

import pytest

from pulumi_chaosreg.credentials.login import Login, LoginKind
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.oci import Host, Registry
from tests.support import builder
from tests.support.bearer_front import bearer_front
from tests.support.builder import layer
from tests.support.faults import FaultServer, Reply, Seen

pytestmark = pytest.mark.registry

CANARY = "canary-pässword"
ROBOT = Login("robot", CANARY)


def test_a_redirect_to_another_host_carries_no_credentials(host: Host) -> None:
    content = layer("on the other host", 1000)
    blob = builder.digest_of(content)
    with FaultServer(lambda seen: Reply(200, content), address="127.0.0.2") as storage:

        def script(seen: Seen) -> Reply:
            if "Authorization" not in seen.headers:
                return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            return Reply(307, headers={"Location": f"http://{storage.host}/bucket?signature=secret"})

        with FaultServer(script) as front:
            registry = Registry(front.host, ROBOT, host=host)
            with registry.open_blob("app", _descriptor(blob, len(content))) as chunks:
                assert b"".join(chunks) == content

    assert front.seen[-1].headers["Authorization"] == f"Basic {ROBOT.basic}"
    assert [seen.query for seen in storage.seen] == ["signature=secret"]
    assert "Authorization" not in storage.seen[0].headers


def test_a_token_endpoint_that_redirects_does_not_pass_the_password_on(host: Host) -> None:
    with FaultServer(lambda seen: Reply(200, b'{"token":"t"}'), address="127.0.0.2") as thief:
        elsewhere = Reply(307, headers={"Location": f"http://{thief.host}/"})
        with FaultServer(lambda seen: elsewhere) as tokens, bearer_front(tokens, ["t"]) as front:
            assert Registry(front.host, ROBOT, host=host).head_manifest("app", "1")
    assert tokens.seen[0].headers["Authorization"] == f"Basic {ROBOT.basic}"
    assert "Authorization" not in thief.seen[0].headers


def test_a_challenge_of_another_host_gets_no_credentials(host: Host) -> None:
    with FaultServer(
        lambda seen: Reply(401, headers={"WWW-Authenticate": 'Basic realm="gimme"'}), address="127.0.0.2"
    ) as thief:
        elsewhere = Reply(307, headers={"Location": f"http://{thief.host}/"})
        with FaultServer(lambda seen: elsewhere) as front, pytest.raises(ChaosregError, match="CHR0403"):
            Registry(front.host, ROBOT, host=host).head_manifest("app", "1")
    assert all("Authorization" not in seen.headers for seen in [*front.seen, *thief.seen])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 429, 500, 507])
def test_no_error_shows_the_password_even_if_the_registry_echoes_it(status: int, host: Host) -> None:
    def script(seen: Seen) -> Reply:
        if "Authorization" not in seen.headers:
            return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        echo = {"code": "DEBUG", "message": f"you sent {seen.headers['Authorization']}, that is {CANARY}"}
        return Reply(status, json.dumps({"errors": [echo]}).encode())

    with FaultServer(script) as front:
        registry = Registry(front.host, ROBOT, host=host)
        with pytest.raises(ChaosregError) as caught:
            registry.start_upload("app")

    error = caught.value
    shown = "".join([str(error), repr(error), repr(error.args), *traceback.format_exception(error)])
    assert "[redacted]" in shown
    for secret in (CANARY, ROBOT.basic, base64.b64encode(CANARY.encode()).decode()):
        assert secret not in shown
        assert secret not in repr(registry) + repr(vars(registry._transport))


def _descriptor(digest: str, size: int):
    from pulumi_chaosreg.oci import Descriptor

    return Descriptor("application/octet-stream", digest, size)


def test_an_upload_to_another_host_carries_no_credentials(host: Host) -> None:
    content = layer("uploaded elsewhere", 1000)
    with FaultServer(lambda seen: Reply(201), address="127.0.0.2") as storage:

        def script(seen: Seen) -> Reply:
            if "Authorization" not in seen.headers:
                return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
            return Reply(202, headers={"Location": f"http://{storage.host}/bucket?signature=secret"})

        with FaultServer(script) as front:
            blob = _descriptor(builder.digest_of(content), len(content))
            Registry(front.host, ROBOT, host=host).put_blob("app", blob, lambda: nullcontext([content]))
    (sent,) = storage.seen
    assert sent.method == "PUT"
    assert "Authorization" not in sent.headers


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "gopher://127.0.0.1/", "http://storage.example/bucket", "https://u:p@127.0.0.1/"]
)
def test_an_upload_to_an_unsafe_place_is_refused(location: str, host: Host) -> None:
    answer = Reply(202, headers={"Location": location})
    with FaultServer(lambda seen: answer) as front, pytest.raises(ChaosregError, match="CHR0414") as caught:
        Registry(front.host, host=host).start_upload("app")
    assert "u:p" not in str(caught.value)


def test_a_next_page_on_another_host_is_refused(host: Host) -> None:
    with FaultServer(lambda seen: Reply(200, b'{"tags":["x"]}'), address="127.0.0.2") as thief:
        link = {"Link": f'<http://{thief.host}/v2/app/tags/list?last=a&secret=canary>; rel="next"'}
        page = Reply(200, b'{"tags":["a"]}', link)
        with (
            FaultServer(lambda seen: page) as front,
            pytest.raises(ChaosregError, match=r"CHR0414.*another host") as caught,
        ):
            Registry(front.host, ROBOT, host=host).list_tags("app")
    assert thief.seen == []
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_form_with_a_secret_is_never_redirected(status: int, host: Host) -> None:
    with FaultServer(lambda seen: Reply(200, b'{"token":"t"}'), address="127.0.0.2") as thief:
        elsewhere = Reply(status, headers={"Location": f"http://{thief.host}/"})
        with FaultServer(lambda seen: elsewhere) as tokens, bearer_front(tokens, ["t"]) as front:
            login = Login("", "canary-refresh", LoginKind.IDENTITY)
            with pytest.raises(ChaosregError) as caught:
                Registry(front.host, login, host=host).head_manifest("app", "1")
    assert thief.seen == []
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("realm", ["http://auth.example/token", "https://u:p@127.0.0.1/token", "file:///token", ""])
def test_a_token_endpoint_at_an_unsafe_place_is_refused(realm: str, host: Host) -> None:
    challenge = Reply(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})
    with FaultServer(lambda seen: challenge) as front, pytest.raises(ChaosregError, match="CHR0414"):
        Registry(front.host, ROBOT, host=host).head_manifest("app", "1")


# --- what registries say, and how much of it


def _said(answer: Reply, host: Host) -> str:
    def script(seen: Seen) -> Reply:
        if "Authorization" not in seen.headers:
            return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        return answer

    with FaultServer(script) as front, pytest.raises(ChaosregError) as caught:
        Registry(front.host, ROBOT, host=host).start_upload("app")
    return str(caught.value)


def test_a_secret_at_the_edge_of_what_is_quoted_is_blanked_whole(host: Host) -> None:
    for start in range(280, 300):
        text = "x" * start + CANARY
        assert "canary" not in _said(Reply(400, text.encode()), host)
        escaped = json.dumps({"errors": [{"code": "X", "message": text}]}).replace("c", "\\u0063")
        assert "canary" not in _said(Reply(400, escaped.encode()), host)


def test_a_secret_that_looks_like_html_is_blanked_whole(host: Host) -> None:
    login = Login("robot", "canary<b>one  two</b>three")

    def script(seen: Seen) -> Reply:
        if "Authorization" not in seen.headers:
            return Reply(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        return Reply(400, f"<html>you sent {login.password}</html>".encode())

    with FaultServer(script) as front, pytest.raises(ChaosregError) as caught:
        Registry(front.host, login, host=host).start_upload("app")
    assert "you sent [redacted]" in str(caught.value)
    assert "three" not in str(caught.value)


def test_an_error_that_a_proxy_packed_can_be_read_and_shows_no_secret(host: Host) -> None:
    body = json.dumps({"errors": [{"code": "DENIED", "message": f"no {CANARY} here"}]}).encode()
    said = _said(Reply(403, gzip.compress(body), {"Content-Encoding": "gzip"}), host)
    assert "DENIED no [redacted] here" in said


@pytest.mark.parametrize("body", [b"\x1f\x8bnot really", b""])
def test_an_error_that_is_not_what_it_says_is_left_out(body: bytes, host: Host) -> None:
    assert "answer: 400\n" in _said(Reply(400, body, {"Content-Encoding": "gzip"}), host)


def test_of_an_endless_error_only_the_beginning_is_read(host: Host) -> None:
    assert len(_said(Reply(400, b"word " * 4_000_000), host)) < 1200
