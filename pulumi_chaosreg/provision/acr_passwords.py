"""The pull credentials that a registry's owner makes at Azure: a token for all, or for each stack, with two passwords.

Slot `a` is `password1`, slot `b` is `password2`: when a turn begins one is made anew, and the other one stays.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pulumi

from pulumi_chaosreg import __version__
from pulumi_chaosreg.provision.protocol import MadeCredential, MadeLogin
from pulumi_chaosreg.registries.azure import azure_cloud
from pulumi_chaosreg.resources.acr_token_password import ACR_TOKEN_PASSWORD

_PASSWORDS = {"a": "password1", "b": "password2"}


class _Password(pulumi.CustomResource):
    """`AcrTokenPassword`; its class for users is in a room above."""

    value: pulumi.Output[str]

    def __init__(self, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        outputs = {one.name: None for one in ACR_TOKEN_PASSWORD.outputs}
        ours = pulumi.ResourceOptions(version=__version__, additional_secret_outputs=["value"])
        super().__init__(ACR_TOKEN_PASSWORD.type, name, {**outputs, **inputs}, pulumi.ResourceOptions.merge(ours, opts))


def logins(
    name: str,
    registry_id: str,
    server: str,
    made: Sequence[MadeCredential],
    token_for: Callable[[str], tuple[str, pulumi.Resource]],
    parent: pulumi.Resource | None,
) -> dict[tuple[str, str], MadeLogin]:
    """`name` is what names of the registry's resources begin with; `token_for` makes a stack's token, once."""
    cloud = azure_cloud(server)
    manager = None if cloud.environment == "public" else f"https://{cloud.manager}"  # the plugin knows the public one's
    tokens: dict[str, tuple[str, pulumi.Resource]] = {}
    found = {}
    for one in made:
        if one.stack not in tokens:
            tokens[one.stack] = token_for(one.stack)
        token, resource = tokens[one.stack]
        inputs = {
            "registryId": registry_id,
            "token": token,
            "password": _PASSWORDS[one.slot],
            "expires": f"{one.ends.isoformat()}T00:00:00Z",
            "turn": str(one.turn),
            "endpoint": manager,
        }
        opts = pulumi.ResourceOptions(
            parent=parent, depends_on=[resource], deleted_with=resource, retain_on_delete=False, protect=False
        )
        password = _Password(f"{name}/{one.suffix}", inputs, opts)
        found[one.stack, one.slot] = MadeLogin(token, pulumi.Output.secret(password.value))
    return found
