"""Policies over all that is made at Azure, as rules: each is met by what we make, and each catches a planted violation.

Where Checkov has the same rule, its id stands with ours. We do not follow by default: CKV_AZURE_139 (no public network;
`public_network: false` follows it), CKV_AZURE_167 (retention of untagged images, which deletes what may still run),
and those that cost: CKV_AZURE_165 (replicas), CKV_AZURE_233 (zones), CKV_AZURE_237 (data endpoints of their own).
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest

from pulumi_chaosreg.provision.acr_roles import ROLES
from pulumi_chaosreg.provision.protocol import (
    AzureSettings,
    ImageRepository,
    MadeCredential,
    OwnedRegistry,
    RepositorySettings,
)
from pulumi_chaosreg.provision.provision import provision
from pulumi_chaosreg.registries.kinds import registry_kind
from tests.support.mocked_program import run_program

pytestmark = [pytest.mark.components, pytest.mark.extra("acr")]

SERVER = "acmeprod.azurecr.io"
IDS = [f"66666666-7777-8888-9999-00000000000{number}" for number in range(3)]
AZURE = AzureSettings(
    "11111111-2222-3333-4444-555555555555",
    "chaos",
    "abac",
    principals=dict(zip(("pull", "push", "delete"), ((one,) for one in IDS), strict=True)),
    tokens=("pull", "push", "delete"),
    create_registry=True,
    location="westeurope",
    sku="Premium",
    allowed_ips=("203.0.113.0/24",),
)
MADE = (MadeCredential("", "a", 460, date(2027, 1, 17), 90), MadeCredential("", "b", 459, date(2026, 12, 3), 90))
VERBS = {  # what Azure's built-in roles may do to repositories (azure/role-based-access-control/built-in-roles)
    "AcrPull": {"read"},
    "AcrPush": {"read", "write"},
    "AcrDelete": {"delete"},
    "Container Registry Repository Reader": {"read"},
    "Container Registry Repository Writer": {"read", "write"},
    "Container Registry Repository Contributor": {"read", "write", "delete"},
}
Document = dict[str, Any]


@dataclass
class Made:
    """Everything, by what it is; `roles` by principal."""

    registries: list[Document]
    maps: dict[str, Document]
    tokens: dict[str, Document]
    roles: dict[str, Document]
    passwords: list[Document]
    secret: list[list[str]]


@pytest.fixture(scope="module", params=["abac", "rbac"])
def everything(request: pytest.FixtureRequest) -> Made:

    registry = OwnedRegistry(SERVER, "chaos", registry_kind(SERVER), name="acme:chaos", owner="acme")
    azure = replace(AZURE, permissions=request.param)
    settings = RepositorySettings(create=True, azure=azure, made=MADE)
    images = (ImageRepository("chaos/chaos-ddcr", ("1.94.0",)),)
    recorder = run_program(lambda: provision(registry, settings, images) and None)

    def of(type_: str) -> list[Document]:
        return [said for name, said in recorder.made.items() if name.startswith(f"{type_} ")]

    return Made(
        of("azure-native:containerregistry:Registry"),
        {said["scopeMapName"].rpartition("-")[2]: said for said in of("azure-native:containerregistry:ScopeMap")},
        {said["tokenName"].rpartition("-")[2]: said for said in of("azure-native:containerregistry:Token")},
        {f"{said['principalId']} {_role(said)}": said for said in of("azure-native:authorization:RoleAssignment")},
        of("chaosreg:index:AcrTokenPassword"),
        [
            list(one.additionalSecretOutputs)
            for name, one in recorder.options.items()
            if name.startswith("chaosreg:index:AcrTokenPassword")
        ],
    )


@pytest.fixture
def made(everything: Made) -> Made:
    """The same, to be spoilt."""
    return deepcopy(everything)


def _role(said: Document) -> str:
    ident = said["roleDefinitionId"].rpartition("/")[2]
    return next((name for name, known in ROLES.items() if known == ident), ident)


# --- the rules: what each finds is what is wrong


def nobody_is_the_admin_user(made: Made) -> Iterator[str]:
    """CKV_AZURE_137."""
    yield from ("admin user" for one in made.registries if one["adminUserEnabled"] is not False)


def nobody_pulls_without_a_login(made: Made) -> Iterator[str]:
    """CKV_AZURE_138."""
    yield from ("anonymous pull" for one in made.registries if one["anonymousPullEnabled"] is not False)


def rules_for_addresses_let_nobody_else_in(made: Made) -> Iterator[str]:
    for rules in (one["networkRuleSet"] for one in made.registries):
        if rules["defaultAction"] != "Deny":
            yield rules["defaultAction"]
        yield from (rule["iPAddressOrRange"] for rule in rules["ipRules"] if rule["iPAddressOrRange"].endswith("/0"))


def nothing_is_deleted_by_a_rule_that_nobody_asked_for(made: Made) -> Iterator[str]:
    """The opposite of CKV_AZURE_167."""
    yield from (one["policies"]["retentionPolicy"]["status"] for one in made.registries if _retains(one))


def _retains(registry: Document) -> bool:
    return bool(registry["policies"]["retentionPolicy"]["status"] != "disabled")


def tokens_are_for_our_path_alone(made: Made) -> Iterator[str]:
    for one in made.maps.values():
        yield from (action for action in one["actions"] if not action.startswith("repositories/chaos/*/"))


def tokens_may_do_the_least(made: Made) -> Iterator[str]:
    may = {
        "pull": {"content/read"},
        "made": {"content/read"},
        "push": {"content/read", "content/write", "metadata/read"},
        "delete": {"content/read", "content/delete", "metadata/read"},
    }
    for who, one in made.maps.items():
        yield from {action.removeprefix("repositories/chaos/*/") for action in one["actions"]} - may[who]


def a_token_has_no_password_in_the_state(made: Made) -> Iterator[str]:
    yield from (who for who, one in made.tokens.items() if "credentials" in one)
    yield from ("a plain password" for one in made.secret if "value" not in one)


def every_password_ends(made: Made) -> Iterator[str]:
    yield from (one["password"] for one in made.passwords if not re.match(r"\d{4}-\d\d-\d\dT", one.get("expires", "")))


def roles_are_known_and_small(made: Made) -> Iterator[str]:
    for one in made.roles.values():
        if _role(one) not in VERBS:
            yield _role(one)


def who_pulls_cannot_write(made: Made) -> Iterator[str]:
    for one in made.roles.values():
        if one["principalId"] == IDS[0]:
            yield from VERBS.get(_role(one), {"all"}) - {"read"}


def who_pushes_cannot_delete(made: Made) -> Iterator[str]:
    for one in made.roles.values():
        if one["principalId"] == IDS[1]:
            yield from VERBS.get(_role(one), {"all"}) - {"read", "write"}


def roles_are_on_the_registry_and_nothing_above(made: Made) -> Iterator[str]:
    yield from (one["scope"] for one in made.roles.values() if not one["scope"].endswith("/registries/acmeprod"))


def conditions_are_for_our_path_alone(made: Made) -> Iterator[str]:
    """A role of repositories without one is for all of them; without its last slash, for `chaos-other`, too."""
    for one in made.roles.values():
        text = one.get("condition") or ""
        if _role(one).startswith("Container Registry") and "StringStartsWithIgnoreCase 'chaos/')" not in text:
            yield text or "none"
        verbs = set(re.findall(r"repositories/(?:content|metadata)/(\w+)'", text))
        if text and verbs != VERBS[_role(one)]:
            yield f"what is left out of the condition is allowed everywhere: {VERBS[_role(one)] - verbs}"


def _role_of(made: Made, principal: str) -> Document:
    return next(one for one in made.roles.values() if one["principalId"] == principal)


def _become(made: Made, principal: str, role: str) -> None:
    one = _role_of(made, principal)
    one["roleDefinitionId"] = f"x/{ROLES.get(role, role)}"
    one.pop("condition", None)


# --- rule → (what is planted, what it must find)

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
Spoil = Callable[[Made], Any]
PLANTED: dict[Callable[[Made], Iterator[str]], list[tuple[Spoil, str]]] = {
    nobody_is_the_admin_user: [(lambda made: made.registries[0].update(adminUserEnabled=True), "admin user")],
    nobody_pulls_without_a_login: [
        (lambda made: made.registries[0].update(anonymousPullEnabled=True), "anonymous pull")
    ],
    rules_for_addresses_let_nobody_else_in: [
        (lambda made: made.registries[0]["networkRuleSet"].update(defaultAction="Allow"), "Allow"),
        (
            lambda made: made.registries[0]["networkRuleSet"]["ipRules"][0].update(iPAddressOrRange="0.0.0.0/0"),
            "0.0.0.0/0",
        ),
    ],
    nothing_is_deleted_by_a_rule_that_nobody_asked_for: [
        (lambda made: made.registries[0]["policies"]["retentionPolicy"].update(status="enabled"), "enabled")
    ],
    tokens_are_for_our_path_alone: [
        (
            lambda made: made.maps["push"]["actions"].append("repositories/*/content/write"),
            "repositories/*/content/write",
        )
    ],
    tokens_may_do_the_least: [
        (lambda made: made.maps["pull"]["actions"].append("repositories/chaos/*/metadata/read"), "metadata/read"),
        (lambda made: made.maps["push"]["actions"].append("repositories/chaos/*/content/delete"), "content/delete"),
        (lambda made: made.maps["made"]["actions"].append("repositories/chaos/*/content/write"), "content/write"),
    ],
    a_token_has_no_password_in_the_state: [
        (lambda made: made.tokens["pull"].update(credentials={"passwords": []}), "pull"),
        (lambda made: made.secret[0].clear(), "a plain password"),
    ],
    every_password_ends: [(lambda made: made.passwords[0].update(password="password1", expires=""), "password1")],
    roles_are_known_and_small: [(lambda made: _become(made, IDS[0], OWNER), OWNER)],
    who_pulls_cannot_write: [(lambda made: _become(made, IDS[0], "AcrPush"), "write")],
    who_pushes_cannot_delete: [
        (lambda made: _become(made, IDS[1], "Container Registry Repository Contributor"), "delete")
    ],
    roles_are_on_the_registry_and_nothing_above: [
        (lambda made: _role_of(made, IDS[0]).update(scope="/subscriptions/1"), "/subscriptions/1")
    ],
    conditions_are_for_our_path_alone: [
        (lambda made: _become(made, IDS[0], "Container Registry Repository Reader"), "none"),
    ],
}


def test_there_is_something_of_everything(made: Made) -> None:
    assert (len(made.registries), len(made.passwords), len(made.secret)) == (1, 2, 2)
    assert set(made.maps) == set(made.tokens) == {"pull", "push", "delete", "made"}
    assert {name.partition(" ")[0] for name in made.roles} == set(IDS)


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
    one = _role_of(made, IDS[2])
    if "condition" in one:
        one["condition"] = one["condition"].replace("content/delete'", "content/read'").replace("a/delete'", "a/read'")
        assert "what is left out of the condition is allowed everywhere: {'delete'}" in [
            *conditions_are_for_our_path_alone(made)
        ]
