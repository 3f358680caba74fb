"""What the types of everything are that a program gets back."""

from collections.abc import Mapping
from typing import Literal, assert_type

import pulumi

import pulumi_chaosreg as chaosreg

account = chaosreg.Account("acme", image_registry={"server": "harbor.company.com", "type": "public"})
organization = chaosreg.Organization("payments", account=account)
project = chaosreg.Project("checkout", organization=organization)
prod = chaosreg.Infrastructure("prod-eu", project=project, cluster=chaosreg.Cluster("prod-eu"), namespace="chaos")
assert_type(account, chaosreg.Account)
assert_type(prod.images, Mapping[str, pulumi.Output[str]])
assert_type(prod.image("chaos-ddcr"), pulumi.Output[str])
assert_type(prod.secret_name, str | None)
assert_type(prod.secret_names, tuple[str, ...])
assert_type(prod.config_map_name, str)
assert_type(prod.namespace, str)
assert_type(prod.service_account_annotations, Mapping[str, pulumi.Input[str]])

image = chaosreg.MirroredImage("app", source="docker.io/harness/app:1", target="harbor.company.com/app:1")
assert_type(image.digest, pulumi.Output[str])
assert_type(image.target, pulumi.Output[str])
assert_type(image.reference, pulumi.Output[str])


def keys(registry: chaosreg.ImageRegistryArgs, level: chaosreg.LevelArgs) -> None:
    """A setting that is read may be missing, and a word is one of its words."""
    assert_type(registry.get("type"), Literal["public", "private"] | None)
    assert_type(level.get("labels"), dict[str, str] | None)


def told(error: chaosreg.ChaosregError) -> list[str]:
    """What a program may do with a finding."""
    return [assert_type(finding.code, str) for finding in error.findings]
