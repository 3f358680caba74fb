"""Levels published in Harness, on the real engine. The API is the lab's: real GraphQL, with Harness's own traps."""

from pathlib import Path

import pytest

from lab.harness_orders import records
from lab.workspace import Workspace
from tests.support.company_in_harness import InHarness, company_in_harness

pytestmark = pytest.mark.engine

RECORD = "chaosreg:index:HarnessImageRegistry"


@pytest.fixture
def one_stack(tmp_path: Path, label: str) -> InHarness:
    return company_in_harness(tmp_path / "company", label)


def destroy(company: Workspace, stack: str) -> str:
    done = company.run("pulumi", "destroy", "--stack", stack, "--yes", "--skip-preview")
    return done.stdout + done.stderr


def test_all_four_levels_are_published_and_destroy_puts_them_back(one_stack: InHarness) -> None:
    company, account = one_stack.workspace, one_stack.account
    below = f"{account}/payments", f"{account}/payments/checkout", f"{account}/payments/checkout/prod/prod_eu"

    company.up("acme")
    held = records(one_stack.harness, account)
    assert {scope: record["registryAccount"] for scope, record in held.items()} == {
        account: "chaos",
        below[0]: "chaos/payments",
        below[1]: "chaos/checkout",
        below[2]: "chaos/checkout",
    }
    assert {record["registryServer"] for record in held.values()} == {"harbor.acme.example"}
    assert {(record["isPrivate"], record["secretName"], record["isDefault"]) for record in held.values()} == {
        (True, "chaos-pull", False)
    }
    assert held[account]["customImages"]["ddcr"] == "harbor.acme.example/chaos/chaos-ddcr:1.94.0"
    assert held[account]["customImages"]["ddcrLib"] == "harbor.acme.example/chaos/chaos-ddcr-faults:1.94.0"
    assert held[below[2]]["customImages"]["logWatcher"] == "harbor.acme.example/own/log-watcher:7"
    company.up("acme", "--expect-no-changes")

    destroy(company, "acme")
    held = records(one_stack.harness, account)
    assert {(record["registryServer"], record["registryAccount"]) for record in held.values()} == {
        ("docker.io", "harness")
    }
    assert {record["isDefault"] for record in held.values()} == {True}
    assert {(record["secretName"], record["useCustomImages"]) for record in held.values()} == {("", False)}
