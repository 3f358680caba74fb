"""What an infrastructure hands to Pods that a program writes itself."""

from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi_kubernetes.provider import Provider

import pulumi_chaosreg as chaosreg
from tests.support.documented import program_of
from tests.support.mocked_program import DIGEST

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
        shown["probe"](infrastructure(**account), Provider("mine", kubeconfig="{}"))

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
    assert "error[CHR0611]: infrastructure `dev` needs no image `chaos-logwatcher`" in said
    assert Path(__file__).name in said
    assert "its images: chaos-ddcr, chaos-ddcr-faults, chaos-log-watcher, service-discovery-collector" in said
    assert "did you mean `chaos-log-watcher`?" in said
