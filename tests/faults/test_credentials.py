"""Credentials that end in the middle of a copy, on real registries: one new try, or an error that names the user."""

import json
from collections.abc import Callable
from pathlib import Path

import bcrypt
import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from tests.support.builder import digest_of, image, layer, push
from tests.support.canary import PUSH, traces_of
from tests.support.faults import FaultServer, Reply, Seen
from tests.support.token_server import registry_with_tokens
from tests.support.verdict import whole_tags

pytestmark = pytest.mark.registry

BIG = layer("big", 3_000_000)
NEW = Login(PUSH.username, "the new password")


@pytest.fixture
def source(upstream: RegistryServer) -> Reference:
    push(upstream.host, "app", "1", image(BIG, layer("small")))
    return Reference(upstream.host, "app", "1")


def sends_big(seen: Seen) -> bool:
    return seen.method == "PUT" and digest_of(BIG) in seen.query


def test_a_token_that_expires_during_an_upload_is_replaced_and_the_blob_sent_again(
    source: Reference, tmp_path: Path, mirror: Mirror
) -> None:
    rights = {PUSH.username: {"pull", "push"}}
    expired: list[Seen] = []
    with registry_with_tokens(tmp_path / "t", {PUSH.username: PUSH.password}, rights) as (server, tokens):

        def expire(seen: Seen) -> Reply | None:
            """What distribution says to a token that is too old; its clock cannot be set."""
            if not sends_big(seen) or expired:
                return None
            expired.append(seen)
            scope = 'scope="repository:app:pull,push",error="invalid_token"'
            challenge = f'Bearer realm="http://{tokens.host}/token",service="test-registry",{scope}'
            return Reply(401, headers={"WWW-Authenticate": challenge})

        with FaultServer(expire, server.host) as front:
            before = mirror.copy(source, Reference(front.host, "app", "1"), push=PUSH)
            uploads = [seen for seen in front.seen if sends_big(seen)]
    assert before.digest
    assert len(uploads) == 2
    assert uploads[0].path != uploads[1].path
    assert len([seen for seen in tokens.seen if "push" in seen.query]) == 2


def test_a_token_that_expires_again_and_again_is_given_up(source: Reference, tmp_path: Path, mirror: Mirror) -> None:
    rights = {PUSH.username: {"pull", "push"}}
    with registry_with_tokens(tmp_path / "t", {PUSH.username: PUSH.password}, rights) as (server, tokens):

        def expire(seen: Seen) -> Reply | None:
            scope = 'scope="repository:app:pull,push",error="invalid_token"'
            challenge = f'Bearer realm="http://{tokens.host}/token",service="test-registry",{scope}'
            return Reply(401, headers={"WWW-Authenticate": challenge}) if sends_big(seen) else None

        with FaultServer(expire, server.host) as front, pytest.raises(ChaosregError, match="CHR0403"):
            mirror.copy(source, Reference(front.host, "app", "1"), push=PUSH)
    assert len(front.seen) < 40
    assert len(tokens.seen) < 15


def test_a_token_server_s_clock_does_not_matter(source: Reference, tmp_path: Path, mirror: Mirror) -> None:
    rights = {PUSH.username: {"pull", "push"}}
    with registry_with_tokens(tmp_path / "t", {PUSH.username: PUSH.password}, rights) as (server, tokens):
        honest = tokens.script

        def in_another_century(seen: Seen) -> Reply:
            reply = honest(seen)
            assert isinstance(reply, Reply)
            return Reply(200, json.dumps({**json.loads(reply.body), "issued_at": "1970-01-01T00:00:00Z"}).encode())

        tokens.script = in_another_century
        mirror.copy(source, Reference(server.host, "app", "1"), push=PUSH)
    assert len(tokens.seen) == 2  # one to look, one to write


Rotate = Callable[[RegistryServer], None]


@pytest.fixture
def rotate() -> Rotate:
    """Take the old password away from a running registry; distribution reads its file again."""

    def rotate(server: RegistryServer) -> None:
        line = f"{NEW.username}:{bcrypt.hashpw(NEW.password.encode(), bcrypt.gensalt(5)).decode()}\n"
        (server.folder / "htpasswd").write_text(line)

    return rotate


def test_a_password_that_is_revoked_between_blobs_ends_the_copy_and_the_next_run_goes_on(
    source: Reference, tmp_path: Path, mirror: Mirror, rotate: Rotate
) -> None:
    with RegistryServer(tmp_path / "goal", logins={PUSH.username: PUSH.password}) as server:
        revoked: list[Seen] = []

        def revoke(seen: Seen) -> None:
            if sends_big(seen) and not revoked:
                revoked.append(seen)
                rotate(server)

        with FaultServer(revoke, server.host) as front:
            goal = Reference(front.host, "app", "1")
            with pytest.raises(ChaosregError, match=r"CHR0403.*the credentials of user `pusher` were sent") as caught:
                mirror.copy(source, goal, push=PUSH)
            assert len(front.seen) < 30
            assert traces_of(PUSH, str(caught.value)) == []
            assert whole_tags(server.host, "app", NEW) == {}

            copied = mirror.copy(source, goal, push=NEW)
        assert whole_tags(server.host, "app", NEW) == {"1": copied.digest}
        assert [request.user for request in server.requests()][-1] == NEW.username


def test_an_account_that_may_only_read_is_told_so_once(source: Reference, tmp_path: Path, mirror: Mirror) -> None:
    rights = {PUSH.username: {"pull"}}
    with registry_with_tokens(tmp_path / "t", {PUSH.username: PUSH.password}, rights) as (server, tokens):
        goal = Reference(server.host, "app", "1")
        with pytest.raises(ChaosregError, match=r"CHR0403.*the credentials of user `pusher` were sent"):
            mirror.copy(source, goal, push=PUSH)
        assert len(tokens.seen) < 12
        assert mirror.digest(goal, PUSH) is None
