"""A company written from the product page alone, up to Pods of a kubelet: Azure for all, Artifactory for one project.

Both clouds' plugins and Azure's resource manager are stand-ins; what they note or make opens real registries under the
vendors' names.
"""

import json
from pathlib import Path

import pytest

from lab.state import LabState, load
from lab.workspace import Workspace
from tests.support.artifactory_example import ADMIN
from tests.support.azure_manager import REGISTRY
from tests.support.azure_registry import azure_registry
from tests.support.pull_secret import login_of
from tests.support.pulling import assert_pods_run
from tests.support.recorded import artifactory_logins
from tests.support.vendor import by_password, vendors

pytestmark = [pytest.mark.node, pytest.mark.engine]

AZURE, JFROG = "acmeprod.azurecr.io", "acme.jfrog.io"
PUSH = ("chaos-push", "canary-push")

ACME = """\
config:
  chaosreg:account:
    id: acme
    image_registry:
      server: "acmeprod.azurecr.io"
      account: "chaos"
      type: "private"
      authentication: {{type: made, lifetime_days: 90}}
    images: {{release: "1.93.0"}}
    required_images: ["harness/chaos-ddcr:1.93.0"]
    mirror: {{source: {upstream}/harness, allow_sources: [{upstream}/harness]}}
    repositories:
      create: true
      azure: {{subscription_id: {subscription}, resource_group: chaos, permissions: abac}}
    registries:
      jfrog:
        server: "acme.jfrog.io"
        account: "docker-local/chaos"
        type: "private"
        authentication: {{type: made, lifetime_days: 90}}
        mirror: {{push: jfrog-push}}
        repositories: {{create: true, login: jfrog-admin}}
    allow_overrides: true
  chaosreg:infrastructures:
    aks: {{cluster: {{context: prod-eu, provider: aks}}, namespace: {space}, service_accounts: [litmus]}}
"""
TILL = """\
config:
  chaosreg:parent_stack: acme
  chaosreg:project:
    id: till
    image_registry: jfrog
  chaosreg:infrastructures:
    shop: {{cluster: {{context: staging}}, namespace: {space}-shop, service_accounts: [litmus]}}
"""


@pytest.fixture
def lab() -> LabState:
    state = load()
    if state.node.missing:
        pytest.skip(f"no kubelet here: {state.node.missing}")  # the last lines of the run say it too
    return state


def written(folder: Path, lab: LabState, space: str) -> Workspace:
    """Its two stacks, locked, with JFrog's two credentials."""
    assert lab.upstream
    company = Workspace(folder)
    company.add_project()
    (folder / "stacks").mkdir()
    words = {"upstream": lab.upstream.host, "subscription": REGISTRY.split("/")[2], "space": space}
    for stack, text in (("acme", ACME), ("till", TILL)):
        (folder / f"stacks/Pulumi.{stack}.yaml").write_text(text.format(**words), "utf-8")
    company.run("chaosreg", "lock")
    company.init("acme", "till")
    push = json.dumps(dict(zip(("username", "password"), PUSH, strict=True)))
    secrets = [f"chaosreg-credentials:jfrog-push={push}", f"chaosreg-credentials:jfrog-admin={ADMIN}"]
    company.run("pulumi", "config", "set-all", "--stack", "acme", *(w for one in secrets for w in ("--secret", one)))
    return company


def test_each_cluster_pulls_from_its_own_with_a_credential_that_was_made_for_it(
    lab: LabState, label: str, tmp_path: Path
) -> None:
    logins = {PUSH}
    with azure_registry() as (manager, door):
        manager.manager.tokens.put(f"{REGISTRY}/tokens/chaosreg-chaos-made", "recorded by the plugin alone")
        with vendors(tmp_path / "vendors", {AZURE: door, JFROG: by_password(logins)}) as running:
            company = written(tmp_path / "company", lab, label)
            company.environment |= {**manager.environment, **running[AZURE].environment}
            told = [company.up("acme")]
            logins |= artifactory_logins(company, "acme")
            told.append(company.up("till"))

            assert_pods_run(lab, company, "aks", label, "litmus")
            assert_pods_run(lab, company, "shop", f"{label}-shop", "litmus")
            used = [login_of(lab, space)[1] for space in (label, f"{label}-shop")]
            shown = "".join(one.stdout + one.stderr for one in told)
            assert not [secret for secret in (*used, ADMIN, PUSH[1], manager.manager.bearer) if secret in shown]
