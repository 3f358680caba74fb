"""Levels published in Harness, on the real engine. The API is the lab's: real GraphQL, with Harness's own traps."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.harness_orders import fail, put, records, requests
from lab.workspace import Workspace
from tests.support.company_in_harness import KEY_CANARY, InHarness, company_in_harness

pytestmark = pytest.mark.engine

RECORD = "chaosreg:index:HarnessImageRegistry"


@pytest.fixture
def one_stack(tmp_path: Path, label: str) -> Iterator[InHarness]:
    """Whatever a test does with it, the key is nowhere afterwards."""
    made = company_in_harness(tmp_path / "company", label)
    yield made
    assert list(requests(made.harness, made.account))  # the key was really used
    assert made.workspace.leaks(KEY_CANARY) == []


def writes(company: InHarness) -> int:
    """How often something was written."""
    asked = [each["operation"] for each in requests(company.harness, company.account)]
    return len([operation for operation in asked if operation.startswith(("create", "update"))])


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


def test_a_preview_shows_what_is_taken_over_and_writes_nothing_and_an_edit_is_an_update(one_stack: InHarness) -> None:
    company, account, harness = one_stack.workspace, one_stack.account, one_stack.harness
    before = records(harness, account)
    done = company.run("pulumi", "preview", "--stack", "acme", "--diff")
    shown = done.stdout + done.stderr
    assert "adopts the existing record of account" in shown
    assert "server: `docker.io` -> `harbor.acme.example`" in shown
    assert records(harness, account) == before
    company.up("acme")

    # one field of one level, and every other field is sent again
    company.edit("stacks/Pulumi.acme.yaml", "account: chaos/payments", "account: chaos/money")
    assert [(step.op, step.type, step.diff) for step in company.preview("acme") if step.type == RECORD] == [
        ("update", RECORD, ("account", "ddcr", "ddcrFault", "ddcrLib", "logWatcher"))
    ]
    company.up("acme")
    assert records(harness, account)[f"{account}/payments"]["secretName"] == "chaos-pull"

    # what somebody else has written is seen by a refresh, and put right by `up`
    record = records(harness, account)[f"{account}/payments"]
    put(harness, f"{account}/payments", **{**record, "registryAccount": "theirs"})
    company.run("pulumi", "refresh", "--stack", "acme", "--yes", "--skip-preview")
    assert [step.diff for step in company.preview("acme") if step.type == RECORD] == [("account",)]
    company.up("acme")
    assert records(harness, account)[f"{account}/payments"]["registryAccount"] == "chaos/money"

    # a refusal is Harness's own words, without a key that it repeats
    fail(harness, "updateImageRegistry", message=f"no such thing: {KEY_CANARY}.{account}")
    company.edit("stacks/Pulumi.acme.yaml", "account: chaos/money", "account: chaos/cash")
    failed = company.up("acme", check=False)
    assert failed.returncode
    assert "no such thing: [redacted]" in failed.stdout + failed.stderr

    # somebody closes the account in Harness itself: said before the write, by the level that blocks
    closed = {**records(harness, account)[account], "isOverrideAllowed": False}
    put(harness, account, **closed)
    written = writes(one_stack)
    company.edit("stacks/Pulumi.acme.yaml", "account: chaos/cash", "account: chaos/payments")
    failed = company.up("acme", check=False)
    assert failed.returncode
    assert "CHR0817" in failed.stdout + failed.stderr
    assert "its level `account` allows no overrides" in failed.stdout + failed.stderr
    assert writes(one_stack) == written


def test_a_level_of_another_stack_waits_for_the_account_s_and_a_record_may_stay(tmp_path: Path, label: str) -> None:
    made = company_in_harness(tmp_path / "company", label, split=True)
    company, account, harness = made.workspace, made.account, made.harness
    early = company.up("prod", check=False)
    assert early.returncode
    assert "CHR0817" in early.stdout + early.stderr  # the account of Harness is closed until ours opens it

    company.up("acme")
    company.up("prod")
    assert len(records(harness, account)) == 4
    company.up("prod", "--expect-no-changes")
    assert [each["wave"] for each in affected(company)] == [0, 1]

    company.edit("stacks/Pulumi.acme.yaml", "login: harness-key", "login: harness-key, on_destroy: retain")
    company.up("prod")
    assert "left the record of" in destroy(company, "prod")
    assert {record["registryServer"] for record in records(harness, account).values()} == {"harbor.acme.example"}


def affected(company: Workspace) -> list[dict[str, object]]:
    """What `chaosreg affected` says of a company that was not there before."""
    before = company.copy_of_project()
    for path in (before / "stacks").glob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace("publish: true", "publish: false"), "utf-8")
    listed = company.json("chaosreg", "affected", "--since", str(before), "-o", "json")
    assert isinstance(listed, dict)
    return list(listed["include"])


@pytest.mark.nightly
def test_records_are_imported_at_all_four_levels(one_stack: InHarness) -> None:
    company, account, harness = one_stack.workspace, one_stack.account, one_stack.harness
    company.up("acme")
    company.run("pulumi", "stack", "init", "--stack", "other")
    company.environment |= {
        "HARNESS_PLATFORM_API_KEY": f"{KEY_CANARY}.{account}",
        "HARNESS_ENDPOINT": harness.endpoint,
    }
    ids = (account, f"{account}/payments", f"{account}/payments/checkout", f"{account}/payments/checkout/prod/prod_eu")
    for number, ident in enumerate(ids):
        words = ("--stack", "other", "--yes", "--protect=false", "--generate-code=false")
        company.run("pulumi", "import", RECORD, f"level{number}", ident, *words)
    found = [each for each in company.state("other")["deployment"]["resources"] if each["type"] == RECORD]
    assert {each["id"]: each["outputs"]["account"] for each in found} == dict(
        zip(ids, ("chaos", "chaos/payments", "chaos/checkout", "chaos/checkout"), strict=True)
    )
    missing = company.run("pulumi", "import", RECORD, "none", f"{account}/nobody", *words, check=False)
    assert missing.returncode  # what it inherits is not its own
