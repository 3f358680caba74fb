"""Levels that a Python program publishes in Harness: which records, after what, and never the key."""

from typing import Any

import pulumi
import pytest

import pulumi_chaosreg as chaosreg
from tests.components.test_components_without_stack_files import REGISTRY
from tests.support.mocked_program import Recorder

pytestmark = pytest.mark.components

RECORD = "chaosreg:index:HarnessImageRegistry"
KEY = "pat.canary-of-a-program"
SAID: chaosreg.HarnessArgs = {"publish": True, "account_id": "acc", "login": "key"}
HERE: chaosreg.HarnessArgs = {"publish": True}


def company(
    account: chaosreg.HarnessArgs = SAID, credentials: tuple[str, ...] = ("key", "harbor"), **settings: Any
) -> Any:
    acme = chaosreg.Account(
        "acme",
        **settings,
        image_registry=REGISTRY,
        images={"release": "1.94.4"},
        pull_secret={"name": "chaos-pull"},
        allow_overrides=True,
        harness=account,
        credentials={name: pulumi.Output.secret(KEY) for name in credentials},
    )
    payments = chaosreg.Organization("payments", account=acme)
    checkout = chaosreg.Project("checkout", organization=payments, harness=HERE)
    return chaosreg.Infrastructure(
        "prod", project=checkout, cluster=chaosreg.Cluster(context="prod"), environment="live", harness=HERE
    )


def test_each_published_level_is_a_record_after_the_one_above_it_and_what_pods_need(run: Any) -> None:
    done = run(lambda: company() and None)
    records = {name.partition(" ")[2]: inputs for name, inputs in done.made.items() if name.startswith(RECORD)}
    assert {name: one.get("infrastructure") or one.get("project") for name, one in records.items()} == {
        "acme": None,
        "payments/checkout": "checkout",
        "payments/checkout/prod": "live/prod",
    }
    after = {
        name: [urn.rpartition("$")[2] for urn in done.options[f"{RECORD} {name}"].dependencies] for name in records
    }
    assert after["payments/checkout"] == ["chaosreg:index:HarnessImageRegistry::acme"]
    assert set(after["payments/checkout/prod"]) == {
        "chaosreg:index:HarnessImageRegistry::payments/checkout",
        "kubernetes:core/v1:ConfigMap::payments/checkout/prod",
    }
    assert KEY not in str({key: value for key, value in records["acme"].items() if key != "apiKey"})
    assert records["acme"]["apiKey"].keys() >= {"value"}, "the key is not marked as secret"


def test_the_account_s_record_waits_for_the_images_that_infrastructures_ask_for_after_it(run: Any) -> None:
    done = run(lambda: company(mirror={"source": "docker.io/harness"}) and None)
    copies = {
        f"harbor.company.com/chaos/{name}:1.94.0" for name in ("chaos-ddcr", "chaos-ddcr-faults", "chaos-log-watcher")
    }
    named = {
        value for key, value in done.made[f"{RECORD} acme"].items() if str(value).startswith("harbor.company.com/")
    }
    assert named == copies
    for name in ("acme", "payments/checkout", "payments/checkout/prod"):
        after = {urn.rpartition("::")[2] for urn in done.options[f"{RECORD} {name}"].dependencies}
        assert copies <= after


EU = {"org_id": "payments", "project_id": "checkout"}
THEIRS = [{"registry_server": "theirs.example"}]
INFRASTRUCTURE = ("harness:chaos/infrastructureV2:InfrastructureV2", "its `image_registries`")
LEVEL = ("harness:chaos/imageRegistry:ImageRegistry", "its `registry_server`")
OF_EU = {**EU, "environment_id": "live", "infra_id": "prod", "image_registries": THEIRS}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (INFRASTRUCTURE, OF_EU),
        (INFRASTRUCTURE, {**OF_EU, "project_id": pulumi.Output.from_input("checkout")}),
        (LEVEL, {**EU, "infra_id": "live/prod", "registry_server": "theirs.example"}),
        (LEVEL, {**EU, "infra_id": "prod", "registry_server": "theirs.example"}),
        (LEVEL, {**EU, "registry_server": "theirs.example"}),
    ],
    ids=["infrastructure", "of an Output", "its record", "its record without environment", "project"],
)
def test_a_level_that_pulumi_harness_sets_in_the_same_program_is_named_and_not_written(
    run: Any, kind: tuple[str, str], said: dict[str, Any]
) -> None:
    recorder = Recorder()

    def program() -> None:
        company()
        pulumi.CustomResource(kind[0], "theirs", said)

    with pytest.raises(pulumi.RunError) as refused:
        run(program, recorder=recorder)
    level, record = ("infrastructure `prod`", "payments/checkout/prod")
    if "infra_id" not in said:
        level, record = ("project `checkout`", "payments/checkout")
    assert f"CHR0820]: {level} has its registry in Harness set twice" in str(refused.value)
    assert "`theirs` of pulumi-harness" in str(refused.value)
    assert kind[1] in str(refused.value)
    if all(isinstance(value, str | list) for value in said.values()):
        assert f"{RECORD} {record}" not in recorder.made


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (INFRASTRUCTURE, {key: value for key, value in OF_EU.items() if key != "image_registries"}),
        (INFRASTRUCTURE, {**OF_EU, "environment_id": "test"}),
        (INFRASTRUCTURE, {**OF_EU, "infra_id": "other"}),
        (LEVEL, {"org_id": "payments", "registry_server": "theirs.example"}),
    ],
    ids=["without a registry", "of another environment", "another one", "a level that is not published"],
)
def test_what_pulumi_harness_sets_elsewhere_is_not_ours_to_name(
    run: Any, kind: tuple[str, str], said: dict[str, Any]
) -> None:
    def program() -> None:
        company()
        pulumi.CustomResource(kind[0], "theirs", said)

    assert f"{RECORD} payments/checkout/prod" in run(program).made


def test_a_key_without_a_value_is_told_before_anything_is_made(run: Any) -> None:
    with pytest.raises(pulumi.RunError, match=r"CHR0501.*credential `key` has no value"):
        run(lambda: company(credentials=("harbor",)) and None)


def test_what_another_level_would_be_told_wrong_is_told_when_the_program_has_run(run: Any) -> None:
    def program() -> None:
        prod = company()
        chaosreg.Infrastructure(
            "own", project=prod.above, cluster=chaosreg.Cluster(context="own"), pull_secret={"name": "other"}
        )

    with pytest.raises(pulumi.RunError, match=r"CHR0805.*its pull Secret is `other`"):
        run(program)


def test_pulumi_harness_can_be_given_our_values(run: Any) -> None:
    values: dict[str, Any] = {}
    run(lambda: values.update(company(account={"login": "key", "account_id": "acc"}).for_pulumi_harness))
    assert values == {
        "org_id": "payments",
        "project_id": "checkout",
        "infra_id": "live/prod",
        "registry_server": "harbor.company.com",
        "registry_account": "chaos",
        "is_private": True,
        "is_default": False,
        "is_override_allowed": False,
        "use_custom_images": True,
        "secret_name": "chaos-pull",
        "custom_images": [
            {
                "log_watcher": "harbor.company.com/chaos/chaos-log-watcher:1.94.0",
                "ddcr": "harbor.company.com/chaos/chaos-ddcr:1.94.0",
                "ddcr_lib": "harbor.company.com/chaos/chaos-ddcr-faults:1.94.0",
                "ddcr_fault": "harbor.company.com/chaos/chaos-ddcr-faults:1.94.0",
            }
        ],
    }
