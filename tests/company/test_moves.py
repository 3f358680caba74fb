"""A scope that is renamed, or moves to another parent or stack file: no Secret is replaced, no image copied again."""

from pathlib import Path

import pytest

from lab.kubeapi import get
from lab.registry import RegistryServer, read_requests
from lab.state import LabState
from lab.workspace import Workspace

pytestmark = pytest.mark.engine

ACME, PAYMENTS, CHECKOUT, PROD = (
    f"stacks/Pulumi.{stack}.yaml" for stack in ("acme", "payments", "checkout", "checkout-prod")
)
PRESERVED = ("kubernetes:core/v1:Secret", "kubernetes:core/v1:ConfigMap", "chaosreg:index:MirroredImage")


@pytest.fixture
def running(company: Workspace) -> Workspace:
    """The company, its account and one environment up."""
    company.up("acme")
    company.up("checkout-prod")
    return company


def test_a_renamed_organization_renames_nothing_in_the_clusters(running: Workspace, lab: LabState) -> None:
    before = _uids(running, lab)
    running.edit(PAYMENTS, "id: payments", "id: shop\n    moved_from: payments")

    _check_nothing_is_lost(running, "checkout-prod")
    running.up("checkout-prod")

    assert _uids(running, lab) == before
    # and `moved_from` has done its work
    running.edit(PAYMENTS, "\n    moved_from: payments", "")
    running.up("checkout-prod", "--expect-no-changes")


@pytest.mark.nightly
def test_a_project_moves_below_another_parent_and_is_renamed_with_it(running: Workspace, lab: LabState) -> None:
    before = _uids(running, lab)
    running.edit(CHECKOUT, "parent_stack: payments", "parent_stack: acme")
    running.edit(CHECKOUT, "id: checkout", "id: till\n    moved_from: payments/checkout")

    _check_nothing_is_lost(running, "checkout-prod")
    running.up("checkout-prod")

    assert _uids(running, lab) == before
    running.up("checkout-prod", "--expect-no-changes")


def test_a_renamed_infrastructure_keeps_its_objects(running: Workspace, lab: LabState) -> None:
    before = _uids(running, lab)
    running.edit(PROD, "    prod-eu:\n", "    prod-west:\n      moved_from: payments/checkout/prod-eu\n")

    _check_nothing_is_lost(running, "checkout-prod")
    running.up("checkout-prod")

    assert _uids(running, lab) == before
    running.up("checkout-prod", "--expect-no-changes")


@pytest.mark.nightly
def test_a_renamed_account_copies_no_image_again(running: Workspace) -> None:
    running.edit(ACME, "id: acme", "id: acme-inc\n    moved_from: acme")

    _check_nothing_is_lost(running, "acme")
    running.up("acme")
    running.up("acme", "--expect-no-changes")
    _check_nothing_is_lost(running, "checkout-prod")


def test_an_infrastructure_moves_to_another_stack(running: Workspace, lab: LabState) -> None:
    # given: prod-us gets a stack file, and so owners and an `up`, of its own
    before = _uids(running, lab)
    text = (running.folder / PROD).read_text("utf-8")
    section = text[text.index("    prod-us:") : text.index("log-watcher:2.1.0\n") + len("log-watcher:2.1.0\n")]
    running.edit(PROD, section, "")
    head = "config:\n  chaosreg:parent_stack: checkout\n  chaosreg:infrastructures:\n"
    (running.folder / "stacks/Pulumi.checkout-us.yaml").write_text(head + section, "utf-8")
    running.init("checkout-us")

    # when
    command = ("chaosreg", "move", "payments/checkout/prod-us", "--from", "checkout-prod")
    assert "→ checkout-us" in running.run(*command, "--dry-run").stdout
    moved = running.run(*command, "--yes")

    # then
    assert "→ checkout-us" in moved.stdout
    _check_nothing_is_lost(running, "checkout-us")
    running.up("checkout-us")
    running.up("checkout-us", "--expect-no-changes")
    _check_nothing_is_lost(running, "checkout-prod")
    running.up("checkout-prod")
    assert _uids(running, lab) == before
    # and there is nothing left to move
    assert running.run(*command, "--yes", check=False).returncode == 1


@pytest.mark.nightly
def test_a_project_with_a_registry_moves_to_another_stack_and_is_renamed(
    company: Workspace, lab: LabState, private_target: RegistryServer
) -> None:
    # given: a project that owns a registry path, so that its stack mirrors
    registry = (
        f"image_registry: {{server: {private_target.host}, account: till, type: private, "
        f"authentication: {{username: {lab.registry.pull.username}, password_secret: harbor-credentials}}}}"
    )
    company.edit(CHECKOUT, "allow_overrides: true", f"allow_overrides: true\n    {registry}")
    company.init("checkout", "payments")
    company.set_credentials("checkout", lab)
    company.up("checkout")
    uploads = _uploads(private_target)
    assert uploads

    # when: the section goes to the organization's file, under another id
    text = (company.folder / CHECKOUT).read_text("utf-8")
    section = text[text.index("  chaosreg:project:") : text.index("  chaosreg-credentials:")]
    company.edit(CHECKOUT, section, "")
    company.edit(CHECKOUT, "  chaosreg:parent_stack: payments\n", "")
    renamed = section.replace("id: checkout", "id: till\n    moved_from: payments/checkout")
    company.edit(PAYMENTS, "config:\n", f"config:\n{renamed}")
    company.edit(PROD, "parent_stack: checkout", "parent_stack: payments")
    company.set_credentials("payments", lab)
    company.run("chaosreg", "move", "payments/till", "--from", "checkout", "--yes")

    # then
    _check_nothing_is_lost(company, "payments")
    company.up("payments")
    assert _uploads(private_target) == uploads
    company.up("payments", "--expect-no-changes")


def test_an_edit_changes_the_preview_by_exactly_the_keys_that_diff_names(running: Workspace) -> None:
    # given: an edit that changes tags, one that takes an override away, and one of the registry's path
    before = running.copy_of_project()
    running.edit(ACME, 'release: "1.93.0"', 'release: "1.94.4"')
    running.edit(CHECKOUT, '    images:\n      tags: {chaos-ddcr: "1.94.0"}\n', "")
    running.run("chaosreg", "lock")

    # when
    said = running.json("chaosreg", "diff", str(before), "-o", "json")["changes"]
    named = {
        change["infrastructure"]: {f'data["{field["field"]}"]' for field in change["fields"]}
        for change in said
        if change["stack"] == "checkout-prod"
    }

    # then
    assert len(named) == 2
    maps = [step for step in running.preview("checkout-prod") if step.type == "kubernetes:core/v1:ConfigMap"]
    assert {step.name: {_quoted(path) for path in step.diff} for step in maps} == named


def _quoted(path: str) -> str:
    return path if path.startswith('data["') else f'data["{path.removeprefix("data.")}"]'


def _check_nothing_is_lost(company: Workspace, stack: str) -> None:
    """No object is made, replaced or removed; labels and names in the state may change."""
    steps = [step for step in company.preview(stack) if step.type in PRESERVED]
    assert [step for step in steps if step.op != "update"] == [], steps
    assert [path for step in steps for path in step.diff if not _is_harmless(path)] == []


def _is_harmless(path: str) -> bool:
    return path.startswith(("metadata.labels", 'data["origin.', 'metadata["labels"]'))


def _uids(company: Workspace, lab: LabState) -> dict[str, str]:
    """Name → uid of every Secret and ConfigMap of ours: another uid is another object."""
    found = {}
    for kind in ("secrets", "configmaps"):
        for item in get(lab.kubernetes, f"/api/v1/{kind}")["items"]:
            name, namespace = item["metadata"]["name"], item["metadata"]["namespace"]
            if name.startswith("chaos-image-registry-") and namespace in _namespaces(company):
                found[f"{kind}/{namespace}/{name}"] = item["metadata"]["uid"]
    assert found
    return found


def _namespaces(company: Workspace) -> set[str]:
    texts = (path.read_text("utf-8") for path in (company.folder / "stacks").glob("Pulumi.*.yaml"))
    return {line.split(": ")[1] for text in texts for line in text.splitlines() if line.startswith("      namespace: ")}


def _uploads(target: RegistryServer) -> int:
    log = Path(target.log)
    return sum(request.method in ("POST", "PUT") for request in read_requests(log))
