"""What is asked of ECR, by which actions, and what is said where it refuses. The API is moto's."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from boto3.session import Session

from lab.aws_orders import refuse
from lab.state import AwsState
from pulumi_chaosreg.adoption.adopters import adopter
from pulumi_chaosreg.adoption.ecr import reading
from pulumi_chaosreg.adoption.protocol import Adopter
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provision.ecr import lifecycle, pull_policy
from pulumi_chaosreg.provision.protocol import ImageRepository, Pullers, RepositorySettings
from tests.support.documented_policies import documented_statement
from tests.support.lab_aws import client
from tests.support.own_aws import own_aws
from tests.support.owned_registry import owned_registry

PULLERS = Pullers(organization="o-abc123")
SETTINGS = RepositorySettings(create=True, pullers=PULLERS)
DOCUMENTED = documented_statement("docs/registries/ecr.md", "Adopt")


@pytest.fixture(scope="module")
def running() -> Iterator[AwsState]:
    with own_aws() as aws:
        yield aws


@pytest.fixture
def aws(running: AwsState, monkeypatch: pytest.MonkeyPatch) -> AwsState:
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    return running


def asked(
    label: str,
    server: str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
    settings: RepositorySettings = SETTINGS,
) -> Adopter:
    registry = owned_registry(server, label)
    return adopter(registry, settings)


@pytest.fixture
def repository(aws: AwsState, label: str) -> ImageRepository:
    """One with everything that hangs below a repository."""
    ecr, path = client(aws, "ecr"), f"{label}/chaos-ddcr"
    ecr.create_repository(repositoryName=path, tags=[{"Key": "team", "Value": "x"}, {"Key": "aws:of", "Value": "y"}])
    ecr.put_lifecycle_policy(repositoryName=path, lifecyclePolicyText=lifecycle(14))
    ecr.set_repository_policy(repositoryName=path, policyText=pull_policy(PULLERS, ["ecr:BatchGetImage"], "aws"))
    return ImageRepository(path, ("1.94.0",))


def _action(model: Any) -> str:
    return f"{model.service_model.signing_name}:{model.name}"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The actions that were called."""
    seen: set[str] = set()

    class Watched(Session):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            self.events.register("before-call", lambda model, **_: seen.add(_action(model)))

    monkeypatch.setattr(reading, "Session", Watched)
    return seen


def test_only_actions_of_the_documented_policy_are_called(
    repository: ImageRepository, label: str, calls: set[str]
) -> None:
    there = asked(label)
    found = there.look(repository)
    assert there.look(ImageRepository(f"{label}/none", ())).is_there is False
    assert there.others({repository.path}) == ()
    assert [one.type.rpartition(":")[2] for one in found.imports] == [
        "Repository",
        "LifecyclePolicy",
        "RepositoryPolicy",
    ]
    assert {one.id for one in found.imports} == {f"{repository.path}@eu-west-1"}
    assert {each.setting for each in found.differences} == {
        "immutable_tags",
        "scan_on_push",
        "tags.team",
        "pullers",
    }
    # who one is may be asked by everybody
    assert calls - {"sts:GetCallerIdentity"} == set(DOCUMENTED["Action"])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (replace(SETTINGS, expire_untagged_after_days=30), ["Repository", "RepositoryPolicy"]),
        (replace(SETTINGS, pullers=Pullers()), ["Repository", "LifecyclePolicy"]),
    ],
    ids=["other rules, which are put over theirs", "another policy, which is left alone"],
)
def test_only_what_up_would_change_in_place_or_not_at_all_is_imported(
    repository: ImageRepository, label: str, settings: RepositorySettings, expected: list[str]
) -> None:
    found = asked(label, settings=settings).look(repository)
    assert [one.type.rpartition(":")[2] for one in found.imports] == expected


def test_what_is_beside_ours_is_named_and_what_is_elsewhere_is_not(
    aws: AwsState, repository: ImageRepository, label: str
) -> None:
    client(aws, "ecr").create_repository(repositoryName=f"{label}/tools")
    client(aws, "ecr").create_repository(repositoryName=f"{label}-2/tools")
    client(aws, "ecr", "us-west-2").create_repository(repositoryName=f"{label}/abroad")
    assert asked(label).others({repository.path}) == (f"{label}/tools",)


@pytest.fixture
def become(aws: AwsState, label: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    """From then on this machine is a role that may do just what this statement says."""

    def become(statement: dict[str, Any]) -> None:
        iam, everybody = client(aws, "iam"), {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
        trust, policy = ({"Version": "2012-10-17", "Statement": [one]} for one in (everybody, statement))
        role = iam.create_role(RoleName=label, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        iam.put_role_policy(RoleName=label, PolicyName="just-this", PolicyDocument=json.dumps(policy))
        given = client(aws, "sts").assume_role(RoleArn=role, RoleSessionName="adopt")["Credentials"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", given["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", given["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", given["SessionToken"])

    return become


def test_the_documented_policy_is_enough(
    repository: ImageRepository, label: str, become: Callable[[dict[str, Any]], None]
) -> None:
    become(DOCUMENTED)
    there = asked(label)
    assert there.look(repository).is_there
    assert there.others({repository.path}) == ()


def test_a_policy_for_our_repositories_only_is_enough_for_these(
    repository: ImageRepository, label: str, become: Callable[[dict[str, Any]], None]
) -> None:
    become({**DOCUMENTED, "Resource": DOCUMENTED["Resource"].replace("repository/*", f"repository/{label}/*")})
    there = asked(label)
    assert there.look(repository).is_there
    assert there.others(set()) is None


@pytest.mark.parametrize("action", DOCUMENTED["Action"])
def test_none_of_the_documented_actions_can_be_left_out(
    repository: ImageRepository, label: str, become: Callable[[dict[str, Any]], None], action: str
) -> None:
    become({**DOCUMENTED, "Action": [one for one in DOCUMENTED["Action"] if one != action]})
    with pytest.raises(ChaosregError, match="CHR0492") as raised:
        asked(label).look(repository)
    assert f"AWS does not allow `{action}` on `{repository.path}`" in str(raised.value)
    assert f"assumed-role/{label}/adopt" in str(raised.value)


def test_a_throttled_question_is_asked_again(aws: AwsState, repository: ImageRepository, label: str) -> None:
    there = asked(label)
    refuse(aws, "GetLifecyclePolicy", "ThrottlingException")
    assert there.look(repository).is_there


def test_what_aws_does_not_answer_is_not_taken_for_nothing(
    aws: AwsState, repository: ImageRepository, label: str
) -> None:
    there = asked(label)
    refuse(aws, "GetLifecyclePolicy", "InvalidParameterException")
    with pytest.raises(ChaosregError) as raised:
        there.look(repository)
    (finding,) = raised.value.findings
    assert (finding.code, finding.message) == (
        "CHR0493",
        f"AWS does not answer `ecr:GetLifecyclePolicy` for `{repository.path}`: InvalidParameterException",
    )


def test_an_identity_of_another_account_is_refused_before_anything_is_looked_at(aws: AwsState, label: str) -> None:
    with pytest.raises(ChaosregError, match="CHR0494") as raised:
        asked(label, "210987654321.dkr.ecr.eu-west-1.amazonaws.com")
    assert "belongs to AWS account 210987654321, but this machine to 123456789012" in str(raised.value)


def test_a_machine_without_an_identity_is_told_so(aws: AwsState, label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(ChaosregError, match="CHR0515"):
        asked(label)


def test_no_secret_key_is_in_what_is_said(aws: AwsState, label: str) -> None:
    refuse(aws, "GetCallerIdentity", "InvalidClientTokenId")
    with pytest.raises(ChaosregError) as raised:
        asked(label)
    assert aws.environment["AWS_SECRET_ACCESS_KEY"] not in repr(raised.value) + str(raised.value)
