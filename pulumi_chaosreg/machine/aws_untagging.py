"""Tags of ECR's images taken away by this machine's identity at AWS, each alone."""

from collections.abc import Collection
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pulumi_chaosreg.machine.aws import ecr_client

_GONE = "ImageNotFound"


class AwsUntagging:
    """BatchDeleteImage by tag, which takes the image along with its last tag."""

    def __init__(self, server: str, region: str, account: str | None) -> None:
        self._server, self._region = server, region
        self._registry = {"registryId": account} if account else {}

    def __call__(self, repository: str, tags: Collection[str]) -> str:
        """Why they could not all be taken away, in AWS's words; empty where they are gone."""
        wanted = [{"imageTag": tag} for tag in tags]
        try:
            answer = self._ecr.batch_delete_image(repositoryName=repository, imageIds=wanted, **self._registry)
        except (BotoCoreError, ClientError, ValueError) as error:
            return str(error) or type(error).__name__
        failed = [one for one in answer.get("failures", ()) if one.get("failureCode") != _GONE]
        return "; ".join(str(one.get("failureReason") or one.get("failureCode")) for one in failed)

    @cached_property
    def _ecr(self) -> Any:
        return ecr_client(self._server, self._region)
