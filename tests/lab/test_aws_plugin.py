"""What the engine says with the lab's stand-in for the AWS plugin, against moto.

What replaces and what updates was read in the sources of the official plugin (lab/plugins/aws/kinds.py), not seen
with it: it cannot be had here. `LAB_AWS_PLUGIN=…/pulumi-resource-aws` runs the same table with an official one.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.aws_orders import refuse
from lab.state import AwsState, load
from tests.support.aws_plugin_lab import Resource, Stack, resource
from tests.support.engine_stack import Run
from tests.support.lab_aws import client

pytestmark = pytest.mark.engine

REPLACED_IN_PLACE = ["delete-replaced", "replace", "create-replacement"]  # first gone, then there again
REPLACED_BY_A_NEW_ONE = ["create-replacement", "replace", "delete-replaced"]
ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def aws() -> AwsState:
    found = load().aws
    assert found, "the part `aws` was not started"
    return found


@pytest.fixture
def prefix() -> str:
    """Names of its own for each test: all share one account."""
    return f"t{secrets.token_hex(4)}"


@pytest.fixture
def ecr(aws: AwsState) -> Any:
    return client(aws, "ecr")


def lifecycle(days: int) -> str:
    rule = {
        "rulePriority": 1,
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": days,
        },
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]})


def pull_policy(*accounts: str, actions: str | list[str] = "ecr:BatchGetImage") -> str:
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    statement = {"Sid": "pull", "Effect": "Allow", "Principal": {"AWS": principals}, "Action": actions}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def push_policy(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


# ---------------------------------------------------------------------------------------------------------------------


def test_a_repository_and_its_policies_are_made_stay_and_do_not_go_while_images_are_there(
    aws: AwsState, ecr: Any, prefix: str, tmp_path: Path
) -> None:
    name = f"{prefix}/harness/chaos-ddcr"
    program = [
        resource(
            "ecr.Repository",
            "repository",
            name=name,
            image_tag_mutability="IMMUTABLE_WITH_EXCLUSION",
            image_tag_mutability_exclusion_filters=[{"filter": "sha256-*", "filter_type": "WILDCARD"}],
            image_scanning_configuration={"scan_on_push": True},
            tags={"team": "chaos"},
        ),
        resource("ecr.LifecyclePolicy", "lifecycle", repository=output("repository", "name"), policy=lifecycle(30)),
        resource("ecr.RepositoryPolicy", "pull", repository=output("repository", "name"), policy=pull_policy(ACCOUNT)),
    ]
    stack = Stack(tmp_path / "stack", aws, {"AWS_REGION": "eu-central-1"})
    assert "this is the lab's stand-in" in stack.preview(*program).messages("warning")

    made = stack.up(*program, caller=True)

    assert made.code == 0, made.output
    abroad = client(aws, "ecr", "eu-central-1")
    (found,) = abroad.describe_repositories(repositoryNames=[name])["repositories"]
    assert found["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert found["imageTagMutabilityExclusionFilters"] == [{"filter": "sha256-*", "filterType": "WILDCARD"}]
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    assert abroad.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"] == [
        {"Key": "team", "Value": "chaos"}
    ]
    outputs = stack.state()["repository"]["outputs"]
    assert outputs["repositoryUrl"] == f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/{name}"
    assert outputs["region"] == "eu-central-1"

    assert changed(stack.up(*program, caller=True), program) == {}
    assert stack.refresh().code == 0
    assert changed(stack.preview(*program, caller=True), program) == {}

    manifest = json.dumps({"schemaVersion": 2, "config": {"size": 1}, "layers": []})
    abroad.put_image(repositoryName=name, imageManifest=manifest, imageManifestMediaType="application/x", imageTag="1")
    refused = stack.destroy()
    assert refused.code != 0
    assert f"ECR Repository ({name}) not empty, consider using force_delete" in refused.messages("error")

    abroad.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "1"}])
    gone = stack.destroy()
    assert gone.code == 0, gone.output
    assert name not in {each["repositoryName"] for each in abroad.describe_repositories()["repositories"]}


# ---------------------------------------------------------------------------------------------------------------------
# Changes. All rows live in one stack: one `up` of every `before`, one preview and one `up` of every `after`.


@dataclass(frozen=True)
class Change:
    """One resource, changed once: what the engine must plan, and then do. `{}` in a text is the run's own prefix."""

    name: str
    kind: str
    before: dict[str, Any]
    after: dict[str, Any]
    operations: list[str]
    differences: dict[str, str]


CHANGES = [
    Change(
        "mutability",
        "ecr.Repository",
        before={"name": "{}/mutability", "image_tag_mutability": "IMMUTABLE"},
        after={
            "name": "{}/mutability",
            "image_tag_mutability": "IMMUTABLE_WITH_EXCLUSION",
            "image_tag_mutability_exclusion_filters": [{"filter": "main*", "filter_type": "WILDCARD"}],
        },
        operations=["update"],
        differences={"imageTagMutability": "update", "imageTagMutabilityExclusionFilters": "add"},
    ),
    Change(
        "filters",
        "ecr.Repository",
        before={
            "name": "{}/filters",
            "image_tag_mutability": "IMMUTABLE_WITH_EXCLUSION",
            "image_tag_mutability_exclusion_filters": [
                {"filter": "main*", "filter_type": "WILDCARD"},
                {"filter": "latest", "filter_type": "WILDCARD"},
            ],
        },
        after={
            "name": "{}/filters",
            "image_tag_mutability": "IMMUTABLE_WITH_EXCLUSION",
            "image_tag_mutability_exclusion_filters": [{"filter": "edge", "filter_type": "WILDCARD"}],
        },
        operations=["update"],
        differences={
            "imageTagMutabilityExclusionFilters[0].filter": "update",
            "imageTagMutabilityExclusionFilters[1]": "delete",
        },
    ),
    Change(
        "scanning",
        "ecr.Repository",
        before={"name": "{}/scanning", "image_scanning_configuration": {"scan_on_push": False}},
        after={"name": "{}/scanning", "image_scanning_configuration": {"scan_on_push": True}},
        operations=["update"],
        differences={"imageScanningConfiguration.scanOnPush": "update"},
    ),
    Change(  # verify.SuppressMissingOptionalConfigurationBlock
        "scanning-left-out",
        "ecr.Repository",
        before={"name": "{}/scanning-left-out", "image_scanning_configuration": {"scan_on_push": True}},
        after={"name": "{}/scanning-left-out"},
        operations=["same"],
        differences={},
    ),
    Change(
        "tags",
        "ecr.Repository",
        before={"name": "{}/tags", "tags": {"changed": "1", "dropped": "1", "kept": "1"}},
        after={"name": "{}/tags", "tags": {"changed": "2", "kept": "1", "added": "1"}},
        operations=["update"],
        differences={
            f"{place}.{tag}": how
            for place in ("tags", "tagsAll")
            for tag, how in (("added", "add"), ("changed", "update"), ("dropped", "delete"))
        },
    ),
    Change(
        "force",
        "ecr.Repository",
        before={"name": "{}/force"},
        after={"name": "{}/force", "force_delete": True},
        operations=["update"],
        differences={"forceDelete": "add"},
    ),
    Change(
        "encryption",
        "ecr.Repository",
        before={"name": "{}/encryption", "encryption_configurations": [{"encryption_type": "AES256"}]},
        after={"name": "{}/encryption", "encryption_configurations": [{"encryption_type": "KMS"}]},
        operations=REPLACED_IN_PLACE,
        differences={"encryptionConfigurations[0].encryptionType": "update-replace"},
    ),
    Change(
        "name",
        "ecr.Repository",
        before={"name": "{}/name"},
        after={"name": "{}/renamed"},
        operations=REPLACED_IN_PLACE,
        differences={"name": "update-replace"},
    ),
    Change(
        "made-up-name",
        "ecr.Repository",
        before={"encryption_configurations": [{"encryption_type": "AES256"}]},
        after={"encryption_configurations": [{"encryption_type": "KMS"}]},
        operations=REPLACED_BY_A_NEW_ONE,
        differences={"encryptionConfigurations[0].encryptionType": "update-replace"},
    ),
    Change(
        "region",
        "ecr.Repository",
        before={"name": "{}/region", "region": "eu-west-1"},
        after={"name": "{}/region", "region": "us-east-1"},
        operations=REPLACED_IN_PLACE,
        differences={"region": "update-replace"},
    ),
    Change(
        "lifecycle",
        "ecr.LifecyclePolicy",
        before={"repository": {"$output": ["scanning-left-out", "name"]}, "policy": lifecycle(30)},
        after={"repository": {"$output": ["scanning-left-out", "name"]}, "policy": lifecycle(7)},
        operations=REPLACED_IN_PLACE,
        differences={"policy": "update-replace"},
    ),
    Change(
        "policy",
        "ecr.RepositoryPolicy",
        before={"repository": {"$output": ["scanning-left-out", "name"]}, "policy": pull_policy("111111111111")},
        after={
            "repository": {"$output": ["scanning-left-out", "name"]},
            "policy": pull_policy("111111111111", "222222222222"),
        },
        operations=["update"],
        differences={"policy": "update"},
    ),
    Change(
        "policy-in-other-words",
        "ecr.RepositoryPolicy",
        before={"repository": {"$output": ["tags", "name"]}, "policy": pull_policy("111111111111")},
        after={
            "repository": {"$output": ["tags", "name"]},
            "policy": pull_policy("111111111111", actions=["ecr:BatchGetImage"]),
        },
        operations=["same"],
        differences={},
    ),
    Change(
        "role",
        "iam.Role",
        before={"name": "{}-role", "assume_role_policy": trust("ec2.amazonaws.com"), "description": "one"},
        after={
            "name": "{}-role",
            "assume_role_policy": trust("pods.eks.amazonaws.com"),
            "description": "two",
            "max_session_duration": 7200,
        },
        operations=["update"],
        differences={"assumeRolePolicy": "update", "description": "update", "maxSessionDuration": "update"},
    ),
    Change(
        "role-path",
        "iam.Role",
        before={"name": "{}-path", "assume_role_policy": trust("ec2.amazonaws.com")},
        after={"name": "{}-path", "assume_role_policy": trust("ec2.amazonaws.com"), "path": "/chaos/"},
        operations=REPLACED_IN_PLACE,
        differences={"path": "update-replace"},
    ),
    Change(
        "role-policy",
        "iam.RolePolicy",
        before={"name": "push", "role": {"$output": ["role", "name"]}, "policy": push_policy("ecr:PutImage")},
        after={"name": "push", "role": {"$output": ["role", "name"]}, "policy": push_policy("ecr:BatchGetImage")},
        operations=["update"],
        differences={"policy": "update"},
    ),
    Change(
        "role-policy-name",
        "iam.RolePolicy",
        before={"name": "old", "role": {"$output": ["role", "name"]}, "policy": push_policy("ecr:PutImage")},
        after={"name": "new", "role": {"$output": ["role", "name"]}, "policy": push_policy("ecr:PutImage")},
        operations=REPLACED_IN_PLACE,
        differences={"name": "update-replace"},
    ),
]


@pytest.fixture(scope="module")
def changes(aws: AwsState, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Run, Run]]:
    """The preview and the `up` of all changes, and what comes after."""
    prefix = f"t{secrets.token_hex(4)}"

    def program(which: str) -> list[Resource]:
        return [resource(row.kind, row.name, **named(getattr(row, which), prefix)) for row in CHANGES]

    stack = Stack(tmp_path_factory.mktemp("changes") / "stack", aws)
    made = stack.up(*program("before"))
    assert made.code == 0, made.output
    preview, up = stack.preview(*program("after")), stack.up(*program("after"))
    assert up.code == 0, up.output
    refreshed = stack.refresh()
    assert refreshed.code == 0, refreshed.output
    yield preview, up, stack.preview(*program("after"))
    gone = stack.destroy()
    assert gone.code == 0, gone.output


@pytest.mark.nightly
@pytest.mark.parametrize("row", CHANGES, ids=lambda row: row.name)
def test_a_change_is_planned_done_and_then_over(row: Change, changes: tuple[Run, Run, Run]) -> None:
    preview, up, after = changes
    assert preview.operations(row.name) == row.operations
    assert preview.differences(row.name) == row.differences
    assert up.operations(row.name) == row.operations
    assert after.operations(row.name) == ["same"], after.differences(row.name)


# ---------------------------------------------------------------------------------------------------------------------
# What is refused, what drifts, and whose account it is.


@pytest.mark.nightly
def test_what_is_wrong_is_told_by_the_preview_or_by_aws(aws: AwsState, ecr: Any, prefix: str, tmp_path: Path) -> None:
    stack = Stack(tmp_path / "stack", aws)
    wrong = stack.preview(resource("ecr.Repository", "word", name=prefix, image_tag_mutability="FROZEN"))
    assert "property imageTagMutability" in wrong.messages("error")
    assert "got FROZEN" in wrong.messages("error")

    ecr.create_repository(repositoryName=prefix)
    collided = stack.up(resource("ecr.Repository", "there", name=prefix))
    assert f"creating ECR Repository ({prefix}): RepositoryAlreadyExistsException" in collided.messages("error")
    assert "there" not in stack.state()


@pytest.mark.nightly
def test_what_was_made_but_could_not_be_read_is_kept_and_finished_by_the_next_run(
    aws: AwsState, ecr: Any, prefix: str, tmp_path: Path
) -> None:
    program = resource("ecr.Repository", "half", name=prefix, tags={"a": "1"})
    stack = Stack(tmp_path / "stack", aws)
    refuse(aws, "ListTagsForResource", "AccessDeniedException")

    half = stack.up(program)

    assert half.code != 0
    assert f"reading ECR Repository ({prefix}): AccessDeniedException" in half.messages("error")
    assert stack.state()["half"]["id"] == prefix
    assert stack.up(program).code == 0
    assert stack.preview(program).operations("half") == ["same"]
    assert stack.state()["half"]["outputs"]["repositoryUrl"].endswith(prefix)


@pytest.mark.nightly
def test_drift_and_loss_are_seen_after_a_refresh_and_what_is_there_can_be_imported(
    aws: AwsState, ecr: Any, prefix: str, tmp_path: Path
) -> None:
    def repository(name: str, **options: Any) -> Resource:
        return resource(
            "ecr.Repository",
            name,
            name=f"{prefix}/{name}",
            image_tag_mutability="IMMUTABLE",
            tags={"a": "1"},
            options=options,
        )

    found = {"repositoryName": f"{prefix}/found", "imageTagMutability": "IMMUTABLE"}
    ecr.create_repository(**found, tags=[{"Key": "a", "Value": "1"}])
    program = [repository("drifting"), repository("lost"), repository("found", import_=f"{prefix}/found")]
    stack = Stack(tmp_path / "stack", aws)
    first = stack.up(*program)
    assert first.code == 0, first.output
    assert first.operations("found") == ["import"]

    ecr.put_image_tag_mutability(repositoryName=f"{prefix}/drifting", imageTagMutability="MUTABLE")
    ecr.delete_repository(repositoryName=f"{prefix}/lost")
    assert changed(stack.preview(*program), program) == {}  # nobody looked
    assert stack.refresh().code == 0
    seen = stack.preview(*program)
    assert changed(seen, program) == {"drifting": ["update"], "lost": ["create"]}
    assert seen.differences("drifting") == {"imageTagMutability": "update"}


@pytest.mark.nightly
def test_another_account_is_refused_before_anything_is_planned(aws: AwsState, prefix: str, tmp_path: Path) -> None:
    program = resource("ecr.Repository", "repository", provider="theirs", name=prefix)
    stack = Stack(tmp_path / "stack", aws)

    run = stack.preview(program, providers={"theirs": {"region": "eu-west-1", "allowed_account_ids": ["111111111111"]}})

    assert run.code != 0
    assert f"AWS account ID not allowed: {ACCOUNT}" in run.messages("error")


@pytest.mark.nightly
def test_default_tags_of_a_provider_are_on_everything_and_another_one_is_a_difference(
    aws: AwsState, ecr: Any, prefix: str, tmp_path: Path
) -> None:
    def providers(owner: str) -> dict[str, Any]:
        return {"tagged": {"default_tags": {"tags": {"owner": owner}}}}

    program = resource("ecr.Repository", "repository", provider="tagged", name=prefix, tags={"a": "1"})
    stack = Stack(tmp_path / "stack", aws)
    assert stack.up(program, providers=providers("one")).code == 0
    assert stack.refresh().code == 0
    assert stack.preview(program, providers=providers("one")).operations("repository") == ["same"]

    run = stack.up(program, providers=providers("two"))

    assert run.differences("repository") == {"tagsAll.owner": "update"}
    (found,) = ecr.describe_repositories(repositoryNames=[prefix])["repositories"]
    tags = ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"a": "1", "owner": "two"}


def output(name: str, of: str) -> dict[str, Any]:
    return {"$output": [name, of]}


def named(arguments: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The arguments with names of this run."""
    if "{}" in arguments.get("name", ""):
        return {**arguments, "name": arguments["name"].replace("{}", prefix)}
    return arguments


def changed(run: Run, program: list[Resource]) -> dict[str, list[str]]:
    """What was done with those resources that did not stay the same."""
    assert run.code == 0, run.output
    operations = {each.name: run.operations(each.name) for each in program}
    return {name: done for name, done in operations.items() if done != ["same"]}
