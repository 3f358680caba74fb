"""The resource class of `AcrTokenPassword`; its life is in `provider/acr_token_password.py`."""

from typing import Literal

import pulumi

from pulumi_chaosreg.custom_resource import CustomResource
from pulumi_chaosreg.resources.acr_token_password import ACR_TOKEN_PASSWORD


class AcrTokenPassword(CustomResource):
    """One of the two passwords of a token of Azure Container Registry, which `pulumi-azure-native` cannot make.

    `registry_id` is the registry's resource ID, `token` the token's name, `password` which of its two. `expires` is
    when it ends, as in `2026-03-01T00:00:00Z`. Another `turn` (any text) or `expires` makes this password anew, and
    never the other one: give each a resource of its own, and renew in turn the one that nobody uses. A password that is
    there, is still good and was not made by this resource is an error: somebody has it.
    `endpoint` is the resource manager, where that is not Azure's public one or `ARM_ENDPOINT`. Azure is asked by
    `ARM_TENANT_ID`, `ARM_CLIENT_ID` and `ARM_CLIENT_SECRET`, or as azure-identity's default says.
    Import by `REGISTRY_ID/tokens/NAME/passwords/password1`: Azure shows no password twice, so that the next `up` makes
    it anew.
    """

    value: pulumi.Output[str]
    """The password, a secret."""
    username: pulumi.Output[str]
    created: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        registry_id: pulumi.Input[str],
        token: pulumi.Input[str],
        password: pulumi.Input[Literal["password1", "password2"]],
        expires: pulumi.Input[str],
        turn: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = {
            "registry_id": registry_id,
            "token": token,
            "password": password,
            "expires": expires,
            "turn": turn,
            "endpoint": endpoint,
        }
        super().__init__(ACR_TOKEN_PASSWORD, name, given, opts)
