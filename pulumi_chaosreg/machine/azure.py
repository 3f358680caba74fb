"""Azure's token for this machine: environment, workload identity, managed identity, or `az login`.

No registry takes it as a password: `oci` hands it to the registry, which gives an identity token of its own for it.
"""

import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError
from azure.identity import (
    AzureAuthorityHosts,
    ClientAssertionCredential,
    ClientSecretCredential,
    DefaultAzureCredential,
)

from pulumi_chaosreg.credentials.login import Login, LoginKind
from pulumi_chaosreg.machine.authorities import named_authorities
from pulumi_chaosreg.machine.refusals import identity_refused
from pulumi_chaosreg.registries.azure import azure_cloud

_AUDIENCE = "https://containerregistry.azure.net/.default"
"""Azure's own for registries: unlike the resource manager's, it cannot be switched off."""
_AUTHORITIES_OF_MANAGERS = {
    "management.chinacloudapi.cn": AzureAuthorityHosts.AZURE_CHINA,
    "management.usgovcloudapi.net": AzureAuthorityHosts.AZURE_GOVERNMENT,
}
_TENANT, _CLIENT, _SECRET = "ARM_TENANT_ID", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET"
"""A service principal as pulumi-azure-native and Terraform are told of it."""
_TOKEN, _TOKEN_FILE = "ARM_OIDC_TOKEN", "ARM_OIDC_TOKEN_FILE_PATH"
"""What it has in the place of a secret where a CI's identity is federated."""
_USER = "00000000-0000-0000-0000-000000000000"

logging.getLogger("azure.identity").setLevel(logging.CRITICAL)  # what it warns of stands in our error


def azure_login(server: str) -> tuple[Login, float]:
    """The token and the seconds that it is good for; ChaosregError (CHR0515)."""
    chosen = {} if os.environ.get("AZURE_AUTHORITY_HOST") else {"authority": azure_cloud(server).authority}
    try:
        with DefaultAzureCredential(**chosen, **_believed()) as credential:
            token = credential.get_token(_AUDIENCE)
    except (AzureError, ValueError) as error:
        advice = "check `az account get-access-token`, or the machine's managed identity; it needs `AcrPull`, `AcrPush`"
        raise identity_refused("Azure", server, error, advice) from None
    tenant = os.environ.get("AZURE_TENANT_ID", "")
    login = Login(_USER, token.token, LoginKind.ENTRA, tenant, origin="identity at Azure")
    return login, token.expires_on - time.time()


def management_token(endpoint: str) -> tuple[str, float]:
    """A bearer token for the resource manager at this address, and the moment (`time.time`) when it ends; ChaosregError
    (CHR0515). A service principal of `ARM_…` comes first: whoever makes the registry's other resources makes this.
    """
    host = urlsplit(endpoint).hostname or ""
    authority = _AUTHORITIES_OF_MANAGERS.get(host)
    chosen = {"authority": authority} if authority and not os.environ.get("AZURE_AUTHORITY_HOST") else {}
    try:
        with _of_pulumi(chosen) or DefaultAzureCredential(**chosen, **_believed()) as credential:
            token = credential.get_token(f"{endpoint.rstrip('/')}/.default")
    except (AzureError, OSError, ValueError) as error:
        advice = (
            f"log in with `az login`, or set {_TENANT} and {_CLIENT} with {_SECRET} or {_TOKEN}: the stack's "
            "`azure-native:` configuration is not heard here"
        )
        raise identity_refused("Azure", host, error, advice) from None
    return token.token, token.expires_on


def _of_pulumi(chosen: Mapping[str, Any]) -> ClientSecretCredential | ClientAssertionCredential | None:
    """The service principal of `ARM_…`; None where there is none, or it has neither a secret nor a token."""
    tenant, client, secret = (os.environ.get(name, "") for name in (_TENANT, _CLIENT, _SECRET))
    if not (tenant and client):
        return None
    if secret:
        return ClientSecretCredential(tenant, client, secret, **chosen, **_believed())
    token, file = os.environ.get(_TOKEN, ""), os.environ.get(_TOKEN_FILE, "")
    if token or file:
        return ClientAssertionCredential(
            tenant, client, lambda: token or Path(file).read_text("utf-8").strip(), **chosen, **_believed()
        )
    return None


def _believed() -> dict[str, str]:
    """What azure-core calls the authorities that it believes; nothing where they are its own list."""
    named = None if os.environ.get("REQUESTS_CA_BUNDLE") else named_authorities()
    return {"connection_verify": named} if named else {}
