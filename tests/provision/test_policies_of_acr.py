"""Policies over what only Azure has, in both modes of role assignment: roles, their conditions, tokens of one path. The
rules that every kind has are in test_policies_of_kinds.py.
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.policies import acr
from tests.support.policies.acr import IDS, ROLES, VERBS, role_of
from tests.support.policies.rules import RULES, Rule

pytestmark = [pytest.mark.components, pytest.mark.extra("acr")]

Document = dict[str, Any]


@dataclass
class Made:
    """What only Azure has."""

    registries: list[Document]
    maps: dict[str, Document]
    roles: list[Document]


@pytest.fixture(scope="module", params=["abac", "rbac"])
def everything(request: pytest.FixtureRequest) -> Made:
    made = acr.made(request.param)
    maps = {name.rpartition("/")[2]: said for name, said in made.of(acr.MAP).items()}
    return Made(list(made.of(acr.REGISTRY).values()), maps, list(made.of(acr.ROLE).values()))


@pytest.fixture
def made(everything: Made) -> Made:
    """The same, to be spoilt."""
    return deepcopy(everything)


# --- the rules: what each finds is what is wrong


def rules_for_addresses_let_nobody_else_in(made: Made) -> Iterator[str]:
    for rules in (one["networkRuleSet"] for one in made.registries):
        if rules["defaultAction"] != "Deny":
            yield rules["defaultAction"]
        yield from (rule["iPAddressOrRange"] for rule in rules["ipRules"] if rule["iPAddressOrRange"].endswith("/0"))


def tokens_may_do_the_least(made: Made) -> Iterator[str]:
    may = {
        "pull": {"content/read"},
        "made": {"content/read"},
        "push": {"content/read", "content/write", "metadata/read"},
        "delete": {"content/read", "content/delete", "metadata/read"},
    }
    for who, one in made.maps.items():
        yield from {action.removeprefix("repositories/chaos/*/") for action in one["actions"]} - may[who]


def conditions_are_for_our_path_alone(made: Made) -> Iterator[str]:
    """A role of repositories without one is for all of them; without its last slash, for `chaos-other`, too."""
    for one in made.roles:
        text = one.get("condition") or ""
        if role_of(one).startswith("Container Registry") and "StringStartsWithIgnoreCase 'chaos/')" not in text:
            yield text or "none"
        verbs = set(re.findall(r"repositories/(?:content|metadata)/(\w+)'", text))
        if text and verbs != VERBS[role_of(one)]:
            yield f"what is left out of the condition is allowed everywhere: {VERBS[role_of(one)] - verbs}"


def _role_of(made: Made, principal: str) -> Document:
    return next(one for one in made.roles if one["principalId"] == principal)


def _become(made: Made, principal: str, role: str) -> None:
    one = _role_of(made, principal)
    one["roleDefinitionId"] = f"x/{ROLES.get(role, role)}"
    one.pop("condition", None)


# --- rule → (what is planted, what it must find)

Spoil = Callable[[Made], Any]
PLANTED: dict[Callable[[Made], Iterator[str]], list[tuple[Spoil, str]]] = {
    rules_for_addresses_let_nobody_else_in: [
        (lambda made: made.registries[0]["networkRuleSet"].update(defaultAction="Allow"), "Allow"),
        (
            lambda made: made.registries[0]["networkRuleSet"]["ipRules"][0].update(iPAddressOrRange="0.0.0.0/0"),
            "0.0.0.0/0",
        ),
    ],
    tokens_may_do_the_least: [
        (lambda made: made.maps["pull"]["actions"].append("repositories/chaos/*/metadata/read"), "metadata/read"),
        (lambda made: made.maps["push"]["actions"].append("repositories/chaos/*/content/delete"), "content/delete"),
        (lambda made: made.maps["made"]["actions"].append("repositories/chaos/*/content/write"), "content/write"),
    ],
    conditions_are_for_our_path_alone: [
        (lambda made: _become(made, IDS["pull"], "Container Registry Repository Reader"), "none"),
    ],
}


def test_there_is_something_of_everything(made: Made) -> None:
    assert len(made.registries) == 1
    assert set(made.maps) == {"pull", "push", "delete", "made"}
    assert {one["principalId"] for one in made.roles} == set(IDS.values())


@pytest.mark.parametrize("rule", PLANTED, ids=lambda rule: rule.__name__)
def test_what_we_make_keeps_the_rule(rule: Callable[[Made], Iterator[str]], made: Made) -> None:
    assert list(rule(made)) == []


@pytest.mark.parametrize(
    ("rule", "spoil", "found"),
    [(rule, *planted) for rule, every in PLANTED.items() for planted in every],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_planted_violation_is_found(
    rule: Callable[[Made], Iterator[str]], spoil: Spoil, found: str, made: Made
) -> None:
    spoil(made)
    assert found in list(rule(made))


def test_a_condition_that_leaves_a_verb_out_is_found(made: Made) -> None:
    one = _role_of(made, IDS["delete"])
    if "condition" in one:
        one["condition"] = one["condition"].replace("content/delete'", "content/read'").replace("a/delete'", "a/read'")
        assert "what is left out of the condition is allowed everywhere: {'delete'}" in [
            *conditions_are_for_our_path_alone(made)
        ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_roles_on_the_whole_registry_keep_the_rules_of_every_kind(rule: Rule) -> None:
    assert list(rule(acr.whole(acr.made("rbac")))) == []
