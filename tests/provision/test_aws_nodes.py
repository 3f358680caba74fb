"""What nodes of one's own are told to pull without a Secret; the lab's kubelet runs with it."""

import json

import pytest

from pulumi_chaosreg.provision.aws_nodes import ROLE_ANNOTATION, credential_provider_config, node_identity

SERVER = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def test_without_a_role_to_pull_as_there_is_no_annotation() -> None:
    assert set(node_identity(SERVER, None)) == {"credential_provider_config", "credential_provider_config_with_tokens"}
    annotations = node_identity(SERVER, "arn:aws:iam::123456789012:role/pull")["service_account_annotations"]
    assert annotations == {ROLE_ANNOTATION: "arn:aws:iam::123456789012:role/pull"}


@pytest.mark.parametrize("with_tokens", [False, True])
def test_a_kubelet_asks_for_just_this_registry_and_keeps_nothing_by_itself(with_tokens: bool) -> None:
    told = node_identity(SERVER, None)
    document = json.loads(str(told[f"credential_provider_config{'_with_tokens' if with_tokens else ''}"]))
    (provider,) = document["providers"]
    assert (document["apiVersion"], document["kind"]) == ("kubelet.config.k8s.io/v1", "CredentialProviderConfig")
    assert provider["matchImages"] == [SERVER]
    assert provider["defaultCacheDuration"] == "0s"
    assert ("tokenAttributes" in provider) == with_tokens


def test_a_service_account_needs_no_annotation_and_a_static_pod_no_service_account() -> None:
    (provider,) = credential_provider_config([SERVER], with_tokens=True)["providers"]
    tokens = provider["tokenAttributes"]
    assert tokens["optionalServiceAccountAnnotationKeys"] == [ROLE_ANNOTATION]
    assert "requiredServiceAccountAnnotationKeys" not in tokens
    assert tokens["requireServiceAccount"] is False
    assert tokens["serviceAccountTokenAudience"] == "sts.amazonaws.com"
