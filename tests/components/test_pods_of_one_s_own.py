"""What an infrastructure hands to Pods that a program writes itself."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

import pulumi_chaosreg as chaosreg
from tests.support.documented import program_of
from tests.support.mocked_program import DIGEST, Recorder, run_program

pytestmark = pytest.mark.components

HARBOR = {"server": "harbor.company.com", "account": "chaos"}
PRIVATE = {**HARBOR, "type": "private", "authentication": {"username": "u", "password_secret": "harbor"}}


def infrastructure(**account: Any) -> chaosreg.Infrastructure:
    root = chaosreg.Account(
        "acme", **{"images": {"release": "1.94.4"}, "credentials": {"harbor": pulumi.Output.secret("pw")}, **account}
    )
    return chaosreg.Infrastructure("dev", account=root, cluster={"context": "dev"}, namespace="chaos")


def _pod(run: Any, **account: Any) -> tuple[dict[str, Any], list[str]]:
    """(what the Pod of docs/python.md is, what it waits for)."""
    shown = program_of("docs/python.md", "def probe(")

    def program() -> None:
        shown["probe"](infrastructure(**account), chaosreg.Cluster("mine"))

    recorder = run(program)
    waits = recorder.options["kubernetes:core/v1:Pod probe"].dependencies
    return recorder.made["kubernetes:core/v1:Pod probe"], [urn.rpartition("$")[2] for urn in waits]


def test_a_pod_of_one_s_own_gets_image_and_secret_and_waits_for_both(run: Any) -> None:
    pod, waits = _pod(run, image_registry=PRIVATE, mirror={"source": "docker.io/harness"})

    (container,) = pod["spec"]["containers"]
    assert container["image"] == f"harbor.company.com/chaos/chaos-log-watcher:1.94.0@{DIGEST}"
    assert pod["spec"]["imagePullSecrets"] == [{"name": "chaos-image-registry-dev"}]
    assert {"kubernetes:core/v1:Secret::dev", "kubernetes:core/v1:NamespacePatch::dev"} <= set(waits)


def test_where_images_are_public_there_is_no_secret_to_name(run: Any) -> None:
    pod, _ = _pod(run)

    assert pod["spec"]["containers"][0]["image"] == "docker.io/harness/chaos-log-watcher:1.94.0"
    assert not pod["spec"].get("imagePullSecrets")


def test_a_misspelt_image_is_told_with_the_one_that_was_meant(run: Any) -> None:
    with pytest.raises(pulumi.RunError) as told:
        run(lambda: infrastructure().image("chaos-logwatcher") and None)

    said = " ".join(str(told.value).split())
    assert "error[CHR0611]: infrastructure `dev` does not need image `chaos-logwatcher`" in said
    assert Path(__file__).name in said
    assert "its images: chaos-ddcr, chaos-ddcr-faults, chaos-log-watcher, service-discovery-collector" in said
    assert "did you mean `chaos-log-watcher`?" in said


class _WithRoles(Recorder):
    """Roles have ARNs, and AWS says whose account it is."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        name, outputs = super().new_resource(args)
        return name, {**outputs, "arn": f"arn:aws:iam::123456789012:role/{args.inputs.get('name', '')}"}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        return {"accountId": "123456789012"}


ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def _annotations(**settings: Any) -> Any:
    """Those of a ServiceAccount whose Pods pull from ECR, on EKS where nobody says otherwise."""
    said: list[Any] = []

    def program() -> None:
        root = chaosreg.Account(
            "acme",
            image_registry={
                "server": ECR,
                "account": "chaos",
                "type": "private",
                "authentication": {"type": "aws_ecr"},
            },
            images={"release": "1.94.4"},
            mirror={"source": "docker.io/harness"},
            **{"repositories": {"create": True}, **settings},
        )
        cluster = {"context": "dev", "provider": "eks"}
        dev = chaosreg.Infrastructure("dev", account=root, cluster=cluster, namespace="chaos")
        pulumi.Output.from_input(dev.service_account_annotations).apply(said.append)

    run_program(program, recorder=_WithRoles())
    return said[0]


@pytest.mark.extra("ecr")
def test_where_a_role_pulls_the_service_account_names_it() -> None:
    trust = {"pod_identity": {"namespace": "chaos", "service_account": "litmus"}}
    role = "arn:aws:iam::123456789012:role/chaosreg-chaos-eu-west-1-pull"

    made = _annotations(repositories={"create": True, "identities": {"pull": {"trust": trust}}})

    assert made == {"eks.amazonaws.com/ecr-role-arn": role}


@pytest.mark.extra("ecr")
def test_where_the_node_pulls_or_a_secret_is_there_a_service_account_says_nothing(run: Any) -> None:
    assert _annotations() == {}
    said: list[Any] = []
    run(lambda: said.append(infrastructure(image_registry=PRIVATE).service_account_annotations))
    assert said == [{}]
