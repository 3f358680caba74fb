"""A company on Azure Container Registry: rights are made before anybody needs them, and nothing goes by surprise.

Azure is a stand-in that records (lab/plugins/azure_native): what is asked of it is the engine's, its answers are a
table's. Passwords come from the lab's resource manager, to which the real azure-identity logs in.
"""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab.kubeapi import get
from lab.state import load
from lab.workspace import Workspace
from tests.support.azure_manager import REGISTRY as REGISTRY_ID
from tests.support.azure_manager import Served, azure_manager

pytestmark = [pytest.mark.engine, pytest.mark.extra("acr")]

REGISTRY, MAP, TOKEN = (f"azure-native:containerregistry:{name}" for name in ("Registry", "ScopeMap", "Token"))
ROLE, PROVIDER = "azure-native:authorization:RoleAssignment", "pulumi:providers:azure-native"
SUBSCRIPTION = REGISTRY_ID.split("/")[2]
FILE = "stacks/Pulumi.acme.yaml"

ACME = f"""\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: acmeprod.azurecr.io, account: chaos, type: private, authentication: {{type: azure}}}}
    images: {{release: "1.94.4", pin: "off"}}
    mirror: "off"
    repositories:
      create: true
      azure:
        subscription_id: {SUBSCRIPTION}
        resource_group: chaos
        permissions: rbac
        tokens: [pull, push]
        principals: {{pull: [66666666-7777-8888-9999-000000000000]}}
    cluster: {{provider: aks}}
  chaosreg:infrastructures:
    prod-eu: {{cluster: {{context: prod-eu}}, namespace: SPACE}}
"""
NEW = "create_registry: true\n        location: westeurope\n        sku: Premium"


@pytest.fixture
def company(tmp_path: Path, label: str) -> Workspace:
    workspace = Workspace(tmp_path / "company")
    workspace.add_project()
    workspace.add_stacks(acme=ACME.replace("SPACE", label))
    workspace.init("acme")
    return workspace


def of(company: Workspace, type_: str) -> list[dict[str, Any]]:
    return company.resources("acme", type_)


def edited(company: Workspace, old: str, new: str) -> dict[str, str]:
    """Type → what the preview would do with it."""
    company.edit(FILE, old, new)
    return {step.type: step.op for step in company.preview("acme") if step.type.startswith("azure-native:")}


def test_rights_are_made_for_one_path_and_those_that_pull_are_kept(company: Workspace) -> None:
    first = company.up("acme")
    assert (
        "this is the lab's stand-in for the official plugin (lab/plugins/azure_native)" in first.stdout + first.stderr
    )
    assert [one["inputs"]["subscriptionId"] for one in of(company, PROVIDER)] == [SUBSCRIPTION]
    assert {one["inputs"]["scopeMapName"] for one in of(company, MAP)} == {"chaosreg-chaos-pull", "chaosreg-chaos-push"}
    assert {one["inputs"]["tokenName"] for one in of(company, TOKEN)} == {"chaosreg-chaos-pull", "chaosreg-chaos-push"}
    (role,) = of(company, ROLE)
    assert role["inputs"]["roleDefinitionId"].endswith("/7f951dda-4ed3-4680-a7ca-43fe172d538d")
    assert of(company, REGISTRY) == []
    company.up("acme", "--expect-no-changes")

    # each setting makes, updates or takes away just its own, and nothing is replaced
    one = "pull: [66666666-7777-8888-9999-000000000000]"
    company.edit(FILE, one, f"{one}, delete: [group:66666666-7777-8888-9999-000000000001]")
    fewer = edited(company, "tokens: [pull, push]", "tokens: [pull]")
    assert fewer == {ROLE: "create", MAP: "delete", TOKEN: "delete"}
    company.edit(FILE, "resource_group: chaos", f"resource_group: chaos\n        {NEW}")
    company.up("acme")
    assert [one["inputs"]["registryName"] for one in of(company, REGISTRY)] == ["acmeprod"]
    assert edited(company, "create: true\n", "create: true\n      expire_untagged_after_days: 30\n") == {
        REGISTRY: "update"
    }
    company.edit(FILE, "location: westeurope", "location: northeurope")
    refused = company.run("pulumi", "preview", "--stack", "acme", check=False)
    assert refused.returncode
    assert "error[CHR0473]" in re.sub(r"\s+", " ", refused.stdout + refused.stderr)

    # the registry outlives its stack, with those who pull; who pushed may no longer
    gone = company.run("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "acme")
    told = gone.stdout + gone.stderr
    assert "retained" in told or "[retain]" in told


@pytest.mark.nightly
def test_a_failure_leaves_a_state_that_goes_on(company: Workspace) -> None:
    company.environment["LAB_AZURE_NATIVE_FAILS"] = "Create Token"
    failed = company.up("acme", check=False)
    assert failed.returncode
    assert "Error 503" in failed.stdout + failed.stderr
    assert len(of(company, MAP)) == 2
    del company.environment["LAB_AZURE_NATIVE_FAILS"]
    company.up("acme")
    company.up("acme", "--expect-no-changes")


MADE = f"""\
config:
  chaosreg:account:
    id: acme
    image_registry:
      server: acmeprod.azurecr.io
      account: chaos
      type: private
      authentication: {{type: made, lifetime_days: 90, per: stack}}
    images: {{release: "1.94.4", pin: "off"}}
    mirror: "off"
    repositories: {{create: true, azure: {{subscription_id: {SUBSCRIPTION}, resource_group: chaos, permissions: abac}}}}
  chaosreg:infrastructures:
    near: {{cluster: {{context: prod-eu}}, namespace: SPACE}}
"""
MADE_TOKEN = f"{REGISTRY_ID}/tokens/chaosreg-chaos-acme-made-1903a43b"


def pulled_with(space: str) -> tuple[str, str]:
    """(`user:password`, day on which it ends) in the one Secret of a namespace."""
    (secret,) = get(load().kubernetes, f"/api/v1/namespaces/{space}/secrets")["items"]
    config = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))
    auth = base64.b64decode(config["auths"]["acmeprod.azurecr.io"]["auth"]).decode()
    return auth, secret["metadata"]["annotations"]["chaosreg/expires"]


def test_passwords_are_made_by_turns_and_the_one_in_use_stays(tmp_path: Path, label: str) -> None:
    company = Workspace(tmp_path / "company")
    company.add_project()
    company.add_stacks(acme=MADE.replace("SPACE", label))
    company.init("acme")
    company.set_day("2026-11-29")
    with azure_manager() as azure:
        company.environment |= azure.environment
        azure.manager.tokens.put(MADE_TOKEN, "recorded by the plugin alone")

        told = [company.up("acme")]
        assert [one["inputs"]["tokenName"] for one in of(company, TOKEN)] == ["chaosreg-chaos-acme-made-1903a43b"]
        assert [one["inputs"]["actions"] for one in of(company, MAP)] == [["repositories/chaos/*/content/read"]]
        first = values(azure)
        user, ends = pulled_with(label)
        assert user in {f"chaosreg-chaos-acme-made-1903a43b:{value}" for value in first}
        assert ends == "2027-01-17"
        told.append(company.up("acme", "--expect-no-changes"))

        # when a turn begins, the other one is made anew and handed on
        company.set_day("2026-12-10")
        told.append(company.up("acme"))
        second = values(azure)
        assert [new == old for new, old in zip(second, first, strict=True)].count(True) == 1
        assert user.partition(":")[2] in second
        assert pulled_with(label)[0].partition(":")[2] in set(second) - set(first)
        told.append(company.run("pulumi", "refresh", "--yes", "--skip-preview", "--stack", "acme"))
        told.append(company.up("acme", "--expect-no-changes"))
        assert azure.generated == 3

        # nobody was told any of them, and they end with who makes them
        shown = "".join(one.stdout + one.stderr for one in told) + json.dumps(company.state("acme"))
        assert not [value for value in (*first, *second, azure.manager.bearer) if value in shown]
        company.run("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "acme")


def values(azure: Served) -> tuple[str, str]:
    made = azure.manager.tokens.get(MADE_TOKEN).passwords
    return made["password1"]["value"], made["password2"]["value"]
