"""The two protocols of token endpoints, and the tokens that a login may be, with real registries behind."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.credentials.login import Login, LoginKind
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Host, Registry
from tests.support import builder
from tests.support.bearer_front import counting_tokens
from tests.support.builder import image, layer, push
from tests.support.faults import FaultServer, Reply, Seen
from tests.support.token_server import registry_with_tokens, signed

pytestmark = pytest.mark.registry

CANARY = "canary-pässword"
ROBOT = Login("robot", CANARY)
RIGHTS = {"robot": {"pull", "push"}}


@pytest.fixture
def tree(upstream: RegistryServer) -> builder.Tree:
    return push(upstream.host, "harness/app", "1", image(layer("x"), layer("y")))


@pytest.mark.parametrize("speaks", [("GET",), ("POST",), ("GET", "POST")])
def test_a_password_opens_whatever_the_token_endpoint_speaks(
    speaks: tuple[str, ...], upstream: RegistryServer, tmp_path: Path, mirror: Mirror, tree: builder.Tree
) -> None:
    source = Reference(upstream.host, "harness/app", "1")
    with registry_with_tokens(tmp_path / "t", {"robot": CANARY}, RIGHTS, speaks=speaks) as (server, tokens):
        assert mirror.copy(source, Reference(server.host, "app", "1"), push=ROBOT).digest == tree.digest

    if "GET" in speaks:
        assert {asked.method for asked in tokens.seen} == {"GET"}
    else:  # once the password is exchanged for a refresh token, it stays at home
        grants = [asked.form["grant_type"] for asked in tokens.seen if asked.method == "POST"]
        assert grants == ["password", "refresh_token"]
        assert tokens.seen[1].form["client_id"] == "pulumi-chaosreg"


@pytest.mark.parametrize("uses", [1, 1000])
def test_an_identity_token_is_used_and_its_successors_too(
    uses: int, upstream: RegistryServer, tmp_path: Path, mirror: Mirror, tree: builder.Tree
) -> None:
    source = Reference(upstream.host, "harness/app", "1")
    with registry_with_tokens(tmp_path / "t", {}, RIGHTS, uses=uses) as (server, tokens):
        login = Login("", tokens.refresh_token("robot"), LoginKind.IDENTITY)
        for tag in ("1", "2"):
            assert mirror.copy(source, Reference(server.host, f"app{tag}", tag), push=login).digest == tree.digest

    assert all(asked.form["grant_type"] == "refresh_token" for asked in tokens.seen)
    shown = [asked.form["refresh_token"] for asked in tokens.seen]
    assert shown == [f"canary-refresh-robot-{number}" for number in range(1, len(shown) + 1)]


def test_threads_do_not_use_an_identity_token_that_is_good_for_one_use_twice(tmp_path: Path, host: Host) -> None:
    with registry_with_tokens(tmp_path / "t", {}, RIGHTS, uses=1) as (server, tokens):
        registry = Registry(server.host, Login("", tokens.refresh_token("robot"), LoginKind.IDENTITY), host=host)
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(lambda number: registry.head_manifest(f"app{number}", "1"), range(24))) == {None}
    assert len(tokens.seen) == 24


def test_an_identity_token_is_a_password_where_the_endpoint_knows_no_post(tmp_path: Path, host: Host) -> None:
    rights = {"token-user": {"pull"}}
    with registry_with_tokens(tmp_path / "t", {"token-user": "identity"}, rights, speaks=("GET",)) as (server, tokens):
        login = Login("token-user", "identity", LoginKind.IDENTITY)
        assert Registry(server.host, login, host=host).head_manifest("app", "1") is None
    assert [asked.method for asked in tokens.seen] == ["POST", "GET"]


def test_a_refused_identity_token_is_said_once(tmp_path: Path, host: Host) -> None:
    with registry_with_tokens(tmp_path / "t", {}, {}) as (server, tokens):
        login = Login("", "canary-revoked", LoginKind.IDENTITY, origin="/home/u/.docker/config.json")
        with pytest.raises(ChaosregError, match=r"the identity token \(/home/u/.docker/config.json\)") as caught:
            Registry(server.host, login, host=host).head_manifest("app", "1")
    assert len(tokens.seen) == 1
    assert "canary" not in str(caught.value)


def test_a_registry_token_is_sent_as_it_is(tmp_path: Path, host: Host) -> None:
    with registry_with_tokens(tmp_path / "t", {}, {}) as (server, tokens):
        text = signed("robot", [{"type": "repository", "name": "app", "actions": ["pull"]}])
        registry = Registry(server.host, Login("", text, LoginKind.REGISTRY), host=host)
        assert registry.head_manifest("app", "1") is None
        with pytest.raises(ChaosregError, match="CHR0403"):
            registry.head_manifest("other", "1")
    assert tokens.seen == []


def test_where_basic_and_bearer_are_offered_the_registry_never_sees_the_password(host: Host) -> None:
    with counting_tokens() as tokens:

        def script(seen: Seen) -> Reply:
            if seen.headers.get("Authorization") == "Bearer t1":
                return Reply(200, headers={"Docker-Content-Digest": builder.digest_of(b"")})
            return Reply(401, headers={"WWW-Authenticate": f'Basic realm="x", Bearer realm="http://{tokens.host}/t"'})

        with FaultServer(script) as front:
            assert Registry(front.host, ROBOT, host=host).head_manifest("app", "1")
    assert [seen.headers.get("Authorization") for seen in front.seen] == [None, "Bearer t1"]
    assert tokens.seen[0].headers["Authorization"] == f"Basic {ROBOT.basic}"
