"""The Secret that the kubelet pulls with, as an object of Kubernetes."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_chaosreg.credentials.docker_config import checked_docker_config
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.kubernetes.objects import core_object, metadata


def pull_secret(
    name: str,
    *,
    secret_name: str,
    namespace: str,
    server: str,
    credential: pulumi.Input[Any],
    username: str | None,
    credential_name: str,
    images: Sequence[str],
    labels: Mapping[str, str],
    opts: pulumi.ResourceOptions,
    annotations: Mapping[str, str] | None = None,
) -> pulumi.CustomResource:
    """A Secret of type `kubernetes.io/dockerconfigjson`.

    Its server keys are checked against every image with the kubelet's own rules before anything is written.
    """

    def data(value: Any) -> str:
        try:
            config = checked_docker_config(credential_name, value, username, server, images)
        except ChaosregError as error:
            raise pulumi.RunError(str(error)) from None
        return b64encode(config.encode()).decode()

    properties = {
        "metadata": metadata(secret_name, namespace, labels, annotations),
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": pulumi.Output.secret(credential).apply(data)},
    }
    return core_object("Secret", name, properties, opts)
