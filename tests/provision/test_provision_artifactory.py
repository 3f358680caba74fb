"""What is made at JFrog Artifactory: one local repository that deletes no tag, and tokens that read nothing else."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pulumi
import pytest

from pulumi_chaosreg.provision import artifactory
from pulumi_chaosreg.provision.protocol import (
    ImageRepository,
    MadeCredential,
    OwnedRegistry,
    Provisioned,
    RepositorySettings,
)
from pulumi_chaosreg.provision.provision import provision
from pulumi_chaosreg.scopes.made_by_owner import SHORTEST
from tests.support.canary import PUSH
from tests.support.mocked_program import Recorder, run_program
from tests.support.owned_registry import owned_registry

pytestmark = pytest.mark.components

SERVER, ACCOUNT = "acme.jfrog.io", "docker-local/chaos"
IMAGES = (
    ImageRepository(f"{ACCOUNT}/chaos-ddcr", ("1.94.0",)),
    ImageRepository(f"{ACCOUNT}/chaos-go-runner", ("1.94.0",)),
)
TURNS = (
    MadeCredential("", "a", 14, date(2027, 3, 1), 90),
    MadeCredential("", "b", 13, date(2027, 1, 15), 90),
)
CREATE = RepositorySettings(create=True, login=PUSH.password)
PROVIDER = "pulumi:providers:artifactory"
REPOSITORY = "artifactory:index/dockerV2Repository:DockerV2Repository"
TOKEN = "artifactory:index/scopedToken:ScopedToken"
NAME = f"acme:{SERVER}/{ACCOUNT}"


def registry(server: str = SERVER, account: str = ACCOUNT, owner: str = "acme") -> OwnedRegistry:
    return replace(owned_registry(server, account, kind="artifactory"), owner=owner)


def made(settings: RepositorySettings = CREATE, server: str = SERVER, account: str = ACCOUNT) -> Recorder:
    return run_program(lambda: provision(registry(server, account), settings, IMAGES) and None)


def of(recorder: Recorder, type_: str) -> dict[str, dict[str, Any]]:
    """Name → inputs."""
    return {name.split()[1]: said for name, said in recorder.made.items() if name.startswith(type_)}


def test_all_images_share_one_repository_which_is_made_once() -> None:
    asked: list[Provisioned] = []

    def program() -> None:
        asked.append(provision(registry(), CREATE, IMAGES[:1]))
        asked.append(provision(registry(), CREATE, IMAGES[1:], before=asked[0]))

    recorder = run_program(program)
    kinds = [name.split()[0] for name in recorder.made if not name.startswith("pulumi:pulumi")]
    assert sorted(kinds) == [REPOSITORY, PROVIDER]
    first, second = asked
    assert first.repositories[IMAGES[0].path] is second.repositories[IMAGES[1].path]


def test_by_default_no_tag_is_deleted_and_xray_is_left_to_its_administrators() -> None:
    recorder = made()
    said = of(recorder, REPOSITORY)[NAME]
    assert (said["key"], said["maxUniqueTags"], said["blockPushingSchema1"]) == ("docker-local", 0, True)
    assert "xrayIndex" not in said
    options = recorder.options[f"{REPOSITORY} {NAME}"]
    assert list(options.ignoreChanges) == ["xrayIndex"]
    assert options.retainOnDelete
    assert not of(recorder, TOKEN)


@pytest.mark.parametrize("scan", [True, False])
def test_what_is_said_is_made_so(scan: bool) -> None:
    recorder = made(replace(CREATE, scan_on_push=scan, retain=False, protect=True))
    options = recorder.options[f"{REPOSITORY} {NAME}"]
    assert of(recorder, REPOSITORY)[NAME]["xrayIndex"] is scan
    assert list(options.ignoreChanges) == []
    assert options.protect
    assert not options.retainOnDelete


OF_USER = {"username": "admin", "password": PUSH.password}
AUTH = base64.b64encode(f"admin:{PUSH.password}".encode()).decode()


@pytest.mark.parametrize(
    "login",
    [
        PUSH.password,
        OF_USER,
        json.dumps(OF_USER),  # what `pulumi config set --path` leaves, as the engine gives it
        json.dumps({"password": PUSH.password}),
        {"auths": {SERVER: {"auth": AUTH}}},
        json.dumps({"auths": {SERVER: OF_USER}}),
    ],
    ids=["a token", "a user's password", "its text", "a password's text", "a docker config", "its text"],
)
def test_who_makes_it_is_the_login_that_was_given_and_a_secret(login: str | Mapping[str, str]) -> None:
    recorder = made(replace(CREATE, login=login))
    provider = recorder.options[f"{PROVIDER} {NAME}"].object
    assert provider["url"] == f"https://{SERVER}"
    token = provider["accessToken"]
    assert token["value"] == PUSH.password
    assert token[pulumi.runtime.rpc._special_sig_key] == pulumi.runtime.rpc._special_secret_sig
    others = {name: inputs for name, inputs in recorder.made.items() if not name.startswith(PROVIDER)}
    assert PUSH.password not in json.dumps(others)
    assert f"{PROVIDER}::{NAME}::" in recorder.options[f"{REPOSITORY} {NAME}"].provider


@pytest.mark.parametrize(
    "login",
    [json.dumps({"username": "admin", "pass": PUSH.password}), {"auths": {"other.example": {"auth": AUTH}}}, ""],
    ids=["no password", "a docker config of another server", "empty"],
)
def test_a_login_in_no_known_form_is_told_and_not_shown(login: str | Mapping[str, Any]) -> None:
    with pytest.raises(pulumi.RunError, match="CHR0506") as refused:
        made(replace(CREATE, login=login))
    assert PUSH.password not in str(refused.value)
    assert AUTH not in str(refused.value)


def test_the_host_or_the_port_may_stand_for_the_repository() -> None:
    recorder = made(replace(CREATE, repository_key="docker-local"), "docker-local.artifactory.company.com", "")
    (said,) = of(recorder, REPOSITORY).values()
    (provider,) = of(recorder, PROVIDER).values()
    assert (said["key"], provider["url"]) == ("docker-local", "https://artifactory.company.com")


@pytest.mark.parametrize(("server", "key"), [("docker.acme.com", "docker"), ("acme.jfrog.io", "acme")])
def test_no_token_goes_to_a_whole_domain(server: str, key: str) -> None:
    (provider,) = of(made(replace(CREATE, repository_key=key), server, ""), PROVIDER).values()
    assert provider["url"] == f"https://{server}"


def test_a_turn_s_token_may_only_read_the_repository_and_ends() -> None:
    recorder = made(replace(CREATE, made=TURNS))
    tokens = of(recorder, TOKEN)
    assert set(tokens) == {f"{NAME}/pull/a", f"{NAME}/pull/b"}
    for said in tokens.values():
        assert said["scopes"] == ["artifact:docker-local:r"]
        assert said["expiresIn"] == 90 * 86_400
        assert said["refreshable"] is False
        assert said["username"] == "chaos-pull.acme"
    assert tokens[f"{NAME}/pull/a"]["description"] == (
        f"pulumi-chaosreg: acme for all stacks pulls from {SERVER}/{ACCOUNT}, a14"
    )
    for name in tokens:  # a token that has ended cannot be revoked
        assert recorder.options[f"{TOKEN} {name}"].retainOnDelete


def test_another_turn_of_the_slot_is_another_token_and_the_other_slot_s_stays() -> None:
    before = of(made(replace(CREATE, made=TURNS)), TOKEN)
    turned = (TURNS[0], MadeCredential("", "b", 15, date(2027, 4, 15), 90))
    after = of(made(replace(CREATE, made=turned)), TOKEN)
    assert before[f"{NAME}/pull/a"] == after[f"{NAME}/pull/a"]
    assert before[f"{NAME}/pull/b"] != after[f"{NAME}/pull/b"]


def test_each_stack_can_have_its_own() -> None:
    one = MadeCredential("checkout-prod", "a", 14, date(2027, 3, 1), 2)
    found: dict[str, Any] = {}

    def program() -> None:
        result = provision(registry(), replace(CREATE, made=(one,)), IMAGES)
        login = result.logins["checkout-prod", "a"]
        found["user"] = login.username
        pulumi.Output.all(login.password.is_secret(), login.password).apply(lambda both: found.update(secret=both[0]))

    recorder = run_program(program)
    (name,) = of(recorder, TOKEN)
    assert name == f"{NAME}/pull/checkout-prod/a"
    assert found == {"user": "chaos-pull.acme.checkout-prod", "secret": True}


def test_the_shortest_life_is_above_the_threshold_below_which_jfrog_stores_no_token() -> None:
    (said,) = of(made(replace(CREATE, made=(TURNS[0]._replace(lifetime_days=SHORTEST),))), TOKEN).values()
    assert said["expiresIn"] >= 21_600  # revocable-expiry-threshold; the persistency threshold is 10 800


@pytest.mark.parametrize(
    ("immutable", "push"),
    [(None, "artifact:docker-local:r,w"), (True, "artifact:docker-local:r,w"), (False, "artifact:docker-local:r,w,d")],
)
def test_each_identity_has_the_least_scope_and_who_may_not_delete_cannot_move_a_tag(
    immutable: bool | None, push: str
) -> None:
    found: list[Provisioned] = []
    run_program(lambda: found.append(provision(registry(), replace(CREATE, immutable_tags=immutable), IMAGES)))
    (result,) = found
    assert result.pull.rights == ("artifact:docker-local:r",)
    assert result.push.rights == (push,)
    assert result.delete.rights == ("artifact:docker-local:r,d",)


def test_a_user_s_name_has_plain_letters_only() -> None:
    assert artifactory.user(registry(owner="payments/Check_out"), "prod.eu") == "chaos-pull.payments-check-out.prod-eu"
    assert len(artifactory.user(registry(owner="o" * 300), "")) == 255
