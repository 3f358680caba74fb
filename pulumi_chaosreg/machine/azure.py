"""Azure's token for this machine: environment, workload identity, managed identity, or `az login`.

No registry takes it as a password: `oci` hands it to the registry, which gives an identity token of its own for it.
"""

import logging
import os
import time

from azure.core.exceptions import AzureError
from azure.identity import AzureAuthorityHosts, DefaultAzureCredential

from pulumi_chaosreg.credentials.login import Login, LoginKind
from pulumi_chaosreg.machine.refusals import identity_refused

_AUDIENCE = "https://containerregistry.azure.net/.default"
"""Azure's own for registries: unlike the resource manager's, it cannot be switched off."""
_AUTHORITIES = {".cn": AzureAuthorityHosts.AZURE_CHINA, ".us": AzureAuthorityHosts.AZURE_GOVERNMENT}
_USER = "00000000-0000-0000-0000-000000000000"

logging.getLogger("azure.identity").setLevel(logging.CRITICAL)  # what it warns of stands in our error


def azure_login(server: str) -> tuple[Login, float]:
    """The token and the seconds that it is good for; ChaosregError (CHR0515)."""
    authority = _AUTHORITIES.get(server[-3:])
    chosen = {"authority": authority} if authority and not os.environ.get("AZURE_AUTHORITY_HOST") else {}
    try:
        with DefaultAzureCredential(**chosen) as credential:
            token = credential.get_token(_AUDIENCE)
    except (AzureError, ValueError) as error:
        advice = "check `az account get-access-token`, or the machine's managed identity; it needs `AcrPull`, `AcrPush`"
        raise identity_refused("Azure", server, error, advice) from None
    tenant = os.environ.get("AZURE_TENANT_ID", "")
    login = Login(_USER, token.token, LoginKind.ENTRA, tenant, origin="identity at Azure")
    return login, token.expires_on - time.time()
