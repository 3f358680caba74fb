"""Google Artifact Registry: an access token for an hour, for whoever may read the repository."""

from pulumi_chaosreg.kubernetes.refreshing.renewal import Renewal
from pulumi_chaosreg.scopes.refresher import Refresher
from pulumi_chaosreg.settings.refresher_identities import POOL_PROVIDER

_OFTEN = 180
"""A metadata server gives out what it has until five minutes before its end, and a Pod takes some time to start."""


def renewal(server: str, refresher: Refresher) -> Renewal:
    """By a workload identity provider for the ServiceAccount's token, or by what GKE's metadata server gives."""
    identity = refresher.identity.value
    if refresher.form is POOL_PROVIDER:
        provider = f"//iam.googleapis.com/{identity}"
        return Renewal(
            "gar",
            {"GOOGLE_AUDIENCE": provider, "GOOGLE_STS": "https://sts.googleapis.com"},
            audience=f"https:{provider}",  # what a provider takes that names no audiences of its own
            token_variable="GOOGLE_TOKEN_FILE",  # noqa: S106  only where the token is
        )
    return Renewal(
        "gar",
        {"GOOGLE_SERVICE_ACCOUNT": identity},
        account_annotations={"iam.gke.io/gcp-service-account": identity},
        every=_OFTEN,
    )
