"""The Secret that the kubelet pulls with, as an object of Kubernetes."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from pulumi_chaosreg.credentials.docker_config import checked_docker_config, merged_docker_config
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.kubernetes.objects import core_object, metadata

EXPIRES = "chaosreg/expires"
"""The annotation with the day from which nobody may count on the Secret: a preview's diff shows that it changes."""


@dataclass(frozen=True, slots=True)
class OneLogin:
    """A credential for one registry."""

    credential_name: str
    credential: pulumi.Input[Any] = field(repr=False)
    """A password, `{username, password, previous?}` or a docker config; secret, may be an Output."""
    server: str
    """With a path where it is good below it only."""
    username: str | None = None
    images: Sequence[str] = ()
    """The references that must be pullable with it."""
    ends: pulumi.Input[str] | None = None
    """The day from which nobody may count on it, as `2027-02-07`; None where none is known."""

    def config(self, value: Any) -> str:
        """Its docker config; RunError where the kubelet would not use it."""
        try:
            return checked_docker_config(self.credential_name, value, self.username, self.server, self.images)
        except ChaosregError as error:
            raise pulumi.RunError(str(error)) from None


def pull_secret(
    name: str,
    *,
    secret_name: str,
    namespace: str,
    logins: Sequence[OneLogin],
    labels: Mapping[str, str],
    opts: pulumi.ResourceOptions,
    annotations: Mapping[str, str] | None = None,
) -> pulumi.CustomResource:
    """A Secret of type `kubernetes.io/dockerconfigjson` with all of these logins.

    Its server keys are checked against every image with the kubelet's own rules before anything is written.
    """

    def data(values: list[Any]) -> str:
        configs = [login.config(value) for login, value in zip(logins, values, strict=True)]
        return b64encode(merged_docker_config(configs).encode()).decode()

    ends = [login.ends for login in logins if login.ends is not None]
    said: dict[str, pulumi.Input[str]] = dict(annotations or {})
    if ends:
        said[EXPIRES] = ends[0] if len(ends) == 1 else pulumi.Output.all(*ends).apply(min)
    secrets = [pulumi.Output.secret(login.credential) for login in logins]

    properties = {
        "metadata": metadata(secret_name, namespace, labels, said),
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": pulumi.Output.all(*secrets).apply(data)},
    }
    return core_object("Secret", name, properties, opts)
