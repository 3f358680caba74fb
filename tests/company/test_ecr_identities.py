"""Roles at ECR on the real engine: made when they are asked for, told to whoever needs them, gone when nobody asks."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from lab.state import load
from lab.workspace import Workspace
from tests.support.company_on_ecr import company_on_ecr
from tests.support.lab_aws import client

pytestmark = pytest.mark.engine

CREATE = "repositories: {create: true,"
PUSH = "push: {trust: {github: {repository: acme/platform, ref: refs/heads/main}}}"
PULL = (
    "pull: {trust: {service_account: {issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE', "
    "namespace: chaos, name: litmus}}}"
)


@pytest.fixture
def company(tmp_path: Path, label: str, ecr_server: str) -> Workspace:
    return company_on_ecr(tmp_path / "company", label, ecr_server)


def roles(label: str) -> dict[str, dict[str, Any]]:
    every = client(load().aws, "iam").list_roles()["Roles"]
    return {each["RoleName"]: each for each in every if label in each["RoleName"]}


def output(company: Workspace, name: str) -> dict[str, Any]:
    (found,) = json.loads(company.run("pulumi", "stack", "output", name, "--json", "--stack", "acme").stdout).values()
    return dict(found)


def test_roles_are_made_told_and_taken_back(company: Workspace, label: str) -> None:
    region = load().aws.region
    push, pull = f"chaosreg-{label}-{region}-push", f"chaosreg-{label}-{region}-pull"
    company.edit("stacks/Pulumi.acme.yaml", CREATE, f"{CREATE} identities: {{{PUSH}, {PULL}}},")
    company.up("acme")

    # each trusts just whom it shall, and may do just its part
    iam, made = client(load().aws, "iam"), roles(label)
    assert set(made) == {push, pull}
    (statement,) = _document(made[pull]["AssumeRolePolicyDocument"])["Statement"]
    assert statement["Condition"]["StringEquals"] == {
        "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE:aud": "sts.amazonaws.com",
        "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE:sub": "system:serviceaccount:chaos:litmus",
    }
    policies = output(company, "policies")
    for who, role in (("push", push), ("pull", pull)):
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        assert _document(document) == json.loads(policies[who])

    # whoever attaches them is told, a ServiceAccount as well as a kubelet
    assert output(company, "identities") == {"push": made[push]["Arn"], "pull": made[pull]["Arn"]}
    nodes = output(company, "node_identity")
    assert nodes["service_account_annotations"] == {"eks.amazonaws.com/ecr-role-arn": made[pull]["Arn"]}
    (provider,) = json.loads(nodes["credential_provider_config"])["providers"]
    assert provider["matchImages"] == [load().aws.registry]
    company.up("acme", "--expect-no-changes")

    # an identity that nobody asks for any more is gone, although repositories are kept
    company.edit("stacks/Pulumi.acme.yaml", f"{PUSH}, ", "")
    company.up("acme")
    assert set(roles(label)) == {pull}

    # and who pulls goes on pulling what `destroy` keeps
    company.run("pulumi", "destroy", "--stack", "acme", "--yes", "--skip-preview")
    assert set(roles(label)) == {pull}
    assert iam.list_role_policies(RoleName=pull)["PolicyNames"]


def _document(text: Any) -> dict[str, Any]:
    return json.loads(unquote(text)) if isinstance(text, str) else dict(text)
