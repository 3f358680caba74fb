"""The Secret that the kubelet pulls with, as a component for programs of one's own: `Infrastructure` makes its own."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_chaosreg.kubernetes.pull_secret import OneLogin, pull_secret


class PullSecret(pulumi.ComponentResource):
    """A Secret of type `kubernetes.io/dockerconfigjson`, changed in place.

    Its server keys are checked against every image with the kubelet's own rules before anything is written.
    """

    secret_name: str

    def __init__(
        self,
        name: str,
        *,
        secret_name: str,
        namespace: str,
        server: str,
        credential: pulumi.Input[Any],
        username: str | None = None,
        credential_name: str = "credential",
        images: Sequence[str] = (),
        labels: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`credential` is a password, `{username, password, previous?}` or a docker config; secret, may be an Output.

        `images` are the references that must be pullable with it.
        """
        super().__init__("chaosreg:index:PullSecret", name, {}, opts)
        self.secret_name = secret_name
        self.secret = pull_secret(
            name,
            secret_name=secret_name,
            namespace=namespace,
            logins=[OneLogin(credential_name, credential, server, username, images)],
            labels=labels or {},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
