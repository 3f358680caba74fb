"""What is made at Amazon ECR: one repository for each image, closed, immutable, with rules that take untagged only."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore
import pytest

from pulumi_chaosreg.provision import ecr
from pulumi_chaosreg.provision.protocol import ImageRepository, OwnedRegistry, Pullers, RepositorySettings
from pulumi_chaosreg.provision.provision import provision
from pulumi_chaosreg.registries.aws import partition
from tests.support.mocked_program import Recorder, run_program
from tests.support.owned_registry import owned_registry

pytestmark = pytest.mark.components

SERVER = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
IMAGE = ImageRepository("chaos/chaos-ddcr", ("1.94.0",))
CREATE = RepositorySettings(create=True)


def registry(server: str = SERVER) -> OwnedRegistry:
    return owned_registry(server)


def made(settings: RepositorySettings = CREATE, *images: ImageRepository, server: str = SERVER) -> Recorder:
    return run_program(lambda: provision(registry(server), settings, images or (IMAGE,)) and None)


def inputs(recorder: Recorder, type_: str, name: str = "chaos-ddcr", server: str = SERVER) -> dict[str, Any]:
    return recorder.made[f"{type_} acme:{server}/chaos/{name}"]


def policy(recorder: Recorder, type_: str) -> dict[str, Any]:
    return json.loads(inputs(recorder, type_)["policy"])


REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"


def test_each_image_has_a_repository_of_its_path_in_the_region_of_the_host() -> None:
    recorder = made(CREATE, IMAGE, ImageRepository("chaos/chaos-go-runner", ("1.94.0",)))
    of_types = sorted(name.split()[0] for name in recorder.made if not name.startswith("pulumi:"))
    assert of_types == [LIFECYCLE, LIFECYCLE, REPOSITORY, REPOSITORY]
    said = inputs(recorder, REPOSITORY, "chaos-go-runner")
    assert (said["name"], said["region"], said["forceDelete"]) == ("chaos/chaos-go-runner", "eu-west-1", False)


def test_by_default_tags_stay_pushes_are_scanned_and_nobody_else_pulls() -> None:
    recorder = made()
    said = inputs(recorder, REPOSITORY)
    assert said["imageScanningConfiguration"] == {"scanOnPush": True}
    assert said["encryptionConfigurations"] == [{"encryptionType": "AES256"}]
    assert said["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert said["imageTagMutabilityExclusionFilters"] == [{"filter": "sha256-*", "filterType": "WILDCARD"}]
    assert not any(name.startswith(POLICY) for name in recorder.made)


@pytest.mark.parametrize(
    ("settings", "image", "expected"),
    [
        (CREATE, IMAGE, ("IMMUTABLE_WITH_EXCLUSION", ("sha256-*",))),
        (replace(CREATE, with_signatures=False), IMAGE, ("IMMUTABLE", ())),
        (CREATE, replace(IMAGE, moving_tags=("latest",)), ("IMMUTABLE_WITH_EXCLUSION", ("latest", "sha256-*"))),
        (replace(CREATE, immutable_tags=False), replace(IMAGE, moving_tags=("latest",)), ("MUTABLE", ())),
    ],
)
def test_only_what_is_meant_to_move_does(
    settings: RepositorySettings, image: ImageRepository, expected: tuple[str, tuple[str, ...]]
) -> None:
    assert ecr.mutability(settings, image) == expected


@pytest.mark.parametrize(("days", "expected"), [(None, 14), (3, 3)])
def test_the_only_rule_takes_what_has_had_no_tag_for_days(days: int | None, expected: int) -> None:
    (rule,) = policy(made(replace(CREATE, expire_untagged_after_days=days)), LIFECYCLE)["rules"]
    assert rule["selection"]["tagStatus"] == "untagged"
    assert (rule["selection"]["countType"], rule["selection"]["countNumber"]) == ("sinceImagePushed", expected)
    assert rule["action"] == {"type": "expire"}


def test_a_key_tags_and_protection_are_given_on() -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/1"
    recorder = made(replace(CREATE, kms_key=key, tags={"team": "chaos"}, protect=True))
    said = inputs(recorder, REPOSITORY)
    assert said["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": key}]
    assert said["tags"] == {"team": "chaos"}
    assert recorder.options[f"{REPOSITORY} acme:{SERVER}/chaos/chaos-ddcr"].protect


@pytest.mark.parametrize("retain", [True, False])
def test_what_is_retained_is_only_forgotten_and_its_policies_with_it_alone(retain: bool) -> None:
    recorder = made(replace(CREATE, retain=retain, protect=True, pullers=Pullers(organization="o-a1b2c3d4e5")))
    name = f"acme:{SERVER}/chaos/chaos-ddcr"
    repository = recorder.options[f"{REPOSITORY} {name}"]
    assert (repository.retainOnDelete, repository.protect) == (retain, True)
    for type_ in (LIFECYCLE, POLICY):  # alone they go, whatever their repository inherits to them
        policy = recorder.options[f"{type_} {name}"]
        assert (policy.retainOnDelete, policy.protect) == (False, False)
        assert policy.deletedWith.endswith(f"{REPOSITORY}::{name}")


def test_nothing_that_ecr_cannot_change_makes_another_repository() -> None:
    options = made().options[f"{REPOSITORY} acme:{SERVER}/chaos/chaos-ddcr"]
    assert list(options.ignoreChanges) == ["encryptionConfigurations"]
    assert options.deleteBeforeReplaceDefined
    assert not options.deleteBeforeReplace


KEY, OTHER = (f"arn:aws:kms:eu-west-1:123456789012:key/{number}" for number in (1, 2))


@pytest.mark.parametrize(
    ("wanted", "found", "told"),
    [
        ("", "", None),
        (KEY, KEY, None),
        (KEY, OTHER, OTHER),
        ("", KEY, KEY),
        (KEY, "", ""),
        ("alias/chaos", KEY, None),  # which key that is, nobody tells here
        ("alias/chaos", "", ""),
    ],
)
def test_another_key_than_the_repository_has_is_told(wanted: str, found: str, told: str | None) -> None:
    live = SimpleNamespace(encryption_type="KMS" if found else "AES256", kms_key=found or None)
    assert ecr.other_key(wanted, [live]) == told


# --- who may pull, and with what rights


def test_others_pull_by_name() -> None:
    pullers = Pullers(accounts=("210987654321",), roles=("arn:aws:iam::210987654321:role/nodes",))
    (statement,) = policy(made(replace(CREATE, pullers=pullers)), POLICY)["Statement"]
    assert statement["Principal"] == {"AWS": ["arn:aws:iam::210987654321:role/nodes", "arn:aws:iam::210987654321:root"]}


def test_everybody_pulls_only_where_an_organization_is_named() -> None:
    (statement,) = policy(made(replace(CREATE, pullers=Pullers(organization="o-abc123"))), POLICY)["Statement"]
    assert statement["Principal"] == "*"
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-abc123"}}


def test_no_identity_has_what_it_does_not_need() -> None:
    found: list[dict[str, Any]] = []

    def program() -> None:
        result = provision(registry(), CREATE, (IMAGE,))
        found.append({who: json.loads(str(getattr(result, who).document)) for who in ("pull", "push", "delete")})

    run_program(program)
    actions = {
        who: {action for statement in document["Statement"] for action in statement["Action"]}
        for who, document in found[0].items()
    }
    assert "ecr:PutImage" not in actions["pull"]
    assert "ecr:BatchDeleteImage" not in actions["pull"] | actions["push"]
    for document in found[0].values():
        everywhere = [statement for statement in document["Statement"] if statement["Resource"] == "*"]
        assert [statement["Action"] for statement in everywhere] == [["ecr:GetAuthorizationToken"]]
        assert document["Statement"][1]["Resource"] == [
            "arn:aws:ecr:eu-west-1:123456789012:repository/chaos/chaos-ddcr"
        ]


def test_a_repository_s_policy_has_no_right_to_log_in() -> None:
    text = inputs(made(replace(CREATE, pullers=Pullers(organization="o-abc123"))), POLICY)["policy"]
    assert "GetAuthorizationToken" not in text


def test_every_region_is_in_the_partition_that_aws_says() -> None:
    known = json.loads((Path(botocore.__file__).parent / "data/partitions.json").read_text())["partitions"]
    regions = {region: one["id"] for one in known for region in one["regions"] if not region.endswith("-global")}
    assert {region: partition(region).name for region in regions} == regions
