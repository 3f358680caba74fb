"""docs/operations.md on the engine: another registry without a failed pull, and a registry that was lost."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kubeapi import get
from lab.registry import RegistryServer
from lab.state import LabState
from lab.workspace import Workspace
from tests.support.puller import Puller

pytestmark = pytest.mark.engine

ACME, PROD = "stacks/Pulumi.acme.yaml", "stacks/Pulumi.checkout-prod.yaml"


@pytest.fixture(scope="module")
def new_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    logins = {"new-puller": "new-pull-canary", "new-pusher": "new-push-canary"}
    with RegistryServer(tmp_path_factory.mktemp("new-registry"), logins=logins) as server:
        yield server


def test_a_company_moves_to_another_registry_and_no_pull_fails(
    company: Workspace, lab: LabState, label: str, private_target: RegistryServer, new_registry: RegistryServer
) -> None:
    assert lab.kubernetes
    old, new = private_target.host, new_registry.host
    company.up("acme")
    company.up("checkout-prod")

    with Puller(lab.kubernetes, f"{label}-harness-chaos", "chaos-image-registry-prod-eu") as puller:
        puller.wait_for_a_whole_round()
        before = dict(puller.pulled)

        # step 1: clusters hold both logins, then the account's stack fills the new registry
        both = {"auths": {**_entry(old, "puller", lab), **_entry(new, "new-puller", lab)}}
        _set(company, "harbor-credentials", json.dumps(both))
        company.up("checkout-prod")
        puller.wait_for_a_whole_round()
        company.edit(ACME, f"server: {old}", f"server: {new}")
        _set(company, "harbor-push", json.dumps({"username": "new-pusher", "password": "new-push-canary"}))
        company.up("acme")
        puller.wait_for_a_whole_round()

        # step 2: each environment follows
        company.up("checkout-prod")
        puller.wait_for_a_whole_round()

    assert puller.failed == []
    moved = puller.pulled.keys() - before.keys()
    assert {reference.partition("/")[0] for reference in before} == {old}
    assert {reference.partition("/")[0] for reference in moved} == {new}
    assert {reference.partition("@")[2] for reference in moved} == {reference.partition("@")[2] for reference in before}
    assert all(puller.pulled.values())

    # docs/uninstall.md: a stack that is forgotten leaves what it has made
    company.run("pulumi", "stack", "rm", "--stack", "checkout-prod", "--force", "--yes")
    for kind in ("configmaps", "secrets"):
        assert get(lab.kubernetes, f"/api/v1/namespaces/{label}-harness-chaos/{kind}/{puller.name}")


@pytest.mark.nightly
def test_a_registry_under_maintenance_stops_nothing_that_needs_no_copy(
    company: Workspace, private_target: RegistryServer
) -> None:
    company.up("acme")
    # docs/platforms.md: without a path the plugin is found where the virtual environment's programs are
    pulumi_yaml = (company.folder / "Pulumi.yaml").read_text("utf-8")
    (company.folder / "Pulumi.yaml").write_text(pulumi_yaml.partition("plugins:")[0], "utf-8")

    private_target.stop()

    company.up("checkout-prod")
    company.edit(PROD, "service_accounts: [litmus]", "service_accounts: [litmus, chaos]")
    assert {step.op for step in company.preview("checkout-prod")} == {"create"}
    company.up("checkout-prod")
    company.up("acme", "--expect-no-changes")

    # what has to be copied waits, and goes on with the next `up`
    company.edit(ACME, 'release: "1.93.0"', 'release: "1.94.4"')
    company.run("chaosreg", "lock")
    refused = company.up("acme", check=False)
    assert refused.returncode
    assert private_target.host in refused.stdout + refused.stderr
    private_target.start()
    company.up("acme")
    company.up("checkout-prod")


@pytest.mark.nightly
def test_a_lost_registry_is_filled_again_from_the_lockfile_or_from_a_layout(
    company: Workspace, lab: LabState, private_target: RegistryServer, tmp_path: Path
) -> None:
    company.up("acme")
    layout = tmp_path / "layout.tar"
    company.environment["DOCKER_CONFIG"] = str(_logged_in(tmp_path / "docker", lab))
    company.run("chaosreg", "mirror", "--to", str(layout))
    there = _manifests(private_target)
    assert there

    # from the sources, by the digests of the lockfile
    private_target.wipe()
    private_target.start()
    assert _manifests(private_target) == set()
    company.run("chaosreg", "mirror")
    assert _manifests(private_target) == there

    # from the layout
    private_target.wipe()
    private_target.start()
    company.run("chaosreg", "mirror", "--from", str(layout))
    assert _manifests(private_target) == there

    # by Pulumi: its state says that all is there until a refresh has looked
    private_target.wipe()
    private_target.start()
    company.up("acme", "--expect-no-changes")
    company.run("pulumi", "refresh", "--stack", "acme", "--yes", "--skip-preview")
    company.up("acme")
    assert _manifests(private_target) == there


def _entry(host: str, user: str, lab: LabState) -> dict[str, dict[str, str]]:
    assert lab.registry
    password = "new-pull-canary" if user == "new-puller" else lab.registry.pull.password
    return {host: {"username": user, "password": password}}


def _set(company: Workspace, name: str, value: str) -> None:
    company.run("pulumi", "config", "set-all", "--stack", "acme", "--secret", f"chaosreg-credentials:{name}={value}")


def _logged_in(folder: Path, lab: LabState) -> Path:
    """A DOCKER_CONFIG as `docker login` leaves it, for who pushes."""
    assert lab.registry
    push = lab.registry.push
    auth = base64.b64encode(f"{push.username}:{push.password}".encode()).decode()
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"auths": {lab.registry.host: {"auth": auth}}}), "utf-8")
    return folder


def _manifests(server: RegistryServer) -> set[str]:
    """`repository/tag: digest` of all that the registry keeps, from its own files."""
    root = Path(server.storage) / "docker/registry/v2/repositories"
    return {
        f"{link.relative_to(root).parts[:2]}/{link.parents[1].name}: {link.read_text('utf-8')}"
        for link in root.glob("**/_manifests/tags/*/current/link")
    }
