"""What the lab's registry of ECR decides, request by request, without a client and without bytes."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

import pytest
from moto.ecr.models import ecr_backends

from lab.aws.answers import Answer
from lab.aws.registry import EcrRegistry, Passed, Request, digest_of
from lab.aws.tokens import Tokens

ACCOUNT, REGION = "123456789012", "eu-west-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


class Asked:
    """A registry with one repository, and requests to it."""

    def __init__(self) -> None:
        self.tokens = Tokens()
        self.registry = EcrRegistry(self.tokens)
        self.name = f"t{secrets.token_hex(4)}/app"

    def repository(self, mutability: str = "IMMUTABLE", *filters: str) -> None:
        excluded: Any = [{"filter": pattern, "filterType": "WILDCARD"} for pattern in filters] or None
        ecr_backends[ACCOUNT][REGION].create_repository(self.name, None, {}, None, mutability, [], excluded)

    def ask(self, method: str, path: str, body: bytes = b"", *, password: str | None = None, query: str = "") -> Any:
        password = self.tokens.give(ACCOUNT)[0] if password is None else password
        login = base64.b64encode(f"AWS:{password}".encode()).decode()
        return self.registry.decide(Request(method, HOST, path, query, f"Basic {login}", "application/x", body))

    def push(self, tag: str, content: str, **more: Any) -> Answer | Passed:
        """A manifest that the registry behind takes, if it gets it."""
        body = json.dumps({"content": content, **more}).encode()
        decided = self.ask("PUT", f"/v2/{self.name}/manifests/{tag}", body)
        if isinstance(decided, Passed):
            assert decided.registers
            decided.registers.add(tag, digest_of(body), body.decode(), "application/x")
        return decided


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_nobody_comes_in_without_a_password_that_was_given_and_has_not_ended(asked: Asked) -> None:
    asked.repository()
    path = f"/v2/{asked.name}/tags/list"
    forged = asked.tokens.give(ACCOUNT)[0][:-1] + "!"
    for password in ("", "wrong", forged, Tokens().give(ACCOUNT)[0]):
        stranger = asked.ask("GET", path, password=password)
        assert stranger.status == 401
        assert stranger.headers["Www-Authenticate"].startswith(f'Basic realm="https://{HOST}/"')
    asked.tokens.seconds = -1
    assert b"token has expired" in asked.ask("GET", path).body
    asked.tokens.seconds = 20
    assert asked.ask("GET", path).status == 200
    assert asked.ask("GET", path, password=asked.tokens.give("111111111111")[0]).status == 403


def test_only_repositories_that_the_api_has_made_exist(asked: Asked) -> None:
    missing = asked.ask("POST", f"/v2/{asked.name}/blobs/uploads/")
    assert missing.status == 404
    assert json.loads(missing.body)["errors"][0]["code"] == "NAME_UNKNOWN"
    asked.repository()
    assert isinstance(asked.ask("POST", f"/v2/{asked.name}/blobs/uploads/"), Passed)


@pytest.mark.parametrize(
    ("mutability", "filters", "tag", "moves"),
    [
        ("MUTABLE", [], "1.0", True),
        ("IMMUTABLE", [], "1.0", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["main*"], "main-frozen", True),
        ("IMMUTABLE_WITH_EXCLUSION", ["main*"], "1.0", False),
        ("IMMUTABLE_WITH_EXCLUSION", ["*-rc"], "1.0-rc", True),
        ("IMMUTABLE_WITH_EXCLUSION", ["1.0"], "1x0", False),  # a point is a point
        ("MUTABLE_WITH_EXCLUSION", ["v*"], "v1", False),
        ("MUTABLE_WITH_EXCLUSION", ["v*"], "main", True),
    ],
)
def test_a_tag_moves_as_the_repository_says(
    asked: Asked, mutability: str, filters: list[str], tag: str, moves: bool
) -> None:
    asked.repository(mutability, *filters)
    assert isinstance(asked.push(tag, "one"), Passed)
    assert isinstance(asked.push(tag, "one"), Passed)  # the same image again is no move
    second = asked.push(tag, "two")
    assert isinstance(second, Passed) == moves
    if isinstance(second, Answer):
        assert second.status == 400
        assert json.loads(second.body)["errors"][0]["code"] == "TAG_INVALID"


def test_images_are_those_that_the_api_knows_whoever_removed_one(asked: Asked) -> None:
    asked.repository()
    path = f"/v2/{asked.name}"
    for tag in ("one", "two"):
        asked.push(tag, "same")
    assert json.loads(asked.ask("GET", f"{path}/tags/list").body)["tags"] == ["one", "two"]
    assert json.loads(asked.ask("GET", f"{path}/tags/list", query="n=1&last=one").body)["tags"] == ["two"]

    ecr_backends[ACCOUNT][REGION].batch_delete_image(asked.name, image_ids=[{"imageTag": "one"}])

    assert asked.ask("GET", f"{path}/manifests/one").status == 404
    found = asked.ask("GET", f"{path}/manifests/two")
    assert found.path.startswith(f"/v2/a{ACCOUNT}/{REGION}/{asked.name}/manifests/sha256:")
    digest = found.path.rpartition("/")[2]
    assert asked.ask("DELETE", f"{path}/manifests/two").status == 405
    assert asked.ask("DELETE", f"{path}/manifests/{digest}").status == 202
    assert asked.ask("GET", f"{path}/manifests/{digest}").status == 404


def test_blobs_are_not_mounted_from_other_repositories(asked: Asked) -> None:
    asked.repository()
    query = "mount=sha256:abc&from=other"
    assert "mount" not in asked.ask("POST", f"/v2/{asked.name}/blobs/uploads/", query=query).path


def test_a_signature_is_found_by_what_it_signs(asked: Asked) -> None:
    asked.repository()
    subject = {"digest": "sha256:" + "a" * 64}
    asked.push("sha256:" + "b" * 64, "signature", subject=subject, artifactType="application/x.signature")
    found = json.loads(asked.ask("GET", f"/v2/{asked.name}/referrers/{subject['digest']}").body)["manifests"]
    assert [each["artifactType"] for each in found] == ["application/x.signature"]
