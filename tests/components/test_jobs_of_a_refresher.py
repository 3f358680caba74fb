"""What a refresher's Jobs are made so that they run in any cluster, and an `up` that failed is not stuck."""

from typing import Any

import pulumi
import pytest

import pulumi_chaosreg as chaosreg

pytestmark = pytest.mark.components

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture
def made(run: Any) -> dict[str, dict[str, Any]]:
    """Everything of an infrastructure whose Secret is renewed."""

    def program() -> None:
        account = chaosreg.Account(
            "acme",
            image_registry={"server": ECR, "account": "c", "type": "private", "authentication": {"type": "aws_ecr"}},
            images={"release": "1.94.4"},
            mirror="off",
            pull_secret={"identity": "keys"},
            annotations={"team": "chaos"},
            credentials={"keys": pulumi.Output.secret({"access_key_id": "AKIA", "secret_access_key": "x"})},
        )
        chaosreg.Infrastructure("prod-eu", account=account, cluster=chaosreg.Cluster(context="c"))

    found: dict[str, dict[str, Any]] = run(program).made
    return found


def test_a_first_job_that_failed_is_made_anew_by_the_next_up(made: dict[str, Any]) -> None:
    # without it the plugin waits again for a Job that has failed for good
    annotations = made["kubernetes:batch/v1:Job prod-eu"]["metadata"]["annotations"]
    assert annotations == {"team": "chaos", "pulumi.com/replaceUnready": "true"}


def test_its_pods_fit_into_a_namespace_with_a_quota_and_among_nodes_of_windows(made: dict[str, Any]) -> None:
    spec = made["kubernetes:batch/v1:CronJob prod-eu"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["resources"]["requests"].keys() == container["resources"]["limits"].keys() == {"cpu", "memory"}
    assert spec["nodeSelector"] == {"kubernetes.io/os": "linux"}
