"""What differs between a repository of ECR that is there and the one that we would make: values in, rows out."""

import json
from dataclasses import replace
from typing import Any

import pytest

from pulumi_chaosreg.adoption.ecr.differences import Description, differences, has_our_rules
from pulumi_chaosreg.adoption.protocol import Effect, FoundRepository, Imported
from pulumi_chaosreg.provision.ecr import Mutability, lifecycle, mutability, pull_policy
from pulumi_chaosreg.provision.protocol import ImageRepository, Pullers, RepositorySettings
from tests.support.owned_registry import owned_registry

SERVER = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
REGISTRY = owned_registry(SERVER)
IMAGE = ImageRepository("chaos/chaos-ddcr", ("1.94.0",))
SETTINGS = RepositorySettings(create=True)
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
AS_OURS = Description(mutability(SETTINGS, IMAGE), scans_on_push=True, lifecycle=lifecycle(14))
PULLERS = Pullers(accounts=("210987654321",), organization="o-abc123")
POLICY = pull_policy(PULLERS, REGISTRY.kind.rights["pull"], "aws")

UPDATE, MAKE, REMOVE = Effect.UPDATE, Effect.MAKE, Effect.REMOVE
OVERWRITE, STAY, REFUSE = Effect.OVERWRITE, Effect.STAY, Effect.REFUSE


def rows(settings: RepositorySettings = SETTINGS, **there: Any) -> list[tuple[str, ...]]:
    found = differences(replace(AS_OURS, **there), REGISTRY, settings, IMAGE)
    return [(each.setting, each.there, each.ours, each.effect, each.keep) for each in found]


def rules(*selections: dict[str, Any]) -> str:
    numbered = enumerate(selections, 1)
    return json.dumps(
        {"rules": [{"rulePriority": n, "selection": one, "action": {"type": "expire"}} for n, one in numbered]}
    )


def test_nothing_differs_in_what_is_as_we_would_make_it() -> None:
    assert rows() == []


OURS = "IMMUTABLE_WITH_EXCLUSION (sha256-*)"
ANY = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5}


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (
            {"mutability": Mutability("MUTABLE")},
            ("immutable_tags", "MUTABLE", OURS, UPDATE, "`immutable_tags: false`"),
        ),
        (
            {"mutability": Mutability("IMMUTABLE_WITH_EXCLUSION", ("latest", "sha256-*"))},
            ("immutable_tags", "IMMUTABLE_WITH_EXCLUSION (latest, sha256-*)", OURS, UPDATE, ""),
        ),
        ({"scans_on_push": False}, ("scan_on_push", "false", "true", UPDATE, "`scan_on_push: false`")),
        ({"lifecycle": ""}, ("expire_untagged_after_days", "none", "14, untagged only", MAKE, "")),
        (
            {"lifecycle": lifecycle(30)},
            (
                "expire_untagged_after_days",
                "30, untagged only",
                "14, untagged only",
                OVERWRITE,
                "`expire_untagged_after_days: 30`",
            ),
        ),
        (
            {"lifecycle": rules(ANY)},
            (
                "expire_untagged_after_days",
                "another policy, for any images",
                "14, untagged only",
                OVERWRITE,
                "",
            ),
        ),
        (
            {"lifecycle": rules(ANY, ANY)},
            ("expire_untagged_after_days", "another policy, 2 rules", "14, untagged only", OVERWRITE, ""),
        ),
        (
            {"tags": {"team": "1e3"}},
            ("tags.team", "1e3", "none", REMOVE, '`tags: {"team": "1e3"}`'),
        ),
        ({"policy": POLICY}, ("pullers", "another policy, 2 statements", "none", STAY, "")),
        (
            {"encryption": "KMS", "kms_key": KEY},
            ("kms_key", f"KMS {KEY}", "AES256", REFUSE, f"`kms_key: {KEY}`"),
        ),
        ({"encryption": "KMS_DSSE", "kms_key": KEY}, ("kms_key", f"KMS_DSSE {KEY}", "AES256", REFUSE, "")),
    ],
)
def test_each_difference_says_what_up_will_do_and_what_would_keep_theirs(
    there: dict[str, Any], expected: tuple[str, ...]
) -> None:
    assert rows(**there) == [expected]


@pytest.mark.parametrize(
    ("settings", "there", "expected"),
    [
        (replace(SETTINGS, immutable_tags=False), {"mutability": Mutability("MUTABLE")}, []),
        (replace(SETTINGS, scan_on_push=False), {"scans_on_push": False}, []),
        (replace(SETTINGS, expire_untagged_after_days=30), {"lifecycle": lifecycle(30)}, []),
        (replace(SETTINGS, kms_key=KEY), {"encryption": "KMS", "kms_key": KEY}, []),
        (replace(SETTINGS, kms_key=KEY), {}, [("kms_key", "AES256", f"KMS {KEY}", REFUSE, "no `kms_key`")]),
        (replace(SETTINGS, tags={"team": "chaos"}), {"tags": {"team": "chaos"}}, []),
        (replace(SETTINGS, tags={"team": "chaos"}), {}, [("tags.team", "none", "chaos", MAKE, "")]),
        (
            replace(SETTINGS, tags={"team": "chaos"}),
            {"tags": {"team": "x"}},
            [("tags.team", "x", "chaos", UPDATE, '`tags: {"team": "x"}`')],
        ),
        (replace(SETTINGS, pullers=PULLERS), {"policy": POLICY}, []),
        (replace(SETTINGS, pullers=PULLERS), {}, [("pullers", "none", "210987654321, o-abc123", MAKE, "")]),
        (
            replace(SETTINGS, pullers=PULLERS),
            {"policy": json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow"}})},
            [("pullers", "another policy, 1 statement", "210987654321, o-abc123", UPDATE, "")],
        ),
    ],
)
def test_what_the_settings_ask_for_is_what_counts(
    settings: RepositorySettings, there: dict[str, Any], expected: list[tuple[str, ...]]
) -> None:
    assert rows(settings, **there) == expected


def test_the_order_of_what_a_policy_lists_is_no_difference() -> None:
    document = json.loads(POLICY)
    document["Statement"].reverse()
    for statement in document["Statement"]:
        statement["Action"].reverse()
    document["Statement"][1]["Principal"] = {"AWS": document["Statement"][1]["Principal"]["AWS"][0]}
    assert rows(replace(SETTINGS, pullers=PULLERS), policy=json.dumps(document, indent=1)) == []


def test_the_rules_of_a_lifecycle_policy_are_ours_in_whatever_layout() -> None:
    assert has_our_rules(replace(AS_OURS, lifecycle=json.dumps(json.loads(lifecycle(14)), indent=2)), SETTINGS)
    assert not has_our_rules(replace(AS_OURS, lifecycle=lifecycle(15)), SETTINGS)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"rules": 1}', '{"rules": [1]}'])
def test_a_policy_that_nobody_can_read_is_theirs(text: str) -> None:
    assert not has_our_rules(replace(AS_OURS, lifecycle=text), SETTINGS)
    assert len(rows(lifecycle=text)) == 1
    assert [row[3] for row in rows(replace(SETTINGS, pullers=PULLERS), policy=text or "x")] == [UPDATE]


def test_only_what_cannot_be_changed_keeps_a_repository_from_being_adopted() -> None:
    there = replace(AS_OURS, encryption="KMS", kms_key=KEY, scans_on_push=False)
    found = differences(there, REGISTRY, SETTINGS, IMAGE)
    repository = FoundRepository(IMAGE.path, (Imported("type", "name", "id"),), found)
    assert [each.setting for each in repository.refused] == ["kms_key"]
    assert [each.setting for each in found] == ["kms_key", "scan_on_push"]
