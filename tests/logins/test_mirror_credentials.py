"""Basic and bearer credentials against real registries, and what must never be seen of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Host, Registry
from tests.support import builder
from tests.support.bearer_front import bearer_front, counting_tokens
from tests.support.builder import image, layer, push
from tests.support.faults import FaultServer, Reply
from tests.support.token_server import registry_with_tokens

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
    with pytest.raises(ChaosregError, match=r"CHR0403.*no credentials are known") as nobody:
        mirror.copy(source, target)
    assert f"log in (`docker login {private.host}`), or check user" in nobody.value.findings[0].help

    assert len(private.requests()) == 3  # no password is tried twice


def test_tokens_are_fetched_once_per_repository_and_right(
    upstream: RegistryServer, tmp_path: Path, mirror: Mirror, tree: builder.Tree
) -> None:
    source = Reference(upstream.host, "harness/app", "1")
    with registry_with_tokens(tmp_path / "t", {"robot": CANARY}, {"robot": {"pull", "push"}}) as (server, tokens):
        for tag in ("1", "2", "3"):
            assert mirror.copy(source, Reference(server.host, "app", tag), push=ROBOT).digest == tree.digest
        mirror.copy(source, Reference(server.host, "other", "1"), push=ROBOT)

        asked = sorted(seen.query.partition("scope=")[2] for seen in tokens.seen)
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


def test_a_token_that_is_no_longer_liked_is_replaced_once(host: Host) -> None:
    accepted = ["t1"]
    with counting_tokens() as tokens, bearer_front(tokens, accepted) as front:
        registry = Registry(front.host, host=host)
        assert registry.head_manifest("app", "1")
        accepted[:] = ["t2"]
        assert registry.head_manifest("app", "1")
        accepted[:] = []
        with pytest.raises(ChaosregError, match="CHR0403"):
            registry.head_manifest("app", "1")
    assert len(tokens.seen) == 3
    assert [seen.method for seen in front.seen] == ["HEAD"] * 6 + ["GET"]  # what it says of the refusal


def test_an_insufficient_scope_is_widened(host: Host) -> None:
    with (
        counting_tokens() as tokens,
        bearer_front(tokens, ["t2"], ',error="insufficient_scope"') as front,
    ):
        assert Registry(front.host, host=host).head_manifest("app", "1")
    assert "base" in tokens.seen[-1].query


@pytest.mark.parametrize("body", [b"{}", b"<html>log in</html>", b"[]", b'{"token": ""}'])
def test_a_token_endpoint_without_a_token_is_said(host: Host, body: bytes) -> None:
    with (
        FaultServer(lambda _: Reply(200, body)) as tokens,
        bearer_front(tokens, []) as front,
        pytest.raises(ChaosregError, match="CHR0421"),
    ):
        Registry(front.host, host=host).head_manifest("app", "1")
