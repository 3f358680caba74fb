"""What the stand-in for the AWS plugin decides without asking anybody: inputs, differences, and equal policies."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.plugins.aws.inputs import checked
from lab.plugins.aws.kinds import KINDS, kind_of
from lab.plugins.aws.policies import same_lifecycle, same_policy
from lab.plugins.aws.settings import Settings
from lab.plugins.protocol.differences import diff_resource
from lab.plugins.protocol.errors import PluginError
from lab.plugins.protocol.values import UNKNOWN, Secret

REPOSITORY = KINDS["aws:ecr/repository:Repository"]
LIFECYCLE = KINDS["aws:ecr/lifecyclePolicy:LifecyclePolicy"]
FILTER = {"filter": "main", "filterType": "WILDCARD"}


def inputs_of(program: dict[str, Any], settings: Settings | None = None, old: dict[str, Any] | None = None) -> Any:
    """What Check makes of a program's repository. Each call has a seed of its own, as each run of the engine has."""
    inputs, refusals = checked(
        REPOSITORY, "urn:pulumi:s::p::t::chaos", program, old or {}, settings or Settings(), secrets.token_bytes(8)
    )
    assert refusals == []
    return inputs


@pytest.mark.parametrize(
    ("kind", "program", "about", "reason"),
    [
        (REPOSITORY, {"imageTagMutabilityExclusionFilters": [FILTER]}, "", "can only be used when"),
        (
            REPOSITORY,
            {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": [FILTER] * 6},
            "imageTagMutabilityExclusionFilters",
            "at most 5",
        ),
        (REPOSITORY, {"imageTagMutability": "FROZEN"}, "imageTagMutability", "got FROZEN"),
        (REPOSITORY, {"imageScanningConfiguration": {}}, "imageScanningConfiguration.scanOnPush", "Missing required"),
        (
            REPOSITORY,
            {"encryptionConfigurations": [{"encryptionType": "DES"}]},
            "encryptionConfigurations[0].encryptionType",
            "got DES",
        ),
        (REPOSITORY, {"colour": "red"}, "colour", "does not know the property colour"),
        (LIFECYCLE, {"repository": "a", "policy": "{"}, "policy", "invalid JSON"),
        (LIFECYCLE, {"policy": "{}"}, "repository", "Missing required"),
    ],
)
def test_what_the_provider_refuses_is_refused(kind: Any, program: dict[str, Any], about: str, reason: str) -> None:
    _, refusals = checked(kind, "urn:pulumi:s::p::t::chaos", program, {}, Settings(), b"")
    assert [refusal.about for refusal in refusals] == [about]
    assert reason in refusals[0].reason


def test_what_the_program_leaves_out_is_made_up_and_kept_from_then_on() -> None:
    settings = Settings(region="eu-west-1", default_tags={"owner": "platform", "team": "all"})
    made = inputs_of({"tags": {"team": "chaos"}}, settings)

    assert made["name"].startswith("chaos-")
    assert made["imageTagMutability"] == "MUTABLE"
    assert made["region"] == "eu-west-1"
    assert made["tagsAll"] == {"owner": "platform", "team": "chaos"}
    assert inputs_of({"tags": {"team": "chaos"}}, settings, old=made) == made
    assert inputs_of({"name": "chaos"}, settings, old=made)["name"] == "chaos"


def test_secret_tags_stay_secret_with_the_default_tags_beside_them() -> None:
    made = inputs_of({"tags": Secret({"team": "chaos"})}, Settings(default_tags={"owner": "platform"}))
    assert made["tags"] == Secret({"team": "chaos"})
    assert made["tagsAll"] == Secret({"owner": "platform", "team": "chaos"})


def test_a_name_that_is_not_known_yet_may_replace() -> None:
    found = diff_resource(REPOSITORY, {"name": "one"}, {"name": UNKNOWN})
    assert [(change.dotted, change.replaces) for change in found.changes] == [("name", True)]


def test_a_key_that_aws_has_chosen_is_no_difference() -> None:
    live = {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": "arn:aws:kms:eu-west-1:1:key/2"}]}
    said = {"encryptionConfigurations": [{"encryptionType": "KMS"}]}
    assert diff_resource(REPOSITORY, live, said).changes == ()


def test_a_repository_has_one_lifecycle_policy_so_the_old_one_goes_first() -> None:
    found = diff_resource(
        LIFECYCLE,
        {"policy": '{"rules": []}', "repository": "a"},
        {"policy": '{"rules": [{"rulePriority": 1}]}', "repository": "a"},
    )
    assert found.delete_before_replace


def test_policies_in_another_order_or_with_lists_of_one_are_the_same() -> None:
    one = {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "a", "Action": ["x", "y"], "Principal": {"AWS": "123456789012"}},
            {"Sid": "b", "Action": "z", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        ],
    }
    other = {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "b", "Action": ["z"], "Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-1"]}}},
            {"Sid": "a", "Action": ["y", "x"], "Principal": {"AWS": ["arn:aws:iam::123456789012:root"]}},
        ],
    }
    assert same_policy(json.dumps(one), json.dumps(other))
    assert not same_policy(json.dumps(one), json.dumps({**other, "Version": "2008-10-17"}))
    assert not same_policy(json.dumps(one), "no JSON")


def test_rules_of_a_lifecycle_policy_may_come_in_any_order() -> None:
    rules = [{"rulePriority": number, "selection": {"tagPrefixList": []}} for number in (1, 2)]
    bare = [{"rulePriority": number, "selection": {}} for number in (2, 1)]
    assert same_lifecycle(json.dumps({"rules": rules}), json.dumps({"rules": bare}))
    assert not same_lifecycle(json.dumps({"rules": rules}), json.dumps({"rules": rules[:1]}))


def test_the_provider_s_settings_come_as_json_and_one_that_is_not_known_is_named() -> None:
    config = {"defaultTags": '{"tags":{"a":"1"}}', "allowedAccountIds": '["1"]', "skipCredentialsValidation": "true"}
    settings = Settings.read(config, {"AWS_DEFAULT_REGION": "eu-west-1"})
    assert settings.default_tags == {"a": "1"}
    assert settings.allowed_accounts == ("1",)
    assert settings.region == "eu-west-1"
    assert not settings.validates
    assert not Settings.read({"region": UNKNOWN}, {}).known
    with pytest.raises(PluginError, match="setting ignoreTags"):
        Settings.read({"ignoreTags": "{}"}, {})


def test_a_kind_that_is_not_known_is_named_with_those_that_are() -> None:
    with pytest.raises(PluginError, match=r"does not know aws:s3/bucket:Bucket; it knows Repository, LifecyclePolicy"):
        kind_of("aws:s3/bucket:Bucket")


def test_the_plugin_starts_without_the_sdk_and_without_boto3() -> None:
    script = (
        "import sys\n"
        "from pulumi_chaosreg.provider.sdk import load_protocol_alone\n"
        "load_protocol_alone()\n"
        "import lab.plugins.aws.servicer\n"
        "print([name for name in ('pulumi', 'pulumi_aws', 'boto3', 'botocore') if name in sys.modules])\n"
    )
    checkout = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, cwd=checkout
    )
    assert done.stdout.strip() == "[]"
