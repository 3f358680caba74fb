"""The Secret that the kubelet pulls with."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_chaosreg.credentials.docker_config import read_credential
from pulumi_chaosreg.credentials.keyring import unmatched
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.kubernetes.objects import core_object, metadata


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

        def config(value: Any) -> str:
            try:
                return _checked_config(value, username, credential_name, server, images)
            except ChaosregError as error:
                raise pulumi.RunError(str(error)) from None

        data = pulumi.Output.secret(credential).apply(config).apply(lambda text: b64encode(text.encode()).decode())
        self.secret = core_object(
            "Secret",
            name,
            {
                "metadata": metadata(secret_name, namespace, labels or {}),
                "type": "kubernetes.io/dockerconfigjson",
                "data": {".dockerconfigjson": data},
            },
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _checked_config(value: Any, username: str | None, name: str, server: str, images: Sequence[str]) -> str:
    credential = read_credential(name, value, username)
    if credential.auths is not None:
        ours = [image for image in images if Reference.parse(image).server == server]
        missing = unmatched(list(credential.auths), ours)
        if missing:
            raise ChaosregError.of(
                "CHR0507",
                f"the docker config in `chaosreg-credentials:{name}` has no key that the kubelet would use for "
                f"`{missing[0]}`",
                notes=(("keys", ", ".join(credential.auths)),),
                help=f"use the key `{server}`, exactly as the images spell it",
            )
    return credential.docker_config(server)
