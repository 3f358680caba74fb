"""Basic and bearer credentials against real registries, and what must never be seen of them."""

import base64
import json
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import builder
import pytest
from builder import image, layer, push
from faults import FaultServer, Reply, Seen
from token_server import TokenServer, registry_with_tokens, signed

from lab.registry import RegistryServer
from pulumi_chaosreg.credentials.login import Kind, Login
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Host, Registry

pytestmark = pytest.mark.registry

CANARY = "canary-pässword"
ROBOT = Login("robot", CANARY)


@pytest.fixture
def private(tmp_path: Path) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path / "private", logins={"robot": CANARY}) as server:
        yield server


@pytest.fixture
def tree(upstream: RegistryServer) -> builder.Tree:
    return push(upstream.host, "harness/app", "1", image(layer("x"), layer("y")))


def test_basic_credentials_are_sent_once_the_registry_asks(
    upstream: RegistryServer, private: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    result = mirror.copy(Reference(upstream.host, "harness/app", "1"), Reference(private.host, "app", "1"), push=ROBOT)

    assert result.digest == tree.digest
    assert [request.status for request in private.requests()].count(401) == 1
    assert private.requests()[0].user is None


def test_wrong_basic_credentials_name_the_user(
    upstream: RegistryServer, private: RegistryServer, mirror: Mirror, tree
) -> None:
    source, target = Reference(upstream.host, "harness/app", "1"), Reference(private.host, "app", "1")

    with pytest.raises(ChaosregError, match=r"CHR0403.*the credentials of user `robot` were sent"):
        mirror.copy(source, target, push=Login("robot", "wrong"))
    with pytest.raises(ChaosregError, match=r"CHR0403.*no credentials are known"):
        mirror.copy(source, target)

    assert len(private.requests()) == 3  # no password is tried twice


def test_tokens_are_fetched_once_per_repository_and_right(
    upstream: RegistryServer, tmp_path: Path, mirror: Mirror, tree: builder.Tree
) -> None:
    source = Reference(upstream.host, "harness/app", "1")
    with registry_with_tokens(tmp_path / "t", {"robot": CANARY}, {"robot": {"pull", "push"}}) as (server, tokens):
        for tag in ("1", "2", "3"):
            assert mirror.copy(source, Reference(server.host, "app", tag), push=ROBOT).digest == tree.digest
        mirror.copy(source, Reference(server.host, "other", "1"), push=ROBOT)

        asked = sorted(seen.query.partition("scope=")[2] for seen in tokens.asked)
    assert asked == sorted(
        [
            "repository%3Aapp%3Apull",
            "repository%3Aapp%3Apull%2Cpush",
            "repository%3Aother%3Apull",
            "repository%3Aapp%3Apull&scope=repository%3Aother%3Apull%2Cpush",  # to mount
        ]
    )


def test_token_refusals_are_clear(upstream: RegistryServer, tmp_path: Path, mirror: Mirror, tree) -> None:
    source = Reference(upstream.host, "harness/app", "1")
    rights = {"robot": {"pull", "push"}, "reader": {"pull"}, "": {"pull"}}
    with registry_with_tokens(tmp_path / "t", {"robot": CANARY, "reader": "r"}, rights) as (server, _):
        target = Reference(server.host, "app", "1")
        with pytest.raises(ChaosregError, match=r"CHR0403.*user `robot` were sent"):
            mirror.copy(source, target, push=Login("robot", "wrong"))
        with pytest.raises(ChaosregError, match=r"CHR0403.*user `reader` were sent"):
            mirror.copy(source, target, push=Login("reader", "r"))
        mirror.copy(source, target, push=ROBOT)
        assert mirror.digest(target) == tree.digest  # anonymous users may pull


def _bearer_front(tokens: TokenServer | FaultServer, accepted: list[str], error: str = "") -> FaultServer:
    """A stand-in for a registry with bearer tokens: takes what stands in `accepted` at the moment."""

    def script(seen: Seen) -> Reply:
        if seen.headers.get("Authorization") in [f"Bearer {token}" for token in accepted]:
            return Reply(200, headers={"Docker-Content-Digest": builder.digest_of(b"")})
        scope = ',scope="repository:app:pull repository:base:pull"' if error else ""
        challenge = f'Bearer realm="http://{tokens.host}/t",service="s"{scope}{error}'
        return Reply(401, headers={"WWW-Authenticate": challenge})

    return FaultServer(script)


def _counting_tokens() -> FaultServer:
    count = iter(range(1, 100))
    return FaultServer(lambda seen: Reply(200, json.dumps({"access_token": f"t{next(count)}"}).encode()))


def test_a_token_that_is_no_longer_liked_is_replaced_once(host: Host) -> None:
    accepted = ["t1"]
    with _counting_tokens() as tokens, _bearer_front(tokens, accepted) as front:
        registry = Registry(front.host, host=host)
        assert registry.head_manifest("app", "1")
        accepted[:] = ["t2"]
        assert registry.head_manifest("app", "1")
        accepted[:] = []
        with pytest.raises(ChaosregError, match="CHR0403"):
            registry.head_manifest("app", "1")
    assert len(tokens.seen) == 3
    assert len(front.seen) == 2 + 2 + 2


def test_an_insufficient_scope_is_widened(host: Host) -> None:
    with (
        _counting_tokens() as tokens,
        _bearer_front(tokens, ["t2"], ',error="insufficient_scope"') as front,
    ):
        assert Registry(front.host, host=host).head_manifest("app", "1")
    assert "base" in tokens.seen[-1].query


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
        with FaultServer(lambda seen: elsewhere) as tokens, _bearer_front(tokens, ["t"]) as front:
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


@pytest.mark.parametrize("body", [b"{}", b"<html>log in</html>", b"[]", b'{"token": ""}'])
def test_a_token_endpoint_without_a_token_is_said(host: Host, body: bytes) -> None:
    with (
        FaultServer(lambda _: Reply(200, body)) as tokens,
        _bearer_front(tokens, []) as front,
        pytest.raises(ChaosregError, match="CHR0421"),
    ):
        Registry(front.host, host=host).head_manifest("app", "1")


# --- the two protocols of token endpoints


PULLED_AND_PUSHED = {"robot": {"pull", "push"}}


@pytest.mark.parametrize("speaks", [("GET",), ("POST",), ("GET", "POST")])
def test_a_password_opens_whatever_the_token_endpoint_speaks(
    speaks: tuple[str, ...], upstream: RegistryServer, tmp_path: Path, mirror: Mirror, tree: builder.Tree
) -> None:
    source = Reference(upstream.host, "harness/app", "1")
    with registry_with_tokens(tmp_path / "t", {"robot": CANARY}, PULLED_AND_PUSHED, speaks=speaks) as (server, tokens):
        assert mirror.copy(source, Reference(server.host, "app", "1"), push=ROBOT).digest == tree.digest

    if "GET" in speaks:
        assert {asked.method for asked in tokens.asked} == {"GET"}
    else:  # once the password is exchanged for a refresh token, it stays at home
        grants = [asked.form["grant_type"] for asked in tokens.asked if asked.method == "POST"]
        assert grants == ["password", "refresh_token"]
        assert tokens.asked[1].form["client_id"] == "pulumi-chaosreg"


@pytest.mark.parametrize("uses", [1, 1000])
def test_an_identity_token_is_used_and_its_successors_too(
    uses: int, upstream: RegistryServer, tmp_path: Path, mirror: Mirror, tree: builder.Tree
) -> None:
    source = Reference(upstream.host, "harness/app", "1")
    with registry_with_tokens(tmp_path / "t", {}, PULLED_AND_PUSHED, uses=uses) as (server, tokens):
        login = Login("", tokens.refresh_token("robot"), Kind.IDENTITY)
        for tag in ("1", "2"):
            assert mirror.copy(source, Reference(server.host, f"app{tag}", tag), push=login).digest == tree.digest

    assert all(asked.form["grant_type"] == "refresh_token" for asked in tokens.asked)
    shown = [asked.form["refresh_token"] for asked in tokens.asked]
    assert shown == [f"canary-refresh-robot-{number}" for number in range(1, len(shown) + 1)]


def test_an_identity_token_is_a_password_where_the_endpoint_knows_no_post(tmp_path: Path, host: Host) -> None:
    rights = {"token-user": {"pull"}}
    with registry_with_tokens(tmp_path / "t", {"token-user": "identity"}, rights, speaks=("GET",)) as (server, tokens):
        login = Login("token-user", "identity", Kind.IDENTITY)
        assert Registry(server.host, login, host=host).head_manifest("app", "1") is None
    assert [asked.method for asked in tokens.asked] == ["POST", "GET"]


def test_a_refused_identity_token_is_said_once(tmp_path: Path, host: Host) -> None:
    with registry_with_tokens(tmp_path / "t", {}, {}) as (server, tokens):
        login = Login("", "canary-revoked", Kind.IDENTITY, origin="/home/u/.docker/config.json")
        with pytest.raises(ChaosregError, match=r"the identity token \(/home/u/.docker/config.json\)") as caught:
            Registry(server.host, login, host=host).head_manifest("app", "1")
    assert len(tokens.asked) == 1
    assert "canary" not in str(caught.value)


def test_a_registry_token_is_sent_as_it_is(tmp_path: Path, host: Host) -> None:
    with registry_with_tokens(tmp_path / "t", {}, {}) as (server, tokens):
        text = signed("robot", [{"type": "repository", "name": "app", "actions": ["pull"]}])
        registry = Registry(server.host, Login("", text, Kind.REGISTRY), host=host)
        assert registry.head_manifest("app", "1") is None
        with pytest.raises(ChaosregError, match="CHR0403"):
            registry.head_manifest("other", "1")
    assert tokens.asked == []


def test_where_basic_and_bearer_are_offered_the_registry_never_sees_the_password(host: Host) -> None:
    with _counting_tokens() as tokens:

        def script(seen: Seen) -> Reply:
            if seen.headers.get("Authorization") == "Bearer t1":
                return Reply(200, headers={"Docker-Content-Digest": builder.digest_of(b"")})
            return Reply(401, headers={"WWW-Authenticate": f'Basic realm="x", Bearer realm="http://{tokens.host}/t"'})

        with FaultServer(script) as front:
            assert Registry(front.host, ROBOT, host=host).head_manifest("app", "1")
    assert [seen.headers.get("Authorization") for seen in front.seen] == [None, "Bearer t1"]
    assert tokens.seen[0].headers["Authorization"] == f"Basic {ROBOT.basic}"


# --- logins that change


class Changing:
    """A source as the machine is one: what it knows is what stands in `logins` at the moment."""

    def __init__(self, *logins: Login) -> None:
        self.logins = list(logins)
        self.looks = 0

    def current(self) -> Login:
        return self.logins[0]

    def again(self, refused: Login | None) -> bool:
        self.looks += 1
        if len(self.logins) > 1 and self.logins[0] == refused:
            self.logins.pop(0)
        return self.logins[0] != refused

    def findings(self) -> list[Finding]:
        return []


def test_a_password_that_was_changed_during_the_run_is_read_again(tmp_path: Path, host: Host) -> None:
    source = Changing(ROBOT, Login("robot", "new"))
    with RegistryServer(tmp_path / "r", logins={"robot": CANARY}) as server:
        registry = Registry(server.host, source, host=host)
        assert registry.head_manifest("app", "1") is None
        server.stop()
        server.logins["robot"] = "new"
        server.start()
        assert registry.head_manifest("app", "1") is None
    assert source.looks == 1


def test_a_password_that_was_changed_is_read_again_for_the_token_endpoint(tmp_path: Path, host: Host) -> None:
    source = Changing(ROBOT, Login("robot", "new"))
    with registry_with_tokens(tmp_path / "t", {"robot": CANARY}, PULLED_AND_PUSHED) as (server, tokens):
        registry = Registry(server.host, source, host=host)
        assert registry.head_manifest("app", "1") is None
        tokens.passwords["robot"] = "new"
        assert registry.head_manifest("other", "1") is None
    assert source.looks == 1


def test_a_wrong_password_is_looked_for_once_and_not_in_a_loop(private: RegistryServer, host: Host) -> None:
    source = Changing(*(Login("robot", f"wrong{number}") for number in range(9)))
    registry = Registry(private.host, source, host=host)
    for _ in range(6):
        with pytest.raises(ChaosregError, match=r"CHR0403.*user `robot` were sent"):
            registry.head_manifest("app", "1")

    assert source.looks == 1
    tried = sum(request.status == 401 for request in private.requests())
    assert tried <= 1 + 6 + 4  # the first challenge, a new one each time once given up, and few passwords


def test_many_threads_do_not_lock_an_account(private: RegistryServer, host: Host) -> None:
    with FaultServer(lambda seen: None, behind=private.host) as front:
        registry = Registry(front.host, Login("robot", "wrong"), host=host)

        def ask(number: int) -> None:
            with pytest.raises(ChaosregError, match="CHR0403"):
                registry.head_manifest(f"app{number}", "1")

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(ask, range(24)))
    assert sum("Authorization" in seen.headers for seen in front.seen) <= 3


def test_many_threads_do_not_lock_an_account_at_the_token_endpoint(tmp_path: Path, host: Host) -> None:
    with registry_with_tokens(tmp_path / "t", {"robot": CANARY}, PULLED_AND_PUSHED) as (server, tokens):
        registry = Registry(server.host, Login("robot", "wrong"), host=host)

        def ask(number: int) -> None:
            with pytest.raises(ChaosregError, match="CHR0403"):
                registry.head_manifest(f"app{number}", "1")

        with ThreadPoolExecutor(12) as pool:
            list(pool.map(ask, range(24)))
    assert len(tokens.asked) <= 3


def test_threads_that_need_the_same_token_ask_for_it_once(tmp_path: Path, host: Host) -> None:
    with registry_with_tokens(tmp_path / "t", {"robot": CANARY}, PULLED_AND_PUSHED) as (server, tokens):
        registry = Registry(server.host, ROBOT, host=host)
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(lambda _: registry.head_manifest("app", "1"), range(24)))
    assert len(tokens.asked) == 1
