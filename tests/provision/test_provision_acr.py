"""What is made at Azure Container Registry: rights for one path, least ones, and a closed registry if somebody asks."""

import re
import uuid
from dataclasses import replace
from datetime import date
from typing import Any

import pulumi
import pytest

from pulumi_chaosreg.provision import acr
from pulumi_chaosreg.provision.acr_roles import ROLES
from pulumi_chaosreg.provision.protocol import (
    AzureSettings,
    ImageRepository,
    MadeCredential,
    OwnedRegistry,
    Provisioned,
    RepositorySettings,
)
from pulumi_chaosreg.provision.provision import provision
from tests.support.mocked_program import Recorder, run_program
from tests.support.owned_registry import owned_registry

pytestmark = [pytest.mark.components, pytest.mark.extra("acr")]

SERVER = "acmeprod.azurecr.io"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
NODES, CI = "66666666-7777-8888-9999-000000000000", "66666666-7777-8888-9999-00000000000A"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/chaos/providers/Microsoft.ContainerRegistry/registries/acmeprod"
IMAGES = (ImageRepository("chaos/chaos-ddcr", ("1.94.0",)), ImageRepository("chaos/chaos-go-runner", ("1.94.0",)))
AZURE = AzureSettings(SUBSCRIPTION, "chaos", "rbac")
CREATE = RepositorySettings(create=True, azure=AZURE)
REGISTRY, MAP, TOKEN = (f"azure-native:containerregistry:{name}" for name in ("Registry", "ScopeMap", "Token"))
ROLE = "azure-native:authorization:RoleAssignment"


def registry(account: str = "chaos", server: str = SERVER) -> OwnedRegistry:
    return owned_registry(server, account)


def made(settings: RepositorySettings, account: str = "chaos") -> Recorder:
    return run_program(lambda: provision(registry(account), settings, IMAGES) and None)


def asking(**said: Any) -> RepositorySettings:
    return replace(CREATE, azure=replace(AZURE, **said))


def of(recorder: Recorder, type_: str) -> list[dict[str, Any]]:
    return [said for name, said in recorder.made.items() if name.startswith(f"{type_} ")]


def test_what_exists_is_not_touched_and_nothing_is_made_that_nobody_asks_for() -> None:
    asked: list[Provisioned] = []
    recorder = run_program(lambda: asked.append(provision(registry(), CREATE, IMAGES)))
    assert [name for name in recorder.made if not name.startswith("pulumi:")] == []
    assert asked[0].repositories == {}
    assert asked[0].must_exist == ("registry `acmeprod` in `chaos`",)
    assert asked[0].node_identity == {"role": "AcrPull", "scope": ID}


def test_a_new_registry_is_closed_and_stays() -> None:
    recorder = made(asking(create_registry=True, location="westeurope"))
    (said,) = of(recorder, REGISTRY)
    assert (said["registryName"], said["resourceGroupName"], said["location"]) == ("acmeprod", "chaos", "westeurope")
    assert said["sku"] == {"name": "Standard"}
    assert (said["adminUserEnabled"], said["anonymousPullEnabled"]) == (False, False)
    assert "policies" not in said
    (options,) = (options for name, options in recorder.options.items() if name.startswith(REGISTRY))
    assert options.retainOnDelete
    assert options.ignoreChanges == ["location"]


def test_what_is_said_is_made_so() -> None:
    azure = replace(
        AZURE,
        create_registry=True,
        location="westeurope",
        sku="Premium",
        public_network=False,
        allowed_ips=("203.0.113.0/24",),
    )
    settings = replace(CREATE, azure=azure, tags={"team": "chaos"}, retain=False, protect=True)
    recorder = made(settings)
    (said,) = of(recorder, REGISTRY)
    assert said["publicNetworkAccess"] == "Disabled"
    assert said["networkRuleSet"] == {
        "defaultAction": "Deny",
        "ipRules": [{"action": "Allow", "iPAddressOrRange": "203.0.113.0/24"}],
    }
    assert said["tags"] == {"team": "chaos"}
    assert said["policies"] == {"retentionPolicy": {"status": "disabled"}}
    assert acr.retention(replace(settings, expire_untagged_after_days=30)) == {"status": "enabled", "days": 30}
    (options,) = (options for name, options in recorder.options.items() if name.startswith(REGISTRY))
    assert options.protect
    assert not options.retainOnDelete


def test_each_token_has_its_actions_below_the_path_alone() -> None:
    recorder = made(asking(tokens=("pull", "push", "delete")))
    actions = {said["scopeMapName"]: said["actions"] for said in of(recorder, MAP)}
    assert actions == {
        "chaosreg-chaos-pull": ["repositories/chaos/*/content/read"],
        "chaosreg-chaos-push": [
            "repositories/chaos/*/content/read",
            "repositories/chaos/*/content/write",
            "repositories/chaos/*/metadata/read",
        ],
        "chaosreg-chaos-delete": [
            "repositories/chaos/*/content/delete",
            "repositories/chaos/*/content/read",
            "repositories/chaos/*/metadata/read",
        ],
    }
    assert {said["tokenName"] for said in of(recorder, TOKEN)} == set(actions)
    assert all("credentials" not in said and said["status"] == "enabled" for said in of(recorder, TOKEN))


def test_made_logins_are_tokens_of_their_own_with_two_passwords_each() -> None:
    made_ = tuple(
        MadeCredential(stack, slot, turn, date(2027, 1, day), 90)
        for stack in ("acme", "prod-eu")
        for slot, turn, day in (("a", 460, 17), ("b", 459, 2))
    )
    asked: list[Provisioned] = []
    settings = replace(asking(tokens=("pull",)), made=made_)
    recorder = run_program(lambda: asked.append(provision(registry(), settings, IMAGES)))
    names = {said["tokenName"]: said["scopeMapId"] for said in of(recorder, TOKEN)}
    assert set(names) == {
        "chaosreg-chaos-pull",
        "chaosreg-chaos-acme-made-1903a43b",
        "chaosreg-chaos-prod-eu-made-9e8907d5",
    }
    passwords = of(recorder, "chaosreg:index:AcrTokenPassword")
    assert {(one["token"], one["password"], one["turn"], one["expires"]) for one in passwords} == {
        (acr.token_name(registry(), acr.MADE, stack), password, turn, f"2027-01-{day}T00:00:00Z")
        for stack in ("acme", "prod-eu")
        for password, turn, day in (("password1", "460", 17), ("password2", "459", "02"))
    }
    assert {one["registryId"] for one in passwords} == {ID}
    assert set(asked[0].logins) == {(stack, slot) for stack in ("acme", "prod-eu") for slot in "ab"}
    secret = {name: one for name, one in recorder.options.items() if name.startswith("chaosreg:index:Acr")}
    assert all(list(one.additionalSecretOutputs) == ["value"] and one.deletedWith for one in secret.values())


@pytest.mark.parametrize(
    ("server", "environment", "endpoint"),
    [
        (SERVER, "public", None),
        ("acmeprod.azurecr.cn", "china", "https://management.chinacloudapi.cn"),
        ("acmeprod.azurecr.us", "usgovernment", "https://management.usgovcloudapi.net"),
    ],
)
def test_each_cloud_of_azure_is_asked_by_its_own_name(server: str, environment: str, endpoint: str | None) -> None:
    settings = replace(CREATE, made=(MadeCredential("", "a", 460, date(2027, 1, 17), 90),))
    recorder = run_program(lambda: provision(registry(server=server), settings, IMAGES) and None)
    (provider,) = of(recorder, "pulumi:providers:azure-native")
    assert (provider["subscriptionId"], provider["environment"]) == (SUBSCRIPTION, environment)
    (password,) = of(recorder, "chaosreg:index:AcrTokenPassword")
    assert password.get("endpoint") == endpoint


def test_more_images_make_nothing_more() -> None:
    settings = asking(tokens=("pull",), principals={"pull": (NODES,)}, create_registry=True, location="westeurope")
    asked: list[Provisioned] = []

    def program() -> None:
        asked.append(provision(registry(), settings, IMAGES[:1]))
        asked.append(provision(registry(), settings, IMAGES[1:], before=asked[0]))

    recorder = run_program(program)
    assert [len(of(recorder, type_)) for type_ in (REGISTRY, MAP, TOKEN, ROLE)] == [1, 1, 1, 1]
    assert asked[0].repositories[IMAGES[0].path] is asked[1].repositories[IMAGES[1].path]


def test_in_rbac_mode_each_principal_gets_a_role_once() -> None:
    principals = {"pull": (NODES, f"group:{CI}"), "push": (CI,), "delete": (CI, NODES)}
    given = {
        (said["principalId"], said["principalType"], said["roleDefinitionId"].rpartition("/")[2], said["scope"])
        for said in of(made(asking(principals=principals)), ROLE)
    }
    assert given == {
        (NODES, "ServicePrincipal", ROLES["AcrPull"], ID),
        (CI.lower(), "ServicePrincipal", ROLES["AcrPush"], ID),
        (CI.lower(), "ServicePrincipal", ROLES["AcrDelete"], ID),
        (NODES, "ServicePrincipal", ROLES["AcrDelete"], ID),
        (CI.lower(), "Group", ROLES["AcrPull"], ID),
    }


def test_in_abac_mode_roles_count_below_the_path_alone() -> None:
    (said,) = of(made(asking(permissions="abac", principals={"pull": (NODES,)})), ROLE)
    assert said["roleDefinitionId"].endswith(ROLES["Container Registry Repository Reader"])
    assert said["conditionVersion"] == "2.0"
    # as learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions writes it
    assert said["condition"] == (
        "((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND "
        "!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})) OR "
        "(@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWithIgnoreCase 'chaos/'))"
    )


def test_an_assignment_has_the_same_name_in_every_run_and_no_other_one_has_it() -> None:
    found = of(made(asking(principals={"pull": (NODES, CI), "push": (NODES,)})), ROLE)
    names = {said["roleAssignmentName"] for said in found}
    again = of(made(asking(principals={"pull": (NODES, CI), "push": (NODES,)})), ROLE)
    assert names == {said["roleAssignmentName"] for said in again}
    assert len(names) == 3
    assert {uuid.UUID(name).version for name in names} == {5}


@pytest.mark.parametrize(
    ("account", "who", "stack", "expected"),
    [
        ("chaos", "pull", "", "chaosreg-chaos-pull"),
        ("chaos", "pull", "prod-eu", "chaosreg-chaos-prod-eu-pull-[0-9a-f]{8}"),
        ("platform/chaos", "pull", "", r"chaosreg-platform-chaos-pull-[0-9a-f]{8}"),
        ("platform-chaos", "pull", "", "chaosreg-platform-chaos-pull"),
        ("a" * 60, "delete", "checkout.prod", r"chaosreg-a{25}-delete-[0-9a-f]{8}"),
    ],
)
def test_names_of_tokens_are_what_azure_takes_and_differ(account: str, who: str, stack: str, expected: str) -> None:
    name = acr.token_name(registry(account), who, stack)
    assert re.fullmatch(expected, name)
    assert re.fullmatch("[a-zA-Z0-9_-]{5,50}", name)


def test_a_path_and_a_stack_with_the_same_words_have_two_tokens() -> None:
    asked = [
        ("chaos", acr.MADE, "pull"),
        ("chaos-made", "pull", ""),
        ("chaos", acr.MADE, ""),
        ("chaos-pull", acr.MADE, ""),
    ]
    assert len({acr.token_name(registry(account), who, stack).lower() for account, who, stack in asked}) == 4


@pytest.mark.parametrize(
    ("server", "name"),
    [("acmeprod.azurecr.io", "acmeprod"), ("acmeprod-d1g3st.azurecr.cn", "acmeprod"), ("a1b2c.azurecr.us", "a1b2c")],
)
def test_a_host_names_its_registry(server: str, name: str) -> None:
    assert acr.registry_name(registry(server=server)) == name


def test_a_registry_that_is_somewhere_else_is_refused_as_it_never_moves() -> None:
    settings = asking(create_registry=True, location="westeurope")
    with pytest.raises(pulumi.RunError, match="CHR0473"):
        acr._compare_locations(registry(), settings, "North Europe")
    acr._compare_locations(registry(), settings, "West Europe")
    acr._compare_locations(registry(), settings, None)


@pytest.mark.parametrize("retain", [True, False])
def test_who_pulls_outlives_a_stack_that_keeps_its_images_and_nobody_else(retain: bool) -> None:
    azure = replace(
        AZURE,
        tokens=("pull", "push"),
        principals={"pull": (NODES,), "push": (CI,)},
        create_registry=True,
        location="westeurope",
    )
    settings = replace(CREATE, azure=azure, retain=retain)

    def program() -> None:
        parent = pulumi.ComponentResource("test:Parent", "parent")
        provision(registry(), settings, IMAGES, parent=parent)

    options = run_program(program).options
    kept = f"acme:{SERVER}/chaos"
    pulls = {f"{MAP} {kept}/pull", f"{TOKEN} {kept}/pull", f"{ROLE} {kept}/AcrPull/{NODES}"}
    stays = {name for name, one in options.items() if one.deletedWith.endswith("test:Parent::parent")}
    assert stays == (pulls if retain else set())
    # what goes with its registry need not be deleted one by one; beside one that stays it must be
    goes = {name for name, one in options.items() if f"{REGISTRY}::" in one.deletedWith}
    pushes = {f"{MAP} {kept}/push", f"{TOKEN} {kept}/push", f"{ROLE} {kept}/AcrPush/{CI.lower()}"}
    assert goes == (set() if retain else pulls | pushes)
