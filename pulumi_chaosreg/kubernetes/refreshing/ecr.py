"""Amazon ECR: a password for 12 hours, for whoever may call `ecr:GetAuthorizationToken`."""

from pulumi_chaosreg.kubernetes.refreshing.renewal import Renewal
from pulumi_chaosreg.registries.aws import services
from pulumi_chaosreg.registries.kinds import registry_kind
from pulumi_chaosreg.scopes.refresher import Refresher

_AUDIENCE = "sts.amazonaws.com"
"""Of IAM's OpenID Connect providers for EKS, in every partition."""


def renewal(server: str, refresher: Refresher) -> Renewal:
    """By a role for the ServiceAccount's token, by keys, or by what EKS Pod Identity puts into the Pod."""
    region = registry_kind(server).region(server) or ""
    asked = services(region, fips="ecr-fips." in server)
    environment = {"AWS_REGION": region, "AWS_ENDPOINT_URL_ECR": asked.ecr, "AWS_ENDPOINT_URL_STS": asked.sts}
    if refresher.role:
        return Renewal(
            "ecr",
            {**environment, "AWS_ROLE_ARN": refresher.role},
            audience=_AUDIENCE,
            token_variable="AWS_WEB_IDENTITY_TOKEN_FILE",  # noqa: S106  only where the token is
        )
    keys = {"AWS_ACCESS_KEY_ID": "access_key_id", "AWS_SECRET_ACCESS_KEY": "secret_access_key"}
    return Renewal("ecr", environment, keys=keys if refresher.keys else {})
