"""A registry that gets a name, another name or other followers is the same one: no image is copied, none forgotten."""

import pytest

from lab.registry import RegistryServer
from lab.state import LabState
from lab.workspace import Step, Workspace

pytestmark = pytest.mark.engine

ACME, PAYMENTS, CHECKOUT, LEDGER, PROD = (
    f"stacks/Pulumi.{stack}.yaml" for stack in ("acme", "payments", "checkout", "ledger", "checkout-prod")
)
OF_MIRRORS = ("chaosreg:index:ImageMirror", "chaosreg:index:MirroredImage")


def _inline(host: str, user: str, account: str = "chaos-engineering") -> str:
    login = f"authentication: {{username: {user}, password_secret: harbor-credentials}}"
    return f"{{server: {host}, kind: harbor, account: {account}, type: private, {login}}}"


@pytest.fixture
def written(company: Workspace, lab: LabState) -> str:
    """The account's registry, as one line of its file."""
    text = (company.folder / ACME).read_text("utf-8")
    section = text[text.index("    image_registry:\n") : text.index("    images:")]
    assert lab.registry
    registry = _inline(lab.registry.host, lab.registry.pull.username)
    company.edit(ACME, section, f"    image_registry: {registry}\n")
    return registry


def test_naming_renaming_and_choosing_another_default_are_no_operation(
    company: Workspace, lab: LabState, written: str
) -> None:
    # given: mirrored by a registry without a name
    company.up("acme")
    company.up("checkout-prod")

    # a registry without a name gets one, and its account another id at the same time
    company.edit(ACME, f"image_registry: {written}", f"registries:\n      main: {written}\n    image_registry: main")
    assert _operations(company, "acme", "checkout-prod") == []
    company.edit(ACME, "id: acme", "id: acme-inc\n    moved_from: acme")
    assert [step for step in _operations(company, "acme") if step.type in OF_MIRRORS] == []
    company.edit(ACME, "id: acme-inc\n    moved_from: acme", "id: acme")

    # another name
    company.edit(ACME, "main: {", "primary: {")
    company.edit(ACME, "image_registry: main", "image_registry: primary")
    assert _operations(company, "acme", "checkout-prod") == []

    # a second registry of the same owner, chosen by one infrastructure: only its images are new
    assert lab.registry
    second = _inline(lab.registry.host, lab.registry.pull.username, "second")
    company.edit(ACME, "    image_registry: primary", f"      second: {second}\n    image_registry: primary")
    company.edit(LEDGER, "id: ledger", "id: ledger\n    image_registry: primary")
    company.edit(PROD, "    prod-eu:\n", "    prod-eu:\n      image_registry: primary\n")
    company.edit(PROD, "    prod-us:\n", "    prod-us:\n      image_registry: second\n")
    steps = [step for step in company.preview("acme") if step.type in OF_MIRRORS]
    assert {step.op for step in steps} == {"create"}
    assert all("/second" in step.name for step in steps)
    company.up("acme")

    # the other one as the default, and back: everybody has said what they choose
    company.edit(ACME, "image_registry: primary", "image_registry: second")
    assert _operations(company, "acme") == []
    company.edit(ACME, "image_registry: second", "image_registry: primary")
    company.up("acme", "--expect-no-changes")


@pytest.mark.nightly
def test_a_named_registry_moves_to_another_stack_with_its_owner_and_its_images_stay(
    company: Workspace, lab: LabState, private_target: RegistryServer
) -> None:
    # given: a project that owns a registry without a name, and mirrors into it
    registry = _inline(private_target.host, lab.registry.pull.username, "till")
    company.edit(CHECKOUT, "allow_overrides: true", f"allow_overrides: true\n    image_registry: {registry}")
    company.init("checkout", "payments")
    company.set_credentials("checkout", lab)
    company.up("checkout")

    # when: it gets a name, its owner another id, and the section another file
    text = (company.folder / CHECKOUT).read_text("utf-8")
    section = text[text.index("  chaosreg:project:") : text.index("  chaosreg-credentials:")]
    company.edit(CHECKOUT, section, "")
    company.edit(CHECKOUT, "  chaosreg:parent_stack: payments\n", "")
    named = f"registries: {{till: {registry}}}\n    image_registry: till"
    moved = section.replace("id: checkout", "id: till\n    moved_from: payments/checkout")
    company.edit(PAYMENTS, "config:\n", f"config:\n{moved.replace(f'image_registry: {registry}', named)}")
    company.edit(PROD, "parent_stack: checkout", "parent_stack: payments")
    company.set_credentials("payments", lab)
    company.run("chaosreg", "move", "payments/till", "--from", "checkout", "--yes")

    # then
    assert [step for step in _operations(company, "payments") if step.type == OF_MIRRORS[1]] == []
    company.up("payments")
    company.up("payments", "--expect-no-changes")


def _operations(company: Workspace, *stacks: str) -> list[Step]:
    return [step for stack in stacks for step in company.preview(stack)]
