"""The provider of Azure's resources: always one for the subscription that the settings name.

Neither the stack's own subscription nor the one that `az` chose last decides where rights are made.
"""

import re
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pulumi_chaosreg.registries.azure import azure_cloud

if TYPE_CHECKING:
    import pulumi

_TEXTS = ("clientCertificatePath", "metadataHost", "msiEndpoint", "oidcRequestUrl", "oidcTokenFilePath", "tenantId")
_SECRETS = ("clientCertificatePassword", "clientId", "clientSecret", "oidcRequestToken", "oidcToken")
_FLAGS = ("disableInstanceDiscovery", "useDefaultAzureCredential", "useMsi", "useOidc")
_PROGRAMS: "WeakKeyDictionary[pulumi.Resource, MutableMapping[str, pulumi.ProviderResource]]" = WeakKeyDictionary()
"""The stack's own resource, of which a run has one → subscription and cloud → its provider."""


def provider_for(server: str, subscription: str) -> "pulumi.ProviderResource":
    """Made once in a program. How it logs in says the stack's `azure-native:` configuration, or its environment."""
    import pulumi_azure_native
    from pulumi.runtime.settings import get_root_resource

    root = get_root_resource()
    made = _PROGRAMS.setdefault(root, {}) if root else {}
    environment = azure_cloud(server).environment
    name = f"azure-{subscription.lower()}" + ("" if environment == "public" else f"-{environment}")
    if name not in made:
        made[name] = pulumi_azure_native.Provider(
            name, subscription_id=subscription, environment=environment, **_as_configured()
        )
    return made[name]


def _as_configured() -> dict[str, Any]:
    import pulumi

    said = pulumi.Config("azure-native")
    copied: dict[str, Any] = {_snake(key): said.get(key) for key in _TEXTS}
    copied |= {_snake(key): said.get_secret(key) for key in _SECRETS}
    copied |= {_snake(key): said.get_bool(key) for key in _FLAGS}
    return {key: value for key, value in copied.items() if value is not None}


def _snake(key: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()
