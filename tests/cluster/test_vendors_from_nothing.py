"""Examples of Azure, Google and JFrog on the engine, from nothing: rights, credentials, images; then Pods.

What the recording stand-ins of their plugins note, and the passwords of the lab's resource manager, are what opens the
vendor's registry on the node, and nothing else does.
"""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from lab.google import gateway as google_gateway
from lab.google.tokens import Google
from lab.state import LabState, load
from lab.workspace import Workspace
from tests.support.artifactory_example import ADMIN
from tests.support.azure_registry import azure_registry
from tests.support.cluster_issuer import ClusterIssuer
from tests.support.example_company import STACKS, example_company
from tests.support.google import EMAIL, TOKEN
from tests.support.google import google as google_machine
from tests.support.pull_secret import account_that_keeps, login_of, the_secret
from tests.support.pulling import assert_pods_run, assert_refused
from tests.support.recorded import artifactory_logins, google_keys
from tests.support.vendor import Vendor, by_password, vendors

pytestmark = [pytest.mark.node, pytest.mark.engine, pytest.mark.nightly]

AZURE, GOOGLE, JFROG = "acmeprod.azurecr.io", "europe-west1-docker.pkg.dev", "acme.jfrog.io"
PUSH = ("chaos-push", "canary-push")


@pytest.fixture
def lab() -> LabState:
    state = load()
    if state.node.missing:
        pytest.skip(f"no kubelet here: {state.node.missing}")  # the last lines of the run say it too
    return state


def assert_nothing_left_to_do(company: Workspace) -> None:
    for stack in STACKS:
        company.up(stack, "--expect-no-changes")


def assert_images_outlive(company: Workspace, at: Vendor, repository: str) -> None:
    """Both stacks."""
    for stack in reversed(STACKS):
        company.run("pulumi", "destroy", "--stack", stack, "--yes", "--skip-preview")
    found = company.run("crane", "ls", "--insecure", f"{at.registry.host}/{repository}/chaos-ddcr")
    assert "1.93.0" in found.stdout.split()


def test_artifactory_with_a_token_of_the_environment(lab: LabState, label: str, tmp_path: Path) -> None:
    logins = {PUSH}
    with vendors(tmp_path / "vendors", {JFROG: by_password(logins)}) as running:
        edits = [("prod", "context: prod-eu}", f"context: prod-eu}}\n      namespace: {label}")]
        company = example_company("artifactory", tmp_path / "company", lab, edits)
        company.environment |= running[JFROG].environment
        push = json.dumps(dict(zip(("username", "password"), PUSH, strict=True)))
        for name, value in (("jfrog-push", push), ("jfrog-admin", ADMIN)):
            company.run("pulumi", "config", "set", "--stack", "acme", "--secret", f"chaosreg-credentials:{name}", value)

        company.up("acme")
        logins |= artifactory_logins(company, "acme")
        company.up("prod")
        assert login_of(lab, label) in logins
        assert_refused(lab, company, "prod-eu", label)
        assert_pods_run(lab, company, "prod-eu", label, "litmus")
        # what is open is this one token, not whoever knows its user
        logins -= {login_of(lab, label)}
        assert_refused(lab, company, "prod-eu", label, "litmus")

        assert_nothing_left_to_do(company)
        assert_images_outlive(company, running[JFROG], "docker-local/chaos")


def test_artifact_registry_with_a_key_of_the_environment(lab: LabState, label: str, tmp_path: Path) -> None:
    google = Google(ClusterIssuer(), readers={EMAIL})
    google.knows(TOKEN, EMAIL)
    door = partial(google_gateway.decide, google)
    with vendors(tmp_path / "vendors", {GOOGLE: door}) as running, google_machine(tmp_path, lambda _: None) as machine:
        edits = [
            (
                "prod",
                "context: prod-gke, provider: gke}",
                f"context: prod-eu, provider: gke}}\n      namespace: {label}-g",
            ),
            ("prod", "context: edge}", f"context: staging}}\n      namespace: {label}"),
        ]
        company = example_company("gar", tmp_path / "company", lab, edits)
        company.environment |= {**machine.environment, **running[GOOGLE].environment}

        company.up("acme")
        google.keys |= google_keys(company, "acme")
        company.up("prod")
        assert login_of(lab, label)[1] in google.keys
        assert_refused(lab, company, "edge", label)
        assert_pods_run(lab, company, "edge", label, "litmus")
        google.keys -= {login_of(lab, label)[1]}
        assert_refused(lab, company, "edge", label, "litmus")

        assert_nothing_left_to_do(company)
        assert_images_outlive(company, running[GOOGLE], "acme-prod/chaos")


SUBSCRIPTION = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/chaos-images"
TOKEN_OF_PROD = (
    f"{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/registries/acmeprod/tokens/chaosreg-chaos-prod-made-c0c76b66"
)


def days_later(company: Workspace, days: int) -> None:
    company.set_day((datetime.now(UTC).date() + timedelta(days)).isoformat())


def test_azure_with_passwords_that_are_made_by_turns(lab: LabState, label: str, tmp_path: Path) -> None:
    of_its_own = """
      image_registry:
        name: main
        authentication: {username: chaosreg-chaos-pull, password_secret: acr-token}"""
    made = "authentication: {type: made, lifetime_days: 90, per: stack}"
    edits = [
        ("acme", "authentication: {type: azure}", made),
        ("prod", of_its_own, ""),
        (
            "prod",
            "context: prod-eu, provider: aks}",
            f"context: prod-eu, provider: aks}}\n      namespace: {label}-aks\n      service_accounts: [litmus]",
        ),
        ("prod", "context: plant}", f"context: staging}}\n      namespace: {label}"),
    ]
    with azure_registry() as (manager, door), vendors(tmp_path / "vendors", {AZURE: door}) as running:
        manager.manager.tokens.put(TOKEN_OF_PROD, "recorded by the plugin alone")
        company = example_company("acr", tmp_path / "company", lab, edits)
        company.environment |= {**manager.environment, **running[AZURE].environment}
        days_later(company, 0)
        for stack in STACKS:
            company.up(stack)
        first, secret = login_of(lab, label), the_secret(lab, label)
        assert login_of(lab, f"{label}-aks") == first
        assert_refused(lab, company, "plant", label)
        assert_pods_run(lab, company, "plant", label, "litmus")
        assert_pods_run(lab, company, "prod-eu", f"{label}-aks", "litmus")
        assert_nothing_left_to_do(company)

        # a turn later: the environment has not followed yet, and still pulls; then it does, by the other password
        days_later(company, 45)
        company.up("acme")
        assert_pods_run(lab, company, "plant", label, "litmus")
        company.up("prod")
        second = login_of(lab, label)
        assert second[0] == first[0]
        assert second[1] != first[1]
        assert_pods_run(lab, company, "plant", label, "litmus")

        # after two the first one is gone, wherever it still stands
        days_later(company, 90)
        company.up("acme")
        assert_pods_run(lab, company, "plant", label, "litmus")
        assert_refused(lab, company, "plant", label, account_that_keeps(lab, label, secret))
        company.up("prod")
        assert_pods_run(lab, company, "plant", label, "litmus")
        assert_images_outlive(company, running[AZURE], "chaos")
