"""Which repositories an owner makes: those of what it mirrors, and of what somebody else fills."""

from typing import Any

import pytest

import pulumi_chaosreg as chaosreg

pytestmark = pytest.mark.components

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
IMAGES = {"chaos-ddcr", "chaos-ddcr-faults", "chaos-log-watcher", "service-discovery-collector"}


def repositories(made: dict[str, Any]) -> set[str]:
    names = (name for name in made if name.startswith("aws:ecr/repository:Repository "))
    return {name.rpartition("/")[2] for name in names}


def account(**said: Any) -> chaosreg.Account:
    registry = {"server": ECR, "account": "chaos", "type": "private", "authentication": {"type": "aws_ecr"}}
    return chaosreg.Account(
        "acme",
        allow_overrides=True,
        image_registry=registry,
        images={"release": "1.94.4"},
        repositories={"create": True},
        cluster={"provider": "eks"},
        **said,
    )


@pytest.mark.extra("ecr")
@pytest.mark.parametrize("mirror", [{"source": "docker.io/harness"}, "off"])
def test_a_repository_for_each_image_whoever_fills_it(run: Any, mirror: Any) -> None:
    def program() -> None:
        chaosreg.Infrastructure("eu", account=account(mirror=mirror), cluster={"context": "eu"})

    made = run(program).made
    assert repositories(made) == IMAGES
    assert any("MirroredImage" in name for name in made) is (mirror != "off")


@pytest.mark.extra("ecr")
def test_none_for_a_custom_image(run: Any) -> None:
    def program() -> None:
        custom = {"log_watcher": "quay.io/acme/own:1"}
        chaosreg.Infrastructure("eu", account=account(mirror="off"), cluster={"context": "eu"}, custom_images=custom)

    assert repositories(run(program).made) == IMAGES - {"chaos-log-watcher"}


def test_stack_files_say_the_same(project: Any) -> None:
    registry = {"server": ECR, "account": "chaos", "type": "private", "authentication": {"type": "aws_ecr"}}
    said = {
        "image_registry": registry,
        "repositories": {"create": True},
        "mirror": False,
        "cluster": {"provider": "eks"},
    }
    reviewed = project.four_levels(account=said).reviewed
    (owner,) = [scope for scope in reviewed.company.scopes if scope.path == "acme"]
    ((_, kept),) = reviewed.kept_by(owner)
    assert {one.image for one in kept} == IMAGES
    assert reviewed.filled_by(owner) == []


@pytest.mark.extra("ecr")
@pytest.mark.parametrize("mirror", [{"source": "docker.io/harness"}, "off"])
def test_a_role_has_one_policy_for_all_images_of_an_infrastructure(run: Any, mirror: Any) -> None:
    trust = {"trust": {"roles": ["arn:aws:iam::210987654321:role/nodes"]}}

    def program() -> None:
        registry = {"server": ECR, "account": "chaos", "type": "private", "authentication": {"type": "aws_ecr"}}
        acme = chaosreg.Account(
            "acme",
            allow_overrides=True,
            image_registry=registry,
            images={"release": "1.94.4"},
            repositories={"create": True, "identities": {"pull": trust}},
            cluster={"provider": "eks"},
            mirror=mirror,
        )
        chaosreg.Infrastructure("eu", account=acme, cluster={"context": "eu"})

    policies = [each for name, each in run(program).made.items() if name.startswith("aws:iam/rolePolicy:RolePolicy ")]
    assert len(policies) == 1  # IAM takes 10,240 characters of them in all
    assert all(f"repository/chaos/{image}" in policies[0]["policy"] for image in IMAGES)
