"""An answer to HEAD has no body: what a registry has to say is asked for once, by GET."""

import json
from base64 import b64decode

import pytest

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.oci import Host, Patience, Registry, RegistryError
from tests.support.answering import AnsweringServer, Asked, Said

ROBOT = Login("robot$chaos+mirror", "canary-of-a-robot")
BLOB = f"sha256:{'a' * 64}"


class Harbor(AnsweringServer):
    """Stand-in: Harbor's middleware for authorization (src/server/middleware/v2auth/auth.go), which refuses everything
    with a 401, and the token service, which gives a token to everybody. The robot may pull from project `chaos`.
    """

    def __init__(self) -> None:
        super().__init__(self._answer)

    def count(self, method: str) -> int:
        return sum(asked.method == method and asked.path.startswith("/v2/") for asked in self.seen)

    def _answer(self, asked: Asked) -> Said:
        if asked.path == "/service/token":
            return Said(200, json.dumps({"token": self._user(asked)}).encode())
        if "Authorization" not in asked.headers:
            challenge = f'Bearer realm="http://{self.host}/service/token",service="harbor-registry"'
            return self._unauthorized("authorize header needed to send HEAD to repository", challenge)
        repository = asked.path.removeprefix("/v2/").partition("/manifests")[0].partition("/blobs")[0]
        project = repository.partition("/")[0]
        if project != "chaos":
            return self._unauthorized(f"project {project} not found")
        action = "pull" if asked.method in ("HEAD", "GET") else "push"
        if action == "push" or self._user(asked) != ROBOT.username:
            words = f"unauthorized to access repository: {repository}, action: {action}"
            return self._unauthorized(f"{words}: {words}", 'Basic realm="harbor"')
        return Said(404)

    def _user(self, asked: Asked) -> str:
        scheme, _, text = asked.headers.get("Authorization", "").partition(" ")
        if scheme == "Bearer":
            return text
        return ROBOT.username if scheme and b64decode(text).decode().endswith(ROBOT.password) else "nobody"

    def _unauthorized(self, words: str, challenge: str = "") -> Said:
        body = json.dumps({"errors": [{"code": "UNAUTHORIZED", "message": words}]}).encode()
        return Said(401, body, {"WWW-Authenticate": challenge} if challenge else {})


def client(server: AnsweringServer, login: Login | None = ROBOT) -> Registry:
    return Registry(server.host, login, host=Host(Patience(first=0.01)))


def test_harbor_s_missing_project_is_named() -> None:
    with Harbor() as harbor, pytest.raises(RegistryError) as caught:
        client(harbor).head_manifest("kaos/chaos-ddcr", "1.94.4")
    said = str(caught.value)
    assert f"error[CHR0441]: registry `{harbor.host}` has no project for `kaos/chaos-ddcr`" in said
    assert "project kaos not found" in said
    assert caught.value.is_denied
    assert harbor.count("GET") == 1


def test_harbor_s_robot_that_may_not_push_lacks_a_right() -> None:
    with Harbor() as harbor:
        registry = client(harbor)
        assert registry.head_manifest("chaos/chaos-ddcr", "1.94.4") is None
        assert not registry.has_blob("chaos/chaos-ddcr", BLOB)
        assert harbor.count("GET") == 0
        with pytest.raises(RegistryError, match=r"CHR0404.*forbids.*user `robot\$chaos\+mirror`(.|\n)*action: push"):
            registry.start_upload("chaos/chaos-ddcr")


def test_harbor_s_wrong_password_is_one() -> None:
    with (
        Harbor() as harbor,
        pytest.raises(RegistryError, match=r"CHR0403.*other credentials(.|\n)*action: pull") as caught,
    ):
        client(harbor, Login(ROBOT.username, "canary-wrong")).head_manifest("chaos/chaos-ddcr", "1.94.4")
    assert "canary" not in str(caught.value)
    assert harbor.count("GET") == 1


def test_nobody_s_push_wants_a_login() -> None:
    with Harbor() as harbor, pytest.raises(RegistryError, match=r"CHR0403"):
        client(harbor, None).start_upload("chaos/chaos-ddcr")


@pytest.mark.parametrize("verb", ["head_manifest", "has_blob"])
def test_a_forbidden_look_is_told_in_the_registry_s_words(verb: str) -> None:
    with (
        AnsweringServer(lambda _: Said(403, b'{"errors":[{"code":"DENIED","message":"the plan is over"}]}')) as server,
        pytest.raises(RegistryError, match=r"CHR0404(.|\n)*403 DENIED the plan is over"),
    ):
        getattr(client(server), verb)("app", BLOB)
    assert [asked.method for asked in server.seen] == ["HEAD", "GET"]


@pytest.mark.parametrize("status", [400, 429, 500])
def test_only_a_refusal_is_asked_about(status: int) -> None:
    with AnsweringServer(lambda _: Said(status)) as server, pytest.raises(RegistryError):
        client(server).head_manifest("app", "1")
    assert {asked.method for asked in server.seen} == {"HEAD"}


def test_a_password_that_nobody_has_accepted_is_not_shown_once_more_for_words() -> None:
    """Servers count wrong ones, and close accounts."""
    challenge = {"WWW-Authenticate": 'Basic realm="nexus"'}
    with (
        AnsweringServer(lambda _: Said(401, headers=challenge)) as server,
        pytest.raises(RegistryError, match="CHR0403"),
    ):
        client(server).head_manifest("app", "1")
    assert [asked.method for asked in server.seen] == ["HEAD", "HEAD"]


def test_a_registry_that_forbids_head_only_is_refused_as_before() -> None:
    with (
        AnsweringServer(lambda asked: Said(403 if asked.method == "HEAD" else 200)) as server,
        pytest.raises(RegistryError, match="CHR0404"),
    ):
        client(server).has_blob("app", BLOB)
