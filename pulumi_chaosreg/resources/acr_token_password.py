"""`AcrTokenPassword`: one of the two passwords of a token of Azure Container Registry."""

import re

from pulumi_chaosreg.azure.moments import moment
from pulumi_chaosreg.resources.table import Input, Output, ResourceTable, Shows, ValueType

PASSWORDS = ("password1", "password2")
REGISTRY_ID = re.compile(
    r"/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[^/?#\s]{1,90}"
    r"/providers/Microsoft\.ContainerRegistry/registries/[a-zA-Z0-9]{5,50}",
    re.IGNORECASE,
)
"""How the resource manager calls a registry."""
TOKEN_NAME = re.compile(r"[a-zA-Z0-9_-]{5,50}")
"""By the API's own description (Tokens_Create, 2025-11-01)."""

ACR_TOKEN_PASSWORD = ResourceTable(
    "chaosreg:index:AcrTokenPassword",
    inputs=(
        Input(
            "registryId",
            shows=Shows.REPLACE,
            required=True,
            in_state=True,
            hint="the registry's resource ID",
            normal=lambda said: str(said or "").casefold(),  # as Azure compares them
        ),
        Input("token", shows=Shows.REPLACE, required=True, in_state=True, hint="the token's name"),
        Input(
            "password",
            ValueType.WORD,
            Shows.REPLACE,
            required=True,
            in_state=True,
            words=PASSWORDS,
            hint="password1 or password2",
        ),
        Input(
            "expires",
            required=True,
            in_state=True,
            hint="when it ends, as in 2026-03-01T00:00:00Z",
            normal=lambda said: moment(str(said)) or said,  # one moment has several spellings
        ),
        Input("turn", in_state=True, default=""),
        Input("endpoint", in_state=True),
    ),
    outputs=(Output("value", secret=True), Output("username", kept=True), Output("created")),
)
"""Another `turn` or `expires` makes this password anew, and never the other one."""
