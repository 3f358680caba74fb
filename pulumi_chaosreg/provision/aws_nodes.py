"""What nodes and ServiceAccounts need to pull from ECR by an identity of their own, without any Secret.

The program that asks AWS for them is Amazon's `ecr-credential-provider` (k8s.io/cloud-provider-aws). Nodes of EKS have
it, with a configuration for every registry of ECR; for clusters of one's own these are the configurations.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_chaosreg.provision.protocol import SERVICE_ACCOUNT_ANNOTATIONS

if TYPE_CHECKING:
    import pulumi

PROGRAM = "ecr-credential-provider"
ROLE_ANNOTATION = "eks.amazonaws.com/ecr-role-arn"
"""On a ServiceAccount: the role that its Pods pull as. cmd/ecr-credential-provider/main.go: without it
`AWS_ECR_ROLE_ARN` of the program's environment, and without both the node's own identity."""
AUDIENCE = "sts.amazonaws.com"


def node_identity(server: str, role: "pulumi.Input[str] | None") -> "dict[str, pulumi.Input[Any]]":
    """What to write for this registry: the ServiceAccounts' annotation where there is a role to pull as, and a
    kubelet's configuration, by the node's identity alone and by that of ServiceAccounts, too (KEP-4412).
    """
    configurations: dict[str, pulumi.Input[Any]] = {
        "credential_provider_config": _text(credential_provider_config([server])),
        "credential_provider_config_with_tokens": _text(credential_provider_config([server], with_tokens=True)),
    }
    return {SERVICE_ACCOUNT_ANNOTATIONS: {ROLE_ANNOTATION: role}, **configurations} if role else configurations


def credential_provider_config(
    hosts: Sequence[str], *, with_tokens: bool = False, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A `CredentialProviderConfig` (kubelet.config.k8s.io/v1) for these hosts of ECR.

    `with_tokens`: the kubelet asks with a token of the Pod's ServiceAccount, which may then pull as a role of its own;
    a Pod whose ServiceAccount names none pulls as the node.
    """
    provider: dict[str, Any] = {
        "name": PROGRAM,
        "matchImages": list(hosts),
        # the program says itself how long: half of what is left of a password's life. It says nothing of one that has
        # ended, which must not be kept.
        "defaultCacheDuration": "0s",
        "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
    }
    if with_tokens:
        provider["tokenAttributes"] = {
            "serviceAccountTokenAudience": AUDIENCE,
            "cacheType": "ServiceAccount",  # a role's password outlives the token that it was asked for with
            "requireServiceAccount": False,  # static Pods pull, too
            "optionalServiceAccountAnnotationKeys": [ROLE_ANNOTATION],
        }
    if environment:
        provider["env"] = [{"name": name, "value": value} for name, value in environment.items()]
    return {"apiVersion": "kubelet.config.k8s.io/v1", "kind": "CredentialProviderConfig", "providers": [provider]}


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2)
