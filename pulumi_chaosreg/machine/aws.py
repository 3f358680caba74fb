"""A login for ECR by the AWS identity of this machine: environment, profile, role of a Pod or an instance.

ECR's password lives for 12 hours, or as long as the role's session.
"""

import time
from base64 import b64decode
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.machine.authorities import named_authorities
from pulumi_chaosreg.machine.refusals import identity_refused

_PUBLIC_REGION = "us-east-1"
"""The only region that gives passwords for public.ecr.aws (AWS's documentation of public registries)."""


def aws_login(server: str, region: str | None) -> tuple[Login, float]:
    """The login and the seconds that it is good for; ChaosregError (CHR0515)."""
    try:
        if region is None:
            public = _client("ecr-public", _PUBLIC_REGION)
            given = public.get_authorization_token()["authorizationData"]
        else:
            given = ecr_client(server, region).get_authorization_token()["authorizationData"][0]
        user, _, password = b64decode(given["authorizationToken"]).decode().partition(":")
    except (BotoCoreError, ClientError, LookupError, ValueError) as error:
        advice = (
            "check `aws sts get-caller-identity`; it needs `ecr:GetAuthorizationToken`"
            if region
            else "it needs `ecr-public:GetAuthorizationToken` and `sts:GetServiceBearerToken`"
        )
        raise identity_refused("AWS", server, error, advice) from None
    return Login(user, password, origin="identity at AWS"), _seconds(given)


def ecr_client(server: str, region: str) -> Any:
    """ECR's API for the registry of this name, by this machine's identity."""
    return _client("ecr", region, fips="ecr-fips." in server)


def _client(service: str, region: str, *, fips: bool = False) -> Any:
    config = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 3, "mode": "standard"})
    config = config.merge(Config(use_fips_endpoint=True)) if fips else config
    core = get_session()  # a new one: the default session is not safe in threads
    if core.get_config_variable("ca_bundle") is None and (named := named_authorities()):
        core.set_config_variable("ca_bundle", named)
    return Session(botocore_session=core).client(service, region_name=region, config=config)


def _seconds(given: dict[str, Any]) -> float:
    expires = given.get("expiresAt")
    return float(expires.timestamp() - time.time()) if expires else 0.0
