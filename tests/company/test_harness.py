"""Levels published in Harness, on the real engine. The API is the lab's: real GraphQL, with Harness's own traps."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.harness_orders import fail, mend, put, records, requests
from lab.workspace import Workspace
from tests.support.company_in_harness import BELOW, KEY_CANARY, InHarness, company_in_harness

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


def written(company: InHarness) -> dict[str, int]:
    """How often the record of each level was really written."""
    done: dict[str, int] = {}
    for each in requests(company.harness, company.account):
        if each["operation"].startswith(("create", "update")) and each["status"] == 200:
            said = each["variables"]
            infrastructure = (said.get("input") or said.get("request"))["infraID"] if "infraID" in str(said) else ""
            scope = "/".join([*said["identifiers"].values(), *([infrastructure] if infrastructure else [])])
            done[scope] = done.get(scope, 0) + 1
    return done


def in_state(company: Workspace, stack: str) -> set[str]:
    """The records that a stack has made."""
    resources = company.state(stack)["deployment"].get("resources", ())
    return {each["id"] for each in resources if each["type"] == RECORD}


def destroy(company: Workspace, stack: str) -> str:
    done = company.run("pulumi", "destroy", "--stack", stack, "--yes", "--skip-preview")
    return done.stdout + done.stderr


def told(output: str) -> str:
    """What the engine has told of resources, once: it shows each line while it works, too."""
    return output.rpartition("\nDiagnostics:")[2]


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
    company.up("acme", "--refresh", "--expect-no-changes")  # what is inherited is told from what is a level's own
    said = company.json("pulumi", "stack", "output", "harness", "--stack", "acme", "--json")
    assert said["published"] == ["acme", "payments", "payments/checkout", "payments/checkout/prod-eu"]
    assert "this record has no setting for service-discovery-collector" in said["notes"][0]

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
    assert "this record has no setting for service-discovery-collector" in shown
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
    infrastructure = f"{account}/payments/checkout/prod/prod_eu"
    for scope in (f"{account}/payments", infrastructure):
        put(harness, scope, **{**records(harness, account)[scope], "registryAccount": "theirs"})
    refreshed = told(company.run("pulumi", "refresh", "--stack", "acme", "--yes", "--skip-preview").stdout)
    assert [step.diff for step in company.preview("acme") if step.type == RECORD] == [("account",)] * 2
    company.up("acme")
    assert records(harness, account)[f"{account}/payments"]["registryAccount"] == "chaos/money"
    assert records(harness, account)[infrastructure]["registryAccount"] == "chaos/checkout"

    # and an infrastructure, which Terraform may set as well, is named with who has done it
    assert "CHR0821]: something else has set the registry of infrastructure `prod/prod_eu` in Harness" in refreshed
    assert "written by: somebody" in refreshed
    assert "account: `theirs` -> `chaos/checkout`" in refreshed
    assert refreshed.count("CHR0821") == 1

    # a refusal is Harness's own words, without a key that it repeats
    fail(harness, "updateImageRegistry", account=account, message=f"no such thing: {KEY_CANARY}.{account}")
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


def test_an_outage_in_the_middle_is_one_error_each_and_the_next_up_goes_on(one_stack: InHarness, label: str) -> None:
    company, account, harness = one_stack.workspace, one_stack.account, one_stack.harness
    us = f"cluster: {{context: prod-eu}}, namespace: {label}-us, harness_id: prod_us, environment: prod"
    company.edit(
        "stacks/Pulumi.acme.yaml",
        "    prod-eu:\n",
        f"    prod-us: {{{us}, harness: {{publish: true}}}}\n    prod-eu:\n",
    )
    payments, checkout = f"{account}/payments", f"{account}/payments/checkout"
    eu, us = f"{checkout}/prod/prod_eu", f"{checkout}/prod/prod_us"

    # when Harness fails after the account's record
    fail(harness, "createImageRegistry", account=account, status=503, times=99)
    failed = company.up("acme", check=False)
    assert failed.returncode
    assert told(failed.stdout).count("error[CHR0815]") == 1
    # then that one is written and known, and nothing below was tried
    assert in_state(company, "acme") == set(written(one_stack)) == {account}

    # when it fails again, two levels further down
    mend(harness, account)
    fail(harness, "createImageRegistry", account=account, after=2, status=503, times=99)
    failed = company.up("acme", check=False)
    assert told(failed.stdout).count("error[CHR0815]") == 2
    assert in_state(company, "acme") == set(written(one_stack)) == {account, payments, checkout}

    # when it is there again, then what was missing is written, and nothing twice
    mend(harness, account)
    company.up("acme")
    assert in_state(company, "acme") == set(records(harness, account)) == {account, payments, checkout, eu, us}
    assert written(one_stack) == dict.fromkeys((account, payments, checkout, eu, us), 1)

    # and a level that is published no more goes back, alone
    company.edit("stacks/Pulumi.acme.yaml", "prod, harness: {publish: true}", "prod, harness: {publish: false}")
    company.up("acme")
    assert records(harness, account)[us]["isDefault"] is True
    assert written(one_stack) == dict.fromkeys((account, payments, checkout, eu), 1) | {us: 2}


@pytest.mark.nightly
def test_a_harness_that_answers_too_late_is_one_error_and_what_it_did_is_found(one_stack: InHarness) -> None:
    company, account, harness = one_stack.workspace, one_stack.account, one_stack.harness
    fail(harness, "createImageRegistry", account=account, seconds=32, times=99, status=503, done=True)
    failed = company.up("acme", check=False)
    assert failed.returncode
    assert told(failed.stdout).count("error[CHR0810]") == 1
    assert in_state(company, "acme") == {account}
    assert set(records(harness, account)) == {account, f"{account}/payments"}
    mend(harness, account)
    company.up("acme")
    assert in_state(company, "acme") == set(records(harness, account))
    company.up("acme", "--expect-no-changes")


@pytest.mark.nightly
@pytest.mark.parametrize("kept", [("account", "project"), ("organization", "infrastructure")], ids="-".join)
def test_each_level_is_reset_or_retained_as_it_says(one_stack: InHarness, kept: tuple[str, str]) -> None:
    company, account, harness = one_stack.workspace, one_stack.account, one_stack.harness
    file = "stacks/Pulumi.acme.yaml"
    reset_or_retain = {
        level: "retain" if level in kept else "reset"
        for level in ("account", "organization", "project", "infrastructure")
    }
    company.edit(file, "login: harness-key", f"login: harness-key, on_destroy: {reset_or_retain['account']}")
    text = (company.folder / file).read_text("utf-8")
    for level in ("organization", "project", "infrastructure"):
        text = text.replace("{publish: true}", f"{{publish: true, on_destroy: {reset_or_retain[level]}}}", 1)
    (company.folder / file).write_text(text, "utf-8")
    company.up("acme")
    before = records(harness, account)
    said = told(destroy(company, "acme"))
    after = records(harness, account)

    below = f"{account}/payments", f"{account}/payments/checkout", f"{account}/payments/checkout/prod/prod_eu"
    for level, scope in zip(reset_or_retain, (account, *below), strict=True):
        if level in kept:
            assert after[scope] == before[scope]
        else:
            assert (after[scope]["registryServer"], after[scope]["isDefault"]) == ("docker.io", True)
            assert (after[scope]["isOverrideAllowed"], after[scope]["secretName"]) == (False, "")
    assert said.count("as it is (`on_destroy: retain`)") == 2
    assert in_state(company, "acme") == set()


@pytest.mark.nightly
def test_a_level_that_moved_to_another_stack_keeps_its_record(tmp_path: Path, label: str) -> None:
    made = company_in_harness(tmp_path / "company", label, split=True)
    company, account, harness = made.workspace, made.account, made.harness
    company.up("acme")
    company.up("prod")
    before = records(harness, account)

    # when the organization goes to the account's file, which is up first
    organization = BELOW.partition("  chaosreg:project:")[0].format()
    company.edit("stacks/Pulumi.prod.yaml", organization, "")
    company.edit("stacks/Pulumi.acme.yaml", "config:\n", f"config:\n{organization}")
    company.up("acme")
    left = company.up("prod")

    # then its record is not what the old stack puts back
    said = left.stdout + left.stderr
    assert "left the record of organization `payments` in Harness" in said
    assert "organization `payments` of the stack `acme` publishes it" in said
    after = records(harness, account)
    assert {scope: record["registryAccount"] for scope, record in after.items()} == {
        scope: record["registryAccount"] for scope, record in before.items()
    }
    assert in_state(company, "acme") == {account, f"{account}/payments"}

    # and the stack that has it now puts it back
    destroy(company, "prod")
    destroy(company, "acme")
    assert {record["isDefault"] for record in records(harness, account).values()} == {True}


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
    found = company.resources("other", RECORD)
    assert {each["id"]: each["outputs"]["account"] for each in found} == dict(
        zip(ids, ("chaos", "chaos/payments", "chaos/checkout", "chaos/checkout"), strict=True)
    )
    missing = company.run("pulumi", "import", RECORD, "none", f"{account}/nobody", *words, check=False)
    assert missing.returncode  # what it inherits is not its own
