"""The lab's AWS by clients that we did not write: boto3 for its API, crane for ECR's registry."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import boto3

from lab.state import AwsState


def client(aws: AwsState, service: str, region: str = "") -> Any:
    """boto3's client of a service; the lab's own region where none is named."""
    told = aws.environment
    return boto3.client(
        service,
        endpoint_url=aws.endpoint,
        region_name=region or aws.region,
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
    )


def registry_in(aws: AwsState, region: str) -> str:
    """The host name of the account's registry there."""
    return aws.registry.replace(aws.region, region)


def password(aws: AwsState, region: str = "") -> str:
    """A new one of ECR."""
    given = client(aws, "ecr", region).get_authorization_token()["authorizationData"][0]
    assert given["proxyEndpoint"] == f"https://{registry_in(aws, region or aws.region)}"
    return base64.b64decode(given["authorizationToken"]).decode().removeprefix("AWS:")


class Crane:
    """Google's client, with a login of its own in this folder."""

    def __init__(self, aws: AwsState, folder: Path, region: str = "") -> None:
        self._aws, self._folder, self._region = aws, folder, region or aws.region
        folder.mkdir(exist_ok=True)

    def login(self, token: str = "") -> None:
        """With what ECR has given as `authorizationToken`; by itself with a new one."""
        auth = token or base64.b64encode(f"AWS:{password(self._aws, self._region)}".encode()).decode()
        host = registry_in(self._aws, self._region)
        (self._folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self._aws.environment, "DOCKER_CONFIG": str(self._folder)}
        return subprocess.run(["crane", *words], env=environment, capture_output=True, text=True, check=False)
