"""Azure Container Registry: a refresh token for three hours, for whoever Microsoft Entra knows."""

from pulumi_chaosreg.kubernetes.refreshing.renewal import Renewal
from pulumi_chaosreg.registries.azure import azure_cloud
from pulumi_chaosreg.scopes.refresher import Refresher
from pulumi_chaosreg.settings.refresher_identities import CLIENT, CLIENT_OF_TENANT

_KEYS = {"AZURE_TENANT_ID": "tenant_id", "AZURE_CLIENT_ID": "client_id", "AZURE_CLIENT_SECRET": "client_secret"}


def renewal(server: str, refresher: Refresher) -> Renewal:
    """By a client for the ServiceAccount's token, which AKS's webhook gives where no tenant is said, or by keys."""
    cloud, identity = azure_cloud(server), refresher.identity.value
    environment = {"AZURE_AUTHORITY_HOST": f"https://{cloud.authority}"}
    if refresher.form is CLIENT:
        return Renewal(
            "acr",
            {**environment, "AZURE_CLIENT_ID": identity},
            account_annotations={"azure.workload.identity/client-id": identity},
            pod_labels={"azure.workload.identity/use": "true"},
        )
    if refresher.form is CLIENT_OF_TENANT:
        tenant, _, client = identity.partition("/")
        return Renewal(
            "acr",
            {**environment, "AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": client},
            audience=cloud.audience,
            token_variable="AZURE_FEDERATED_TOKEN_FILE",  # noqa: S106  only where the token is
        )
    return Renewal("acr", environment, keys=_KEYS)
