"""Azure's clouds, which know nothing of one another: the end of a registry's host says which one it is in."""

from typing import NamedTuple


class AzureCloud(NamedTuple):
    """One of them."""

    authority: str
    """The host of its Microsoft Entra ID."""
    audience: str
    """Of the tokens that Entra takes there in the place of a secret."""
    manager: str
    """The host of its resource manager."""
    environment: str
    """What Pulumi's provider calls it."""


_CLOUDS = {
    "cn": AzureCloud(
        "login.chinacloudapi.cn", "api://AzureADTokenExchangeChina", "management.chinacloudapi.cn", "china"
    ),
    "us": AzureCloud(
        "login.microsoftonline.us", "api://AzureADTokenExchangeUSGov", "management.usgovcloudapi.net", "usgovernment"
    ),
}
_PUBLIC = AzureCloud("login.microsoftonline.com", "api://AzureADTokenExchange", "management.azure.com", "public")


def azure_cloud(server: str) -> AzureCloud:
    """The cloud of a registry."""
    return _CLOUDS.get(server.partition(":")[0].rpartition(".")[2].lower(), _PUBLIC)
