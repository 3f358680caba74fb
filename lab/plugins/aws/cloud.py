"""The account that one provider works in: who we are there, and boto3's clients, which are made when first asked for.

boto3 takes a quarter of a second to import, so nothing imports it before a request needs it.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lab.plugins.aws.settings import Settings
from lab.plugins.protocol.errors import PluginError
from lab.plugins.protocol.values import Object

_CONNECT_SECONDS = 5
_READ_SECONDS = 30
_ATTEMPTS = 8
"""The official plugin tries 25 times, which takes minutes where nobody answers."""


@dataclass
class AwsError(PluginError):
    """AWS refused, or did not answer; `reason` is its word for why (`RepositoryNotFoundException` …)."""

    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


class Cloud:
    """One account as one identity. Safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._making = threading.RLock()  # boto3's sessions are not safe to share while they make clients
        self._session: Any = None
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = "") -> Any:
        """boto3's client of a service; the provider's own region where none is named."""
        region = region or self._settings.region
        with self._making:
            if (service, region) not in self._clients:
                self._session = self._session or self._new_session()
                self._clients[service, region] = self._new_client(self._session, service, region)
            return self._clients[service, region]

    def caller(self) -> Object:
        """`Account`, `Arn` and `UserId` of whom we are."""
        with translated():
            found: Object = self.client("sts").get_caller_identity()
        return found

    def admit(self) -> None:
        """Raise PluginError where the credentials are no good, or belong to an account that is not meant."""
        settings = self._settings
        if not settings.validates and not settings.allowed_accounts and not settings.forbidden_accounts:
            return
        if not settings.region:
            raise PluginError(
                "Missing region information\nMake sure you have set your AWS region, e.g. `pulumi config set "
                "aws:region us-west-2`."
            )
        try:
            account = str(self.caller()["Account"])
        except AwsError as error:
            raise PluginError(f"unable to validate AWS credentials.\nDetails: {error}") from None
        allowed = settings.allowed_accounts
        if account in settings.forbidden_accounts or (allowed and account not in allowed):
            raise PluginError(f"AWS account ID not allowed: {account}")

    def _new_session(self) -> Any:
        # The official plugin does not look for a machine's identity either, unless it is told to.
        os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
        import boto3
        from botocore.exceptions import ProfileNotFound

        settings = self._settings
        try:
            session = boto3.session.Session(
                aws_access_key_id=settings.access_key or None,
                aws_secret_access_key=settings.secret_key or None,
                aws_session_token=settings.token or None,
                profile_name=settings.profile or None,
            )
        except ProfileNotFound as error:
            raise AwsError("ProfileNotFound", str(error)) from None
        for role in settings.assume_roles:
            session = self._assumed(boto3, session, role)
        return session

    def _assumed(self, boto3: Any, session: Any, role: Object) -> Any:
        """A session of the role. It is not renewed: a run of the engine is shorter than the shortest lifetime."""
        wanted = {"RoleArn": role["roleArn"], "RoleSessionName": role.get("sessionName") or "pulumi"}
        if role.get("externalId"):
            wanted["ExternalId"] = role["externalId"]
        with translated():
            given = self._new_client(session, "sts", self._settings.region).assume_role(**wanted)["Credentials"]
        return boto3.session.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )

    def _new_client(self, session: Any, service: str, region: str) -> Any:
        from botocore.config import Config

        with translated():
            return session.client(
                service,
                region_name=region or None,
                endpoint_url=self._settings.endpoints.get(service),
                config=Config(
                    connect_timeout=_CONNECT_SECONDS,
                    read_timeout=_READ_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                ),
            )


@contextmanager
def translated() -> Iterator[None]:
    """Everything that boto3 raises becomes an AwsError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        told = error.response.get("Error", {})
        raise AwsError(told.get("Code", "Unknown"), told.get("Message", "")) from None
    except BotoCoreError as error:
        raise AwsError(type(error).__name__, str(error)) from None
