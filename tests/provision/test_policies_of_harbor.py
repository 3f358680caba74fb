"""Policies over all that is made at Harbor, as rules: each is met by what we make, and catches a planted violation."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pulumi_chaosreg.clock import today
from pulumi_chaosreg.provision.protocol import (
    HarborSettings,
    ImageRepository,
    MadeCredential,
    OwnedRegistry,
    RepositorySettings,
)
from pulumi_chaosreg.provision.provision import provision
from pulumi_chaosreg.registries.kinds import registry_kind
from pulumi_chaosreg.scopes.made_by_owner import turns
from tests.support.mocked_program import run_program

pytestmark = pytest.mark.components

SERVER = "harbor.company.com"
_CURRENT, _FORMER = turns(today(), 90)
SETTINGS = RepositorySettings(
    create=True,
    login={"username": "admin", "password": "x"},
    harbor=HarborSettings(prevent_vulnerable="high", robots=("push", "delete")),
    made=tuple(
        MadeCredential(stack, turn.slot, turn.number, turn.ends, 90)
        for stack in ("dev", "prod")
        for turn in (_CURRENT, _FORMER)
    ),
)
Made = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def made() -> Made:
    registry = OwnedRegistry(SERVER, "chaos", registry_kind(SERVER, "harbor"), name="acme:h/chaos", owner="acme")
    images = [ImageRepository("chaos/chaos-ddcr", ("1.94.0", "latest"), ("latest",))]
    recorder = run_program(lambda: provision(registry, SETTINGS, images) and None)
    return {name: said for name, said in recorder.made.items() if name.startswith("chaosreg:")}


def of(made: Made, what: str) -> Iterator[dict[str, Any]]:
    yield from (said for name, said in made.items() if name.startswith(f"chaosreg:index:{what} "))


def projects_are_closed(made: Made) -> bool:
    return not any(said["public"] for said in of(made, "HarborProject"))


def images_are_scanned(made: Made) -> bool:
    return all(said["autoScan"] for said in of(made, "HarborProject"))


def vulnerable_images_are_not_given_out(made: Made) -> bool:
    return all(said["preventVulnerable"] in ("high", "medium", "low", "none") for said in of(made, "HarborProject"))


def all_tags_stay_but_those_that_are_named(made: Made) -> bool:
    rules = list(of(made, "HarborImmutableTagRule"))
    return bool(rules) and all(
        "sha256-*" in said["excludedTags"] and not {"*", "**"} & set(said["excludedTags"]) for said in rules
    )


def no_robot_lives_for_ever_or_longer_than_a_quarter(made: Made) -> bool:
    return all(
        "days" not in said and 0 < (date.fromisoformat(said["ends"]) - today()).days <= 90
        for said in of(made, "HarborRobot")
    )


def no_robot_administers(made: Made) -> bool:
    allowed = {"repository", "artifact", "tag"}
    return all(right.partition(":")[0] in allowed for said in of(made, "HarborRobot") for right in said["access"])


def who_pulls_only_pulls(made: Made) -> bool:
    robots = [said for said in of(made, "HarborRobot") if "pull-" in said["robot"]]
    return bool(robots) and all(said["access"] == ["repository:pull"] for said in robots)


def no_robot_both_pushes_and_deletes(made: Made) -> bool:
    return not any(
        "repository:push" in said["access"] and any(right.endswith(":delete") for right in said["access"])
        for said in of(made, "HarborRobot")
    )


def every_robot_has_a_name_of_its_own(made: Made) -> bool:
    names = [said["robot"] for said in of(made, "HarborRobot")]
    return len(set(names)) == len(names) == 6


def nothing_deletes_by_itself(made: Made) -> bool:
    """Harbor's retention takes what no rule keeps."""
    return not any("Retention" in name for name in made)


VIOLATIONS: dict[Callable[[Made], bool], tuple[str, dict[str, Any]]] = {
    projects_are_closed: ("HarborProject", {"public": True}),
    images_are_scanned: ("HarborProject", {"autoScan": False}),
    vulnerable_images_are_not_given_out: ("HarborProject", {"preventVulnerable": "off"}),
    all_tags_stay_but_those_that_are_named: ("HarborImmutableTagRule", {"excludedTags": ["**"]}),
    no_robot_lives_for_ever_or_longer_than_a_quarter: ("HarborRobot", {"days": -1}),
    no_robot_administers: ("HarborRobot", {"access": ["robot:create"]}),
    who_pulls_only_pulls: ("HarborRobot", {"access": ["repository:pull", "repository:push"]}),
    no_robot_both_pushes_and_deletes: ("HarborRobot", {"access": ["repository:push", "tag:delete"]}),
    every_robot_has_a_name_of_its_own: ("HarborRobot", {"robot": "pull"}),
    nothing_deletes_by_itself: ("HarborRetentionPolicy", {}),
}


@pytest.mark.parametrize("rule", VIOLATIONS, ids=lambda rule: rule.__name__)
def test_what_we_make_meets_every_rule(made: Made, rule: Callable[[Made], bool]) -> None:
    assert rule(made)


@pytest.mark.parametrize("rule", VIOLATIONS, ids=lambda rule: rule.__name__)
def test_a_planted_violation_is_found(made: Made, rule: Callable[[Made], bool]) -> None:
    what, wrong = VIOLATIONS[rule]
    planted = deepcopy(made)
    for said in of(planted, what):
        said |= wrong
    if not list(of(planted, what)):
        planted[f"chaosreg:index:{what} x"] = wrong
    assert not rule(planted)


def test_by_default_the_gate_is_open_since_it_holds_back_what_is_not_scanned_yet() -> None:
    assert replace(SETTINGS, harbor=HarborSettings()).harbor.prevent_vulnerable == "off"
