"""A company that 0.1 has brought up, under today's code: no object, Secret or image is made, replaced or removed.

Nobody answers where the images are said to be: a copy could not go unnoticed.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.state import KubernetesState, load
from lab.workspace import Step, Workspace
from tests.support.restored import restore_objects, restored, uids

pytestmark = pytest.mark.engine

WRAPPERS = ("chaosreg:index:PullSecret", "chaosreg:index:ResolvedConfigMap")
LEVELS = tuple(f"chaosreg:index:{level}" for level in ("Account", "Organization", "Project"))
EXPECTED = {
    *(("delete", wrapper) for wrapper in WRAPPERS),
    # the whole list of an account's pull Secrets becomes one entry of it
    ("delete", "kubernetes:core/v1:ServiceAccountPatch"),
    ("create", "chaosreg:index:ImagePullSecretEntry"),
    # a stack whose last infrastructure of a cluster has moved needs that cluster's Provider no more
    ("delete", "pulumi:providers:kubernetes"),
    # a new stack draws the levels above, which have no resources
    *(("create", level) for level in LEVELS),
}
"""(operation, type) that an upgrade may show; labels, and origins in a ConfigMap, follow a scope's new name."""

ACME, PAYMENTS, REGISTRY, US = (
    f"stacks/Pulumi.{stack}.yaml" for stack in ("acme", "payments", "payments-registry", "checkout-us")
)


@pytest.fixture
def cluster() -> KubernetesState:
    kubernetes = load().kubernetes
    assert kubernetes is not None
    return kubernetes


def rename_nothing(_: Workspace) -> None:
    pass


def rename_together(company: Workspace) -> None:
    company.edit(ACME, "id: acme", "id: acme-inc\n    moved_from: acme")
    company.edit(PAYMENTS, "id: payments", "id: shop\n    moved_from: payments")
    company.edit(PAYMENTS, "id: checkout", "id: till\n    moved_from: payments/checkout")
    company.edit(PAYMENTS, "    prod-eu:\n", "    prod-west:\n      moved_from: payments/checkout/prod-eu\n")


def rename_apart(company: Workspace) -> None:
    company.edit(REGISTRY, "id: payments", "id: shop\n    moved_from: payments")
    company.edit(PAYMENTS, "id: checkout", "id: till\n    moved_from: payments/checkout")
    company.edit(US, "    prod-us:\n", "    prod-east:\n      moved_from: payments/checkout/prod-us\n")


@pytest.mark.parametrize(
    ("fixture", "rename", "stacks"),
    [
        pytest.param("together", rename_nothing, ("acme", "payments", "lab"), id="plain"),
        pytest.param("together", rename_together, ("acme", "payments", "lab"), id="renamed", marks=pytest.mark.nightly),
        pytest.param(
            "apart",
            rename_nothing,
            ("payments-registry", "payments", "checkout-us"),
            id="moved",
            marks=pytest.mark.nightly,
        ),
        pytest.param("apart", rename_apart, ("payments-registry", "payments", "checkout-us"), id="moved-and-renamed"),
    ],
)
def test_an_upgrade_takes_away_the_wrappers_only(
    tmp_path: Path,
    cluster: KubernetesState,
    label: str,
    fixture: str,
    rename: Callable[[Workspace], None],
    stacks: tuple[str, ...],
) -> None:
    company = restored(tmp_path / "company", fixture, label)
    namespaces = restore_objects(cluster, "objects", label)
    rename(company)
    check_upgrade(company, cluster, stacks, namespaces)


@pytest.mark.nightly
def test_a_program_without_stack_files_keeps_its_objects_too(
    tmp_path: Path, cluster: KubernetesState, label: str
) -> None:
    company = restored(tmp_path / "company", "program", label)
    namespaces = restore_objects(cluster, "program-objects", label)

    steps = check_upgrade(company, cluster, ("program",), namespaces)

    assert "by-hand" not in {step.name for step in steps}, "a PullSecret of the user's own is no wrapper of ours"


def check_upgrade(
    company: Workspace, cluster: KubernetesState, stacks: tuple[str, ...], namespaces: list[str]
) -> list[Step]:
    """Preview and `up` of each stack, and `up` again; all steps that were planned."""
    before = uids(cluster, namespaces)
    steps = []
    for stack in stacks:
        planned = company.preview(stack)
        assert [step for step in planned if not is_expected(step)] == []
        company.up(stack)
        steps += planned
    assert uids(cluster, namespaces) == before
    for stack in stacks:
        company.up(stack, "--expect-no-changes")
    patches = [step.name for step in steps if step.type == "kubernetes:core/v1:ServiceAccountPatch"]
    assert len(patches) == len([step for step in steps if step.type == "chaosreg:index:ImagePullSecretEntry"])
    assert {step.type for step in steps if step.op == "delete"} >= set(WRAPPERS)
    return steps


def is_expected(step: Step) -> bool:
    if step.op == "update" and step.type in ("kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:Secret"):
        return all(path.startswith(("metadata.labels", 'data["origin.', 'metadata["labels"]')) for path in step.diff)
    return (step.op, step.type) in EXPECTED
