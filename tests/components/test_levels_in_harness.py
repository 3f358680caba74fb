"""Levels that a Python program publishes in Harness: which records, after what, and never the key."""

from typing import Any

import pulumi
import pytest

import pulumi_chaosreg as chaosreg
from tests.components.test_components_without_stack_files import REGISTRY

pytestmark = pytest.mark.components

RECORD = "chaosreg:index:HarnessImageRegistry"
KEY = "pat.canary-of-a-program"
SAID: chaosreg.HarnessArgs = {"publish": True, "account_id": "acc", "login": "key"}
HERE: chaosreg.HarnessArgs = {"publish": True}


def company(account: chaosreg.HarnessArgs = SAID, credentials: tuple[str, ...] = ("key", "harbor")) -> Any:
    acme = chaosreg.Account(
        "acme",
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
