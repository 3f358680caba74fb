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


def password(aws: AwsState) -> str:
    """A new one of ECR."""
    given = client(aws, "ecr").get_authorization_token()["authorizationData"][0]
    assert given["proxyEndpoint"] == f"https://{aws.registry}"
    return base64.b64decode(given["authorizationToken"]).decode().removeprefix("AWS:")


class Crane:
    """Google's client, with a login of its own in this folder."""

    def __init__(self, aws: AwsState, folder: Path) -> None:
        self._aws, self._folder = aws, folder

    def login(self) -> None:
        auth = base64.b64encode(f"AWS:{password(self._aws)}".encode()).decode()
        (self._folder / "config.json").write_text(json.dumps({"auths": {self._aws.registry: {"auth": auth}}}))

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self._aws.environment, "DOCKER_CONFIG": str(self._folder)}
        return subprocess.run(["crane", *words], env=environment, capture_output=True, text=True, check=False)
