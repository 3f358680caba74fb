"""What is made at Harbor: one project, closed, whose tags stay, and a robot for each who needs one."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pulumi_chaosreg.clock import today
from pulumi_chaosreg.harbor.robots import NAME as NAME_OF_ROBOTS
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.provision import harbor
from pulumi_chaosreg.provision.protocol import (
    HarborSettings,
    ImageRepository,
    MadeCredential,
    OwnedRegistry,
    Provisioned,
    RepositorySettings,
)
from pulumi_chaosreg.provision.provision import provision
from pulumi_chaosreg.scopes.made_by_owner import turns
from tests.support.mocked_program import Recorder, run_program
from tests.support.owned_registry import owned_registry

pytestmark = pytest.mark.components

SERVER, ACCOUNT = "harbor.company.com", "chaos/mirror"
IMAGES = (
    ImageRepository(f"{ACCOUNT}/chaos-ddcr", ("1.94.0",)),
    ImageRepository(f"{ACCOUNT}/chaos-go-runner", ("1.94.0",)),
)
LOGIN = {"username": "admin", "password": "canary-of-harbor"}
CREATE = RepositorySettings(create=True, login=LOGIN)
PROJECT, ROBOT, RULE = (f"chaosreg:index:Harbor{what}" for what in ("Project", "Robot", "ImmutableTagRule"))
NAME = f"acme:{SERVER}/{ACCOUNT}"


def registry(account: str = ACCOUNT) -> OwnedRegistry:
    return owned_registry(SERVER, account, kind="harbor")


def made(settings: RepositorySettings = CREATE, account: str = ACCOUNT) -> Recorder:
    return run_program(lambda: provision(registry(account), settings, IMAGES) and None)


def test_all_images_share_one_project_which_is_made_once() -> None:
    asked: list[Provisioned] = []

    def program() -> None:
        asked.append(provision(registry(), CREATE, IMAGES[:1]))
        asked.append(provision(registry(), CREATE, IMAGES[1:], before=asked[0]))

    recorder = run_program(program)
    names = [name.split()[0] for name in recorder.made if not name.startswith("pulumi:")]
    assert sorted(names) == [RULE, PROJECT, ROBOT]
    first, second = asked
    assert first.repositories[IMAGES[0].path] is second.repositories[IMAGES[1].path]
    assert first.push.username is second.push.username


def test_by_default_it_is_closed_scanned_kept_and_its_tags_stay() -> None:
    recorder = made()
    said = recorder.made[f"{PROJECT} {NAME}"]
    assert (said["server"], said["project"]) == (SERVER, "chaos")
    assert (said["public"], said["autoScan"], said["preventVulnerable"]) == (False, True, "off")
    assert not {"quota", "adopt"} & set(said)
    assert recorder.options[f"{PROJECT} {NAME}"].retainOnDelete
    rule = recorder.made[f"{RULE} {NAME}"]
    assert rule["repositories"] == "mirror/**"
    assert rule["excludedTags"] == sorted([*load_catalogue().floating_tags, "sha256-*"])
    assert "tags" not in rule
    assert made(account="chaos").made[f"{RULE} acme:{SERVER}/chaos"]["repositories"] == "**"


def test_the_robot_that_pushes_may_do_just_that_and_ends() -> None:
    recorder = made()
    said = recorder.made[f"{ROBOT} {NAME}/push"]
    turn, _ = turns(today(), 30)
    assert said["access"] == ["repository:pull", "repository:push", "artifact:read"]
    assert (said["project"], said["robot"]) == ("chaos", f"mirror-push-{turn.number}")
    assert said["ends"] == turn.ends.isoformat()
    assert not recorder.options[f"{ROBOT} {NAME}/push"].retainOnDelete
    assert f"{ROBOT} {NAME}/delete" not in recorder.made


def test_what_is_said_is_made_so() -> None:
    said = HarborSettings(True, 5 << 30, "high", True, 10, ("push", "delete"))
    recorder = made(replace(CREATE, harbor=said, scan_on_push=True, immutable_tags=False, retain=False, protect=True))
    project: dict[str, Any] = recorder.made[f"{PROJECT} {NAME}"]
    assert (project["public"], project["preventVulnerable"], project["quota"]) == (True, "high", 5 << 30)
    assert project["adopt"] is True
    assert recorder.options[f"{PROJECT} {NAME}"].protect
    assert not recorder.options[f"{PROJECT} {NAME}"].retainOnDelete
    assert not any(name.startswith(RULE) for name in recorder.made)
    deletes = recorder.made[f"{ROBOT} {NAME}/delete"]["access"]
    assert {"artifact:delete", "tag:delete"} <= set(deletes)
    assert "repository:push" not in deletes


def test_there_is_a_robot_for_each_pull_credential_of_two_turns() -> None:
    made_for = tuple(
        MadeCredential(stack, slot, turn, date(2027, 1, 1), 90)
        for stack in ("", "checkout-prod")
        for slot, turn in (("a", 462), ("b", 461))
    )
    logins: dict[Any, Any] = {}

    def program() -> None:
        logins.update(provision(registry(), replace(CREATE, made=made_for), IMAGES).logins)

    recorder = run_program(program)
    robots = {name.removeprefix(f"{ROBOT} {NAME}/"): said for name, said in recorder.made.items() if ROBOT in name}
    assert {name: said["robot"] for name, said in robots.items() if name != "push"} == {
        "pull/a": "mirror-pull-a-462",
        "pull/b": "mirror-pull-b-461",
        "pull/checkout-prod/a": "mirror-pull-checkout-prod-a-462",
        "pull/checkout-prod/b": "mirror-pull-checkout-prod-b-461",
    }
    assert robots["pull/a"]["access"] == ["repository:pull"]
    assert robots["pull/a"]["ends"] == "2027-01-01"
    assert set(logins) == {("", "a"), ("", "b"), ("checkout-prod", "a"), ("checkout-prod", "b")}


def test_who_pulls_needs_no_image_first() -> None:
    def program() -> None:
        provision(registry(), CREATE, IMAGES, before=provision(registry(), CREATE, []))

    recorder = run_program(program)
    assert len([name for name in recorder.made if name.startswith(PROJECT)]) == 1


@pytest.mark.parametrize(
    ("account", "name"),
    [("chaos", "push-1"), ("chaos/a/b", "a-b-push-1"), ("chaos/a__b", "a-b-push-1-")],
)
def test_two_owners_in_one_project_have_robots_of_their_own(account: str, name: str) -> None:
    said = harbor.robot_name(registry(account), "push", "1")
    assert said == name or (name[-1] == "-" and said.startswith(name))
    assert NAME_OF_ROBOTS.fullmatch(said)


def test_the_login_is_a_secret_and_in_nothing_else() -> None:
    recorder = made()
    for name, said in recorder.made.items():
        if name.startswith("chaosreg:"):
            assert LOGIN["password"] not in str({key: value for key, value in said.items() if key != "login"})
            assert said["login"]["value"] == LOGIN, "wrapped as a secret"
