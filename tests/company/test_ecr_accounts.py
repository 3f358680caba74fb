"""In whose account repositories are made: the one that the registry's host names, or nothing is."""

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest

from lab.state import AwsState, load
from tests.support.engine_stack import EngineStack, Run
from tests.support.lab_aws import client

pytestmark = pytest.mark.engine

OURS, THEIRS, A_THIRD = "123456789012", "210987654321", "111111111111"
ROLE, ROLE_OF_A_THIRD = (f"arn:aws:iam::{account}:role/deploy" for account in (THEIRS, A_THIRD))
_PROGRAM = """
import json, pathlib
from pulumi_chaosreg.components.repositories import Repositories
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.provision.protocol import CloudAccess, OwnedRegistry, RepositorySettings
from pulumi_chaosreg.registries.kinds import registry_kind

said = json.loads(pathlib.Path(__file__).with_name("program.json").read_text())
for region in said["regions"]:
    server = f"{said['account']}.dkr.ecr.{region}.amazonaws.com"
    name = f"acme:{server}/{said['path']}"
    registry = OwnedRegistry(server, said["path"], registry_kind(server), name=name, owner="acme")
    settings = RepositorySettings(create=True, aws=CloudAccess(**said["aws"]))
    Repositories(name, registry=registry, settings=settings).add(
        [Reference.parse(f"{server}/{said['path']}/{image}:1") for image in ("chaos-ddcr", "chaos-go-runner")]
    )
"""


class Stack(EngineStack):
    """A program that makes two repositories in each region of one account."""

    def __init__(self, folder: Path, aws: AwsState, label: str, *, has_credentials: bool = True) -> None:
        super().__init__(folder, _PROGRAM, aws.environment)
        self._label = label
        if not has_credentials:
            self._environment |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
                self._environment.pop(name, None)

    def go(
        self, command: str, account: str, aws: dict[str, str] | None = None, regions: tuple[str, ...] = ("eu-west-1",)
    ) -> Run:
        self.write({"account": account, "path": self._label, "aws": aws or {}, "regions": regions})
        return self.run(*command.split())


@pytest.fixture
def aws() -> AwsState:
    found = load().aws
    assert found, "the part `aws` was not started"
    for account in (THEIRS, A_THIRD):
        make_role(found, account)
    return found


def make_role(aws: AwsState, account: str) -> None:
    """The role `deploy` of an account, which may do all at ECR. Who is nobody there needs moto's own header for it."""
    iam = client(aws, "iam")
    iam.meta.events.register(
        "before-send.iam.*", lambda request, **_: request.headers.update({"x-moto-account-id": account})
    )
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OURS}:root"}, "Action": "sts:AssumeRole"}
    rights = {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=document(trust))
    iam.put_role_policy(RoleName="deploy", PolicyName="ecr", PolicyDocument=document(rights))


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def names(ecr: Any, label: str) -> list[str]:
    every = ecr.describe_repositories()["repositories"]
    return [each["repositoryName"] for each in every if each["repositoryName"].startswith(f"{label}/")]


def in_their_account(aws: AwsState, service: str, region: str) -> Any:
    given = client(aws, "sts").assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    return boto3.client(
        service,
        endpoint_url=aws.endpoint,
        region_name=region,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def said(run: Run) -> str:
    return re.sub(r"\s+", " ", run.output)


def test_nothing_is_made_for_a_registry_of_another_account(aws: AwsState, tmp_path: Path, label: str) -> None:
    stack = Stack(tmp_path / "stack", aws, label)
    for command in ("preview", "up --yes --skip-preview"):
        refused = stack.go(command, THEIRS)
        assert refused.code != 0
        assert (
            f"error[CHR0483]: `{THEIRS}.dkr.ecr.eu-west-1.amazonaws.com` is in account {THEIRS}, but this runs"
            in said(refused)
        )
        assert f"but this runs as account {OURS}" in said(refused)
        assert "assume_role" in said(refused)
    assert names(client(aws, "ecr", "eu-west-1"), label) == []
    assert not [name for name in stack.state() if label in name and "chaos-ddcr" in name]


def test_a_role_of_that_account_makes_them_with_what_the_stack_says_of_aws(
    aws: AwsState, tmp_path: Path, label: str
) -> None:
    stack = Stack(tmp_path / "stack", aws, label)
    stack.configure("aws:defaultTags", json.dumps({"tags": {"team": "chaos"}}))
    regions = ("eu-west-1", "us-east-1")

    done = stack.go("up --yes --skip-preview", THEIRS, {"assume_role": ROLE}, regions)
    assert done.code == 0, done.output
    for region in regions:
        ecr = in_their_account(aws, "ecr", region)
        assert sorted(names(ecr, label)) == [f"{label}/chaos-ddcr", f"{label}/chaos-go-runner"]
        assert names(client(aws, "ecr", region), label) == []
    (found,) = ecr.describe_repositories(repositoryNames=[f"{label}/chaos-ddcr"])["repositories"]
    assert {"Key": "team", "Value": "chaos"} in ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]

    # there is one provider for it, whatever the number of registries
    providers = {name: one for name, one in stack.state().items() if one["type"] == "pulumi:providers:aws"}
    assert [name for name in providers if not name.startswith("default")] == [f"aws-{THEIRS}-deploy"]
    inputs = providers[f"aws-{THEIRS}-deploy"]["inputs"]
    assert json.loads(inputs["allowedAccountIds"]) == [THEIRS]
    assert json.loads(inputs["assumeRoles"]) == [{"roleArn": ROLE}]
    again = stack.go("up --yes --skip-preview --expect-no-changes", THEIRS, {"assume_role": ROLE}, regions)
    assert again.code == 0, again.output


@pytest.mark.nightly
def test_a_role_of_a_third_account_is_refused(aws: AwsState, tmp_path: Path, label: str) -> None:
    stack = Stack(tmp_path / "stack", aws, label)
    refused = stack.go("up --yes --skip-preview", THEIRS, {"assume_role": ROLE_OF_A_THIRD})
    assert refused.code != 0
    assert f"AWS account ID not allowed: {A_THIRD}" in refused.output
    assert names(in_their_account(aws, "ecr", "eu-west-1"), label) == []


@pytest.mark.nightly
def test_a_preview_without_credentials_says_what_it_does_not_know(aws: AwsState, tmp_path: Path, label: str) -> None:
    stack = Stack(tmp_path / "stack", aws, label, has_credentials=False)
    stack.configure("aws:skipCredentialsValidation", "true")

    shown = stack.go("preview", OURS)
    assert shown.code == 0, shown.output
    assert "warning[CHR0484]: the account of the AWS credentials is unknown, so only `up`" in said(shown)
    assert shown.operations(f"acme:{OURS}.dkr.ecr.eu-west-1.amazonaws.com/{label}/chaos-ddcr") == ["create", "create"]

    refused = stack.go("up --yes --skip-preview", OURS)
    assert refused.code != 0
    assert "error[CHR0484]: the account of the AWS credentials is unknown" in said(refused)
    assert "NoCredentials" in refused.output
