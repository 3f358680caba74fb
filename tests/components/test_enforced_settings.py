"""What `enforce` makes of an infrastructure's settings; what its policy decides, the API server judges elsewhere."""

import re
from typing import Any

import pytest

import pulumi_chaosreg as chaosreg
from tests.support.mocked_program import DIGEST

pytestmark = pytest.mark.components

_GROUP = "kubernetes:admissionregistration.k8s.io/v1"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def _made(run: Any, account: dict[str, Any], **infrastructure: Any) -> dict[str, Any]:
    """`kind name` → inputs of what belongs to the whole cluster."""

    def program() -> None:
        root = chaosreg.Account("acme", **{"images": {"release": "1.94.4"}, "allow_overrides": True, **account})
        cluster = chaosreg.Cluster(context="prod-eu")
        chaosreg.Infrastructure("dev", account=root, cluster=cluster, namespace="chaos", **infrastructure)

    made = run(program).made
    return {name.removeprefix(f"{_GROUP}:"): inputs for name, inputs in made.items() if name.startswith(_GROUP)}


def _admitted(policy: dict[str, Any]) -> set[str]:
    """The references that a policy lists."""
    (foreign,) = (one["expression"] for one in policy["spec"]["variables"] if one["name"] == "foreign")
    return set(re.findall(r"'([^']+)'", foreign.partition("[")[2].partition("]")[0]))


def test_without_it_nothing_belongs_to_the_whole_cluster(run: Any) -> None:
    assert not _made(run, {})
    assert not _made(run, {"enforce": "deny"}, enforce="off")


def test_the_objects_say_whose_they_are_in_a_cluster_that_others_use_too(run: Any) -> None:
    made = _made(run, {"moved_from": "acme-corp"}, enforce="deny", moved_from="first", labels={"team": "one"})

    names = {inputs["metadata"]["name"] for inputs in made.values()}
    name = "chaos-image-registry-first.chaos.acme-corp"
    assert names == {name, f"{name}.deny"}
    assert all(inputs["metadata"]["labels"]["chaosreg/infrastructure"] == "dev" for inputs in made.values())
    assert all(inputs["metadata"]["labels"]["team"] == "one" for inputs in made.values())
    binding = made["ValidatingAdmissionPolicyBinding dev"]["spec"]
    assert binding["policyName"] == name
    assert binding["matchResources"]["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "chaos"}


@pytest.mark.parametrize(("word", "actions"), [("warn", ["Warn", "Audit"]), ("deny", ["Deny"])])
def test_a_word_is_what_the_api_server_does(run: Any, word: str, actions: list[str]) -> None:
    assert _made(run, {"enforce": word})["ValidatingAdmissionPolicyBinding dev"]["spec"]["validationActions"] == actions


def test_the_refresher_may_pull_its_own_image(run: Any) -> None:
    registry = {"server": ECR, "account": "chaos", "type": "private", "authentication": {"type": "aws_ecr"}}
    identity = "arn:aws:iam::123456789012:role/pull"
    account = {"image_registry": registry, "pull_secret": {"identity": identity}, "mirror": "off"}

    policy = _made(run, account, enforce="deny")["ValidatingAdmissionPolicy dev"]

    assert "public.ecr.aws/docker/library/python:3.13-alpine" in _admitted(policy)


def test_a_digest_that_only_the_copy_finds_is_in_the_policy(run: Any) -> None:
    registry = {"server": "harbor.company.com", "account": "chaos", "type": "public"}
    account = {"image_registry": registry, "mirror": {"source": "docker.io/harness"}}

    policy = _made(run, account, enforce="deny")["ValidatingAdmissionPolicy dev"]

    image = "harbor.company.com/chaos/chaos-ddcr"
    assert {f"{image}:1.94.0", f"{image}@{DIGEST}", f"{image}:1.94.0@{DIGEST}"} <= _admitted(policy)


def test_where_digests_are_strict_tags_alone_are_not_in_the_policy(run: Any) -> None:
    pinned = f"quay.io/acme/ddcr:1@{DIGEST}"
    images = {"required_images": ["harness/chaos-ddcr"], "custom_images": {"ddcr": pinned}}

    loose = _admitted(_made(run, images, enforce="deny")["ValidatingAdmissionPolicy dev"])
    account = {**images, "images": {"pin": "strict"}}
    strict = _admitted(_made(run, account, enforce="deny")["ValidatingAdmissionPolicy dev"])

    assert loose - strict == {"quay.io/acme/ddcr:1"}
    assert strict == {pinned, f"quay.io/acme/ddcr@{DIGEST}"}
