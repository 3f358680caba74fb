"""Amazon's side of ECR: a stand-in, since nobody can run AWS at home. `lab.aws` says what it consists of."""

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from lab.network import Network
from lab.ports import answers
from lab.process import Process
from lab.site import Site
from lab.state import AwsState

ACCOUNT = "123456789012"
"""Moto's own: the account of credentials that it has not given out itself."""

REGION = "eu-west-1"


class Aws:
    name = "aws"
    needs: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._process: Process | None = None
        self._secret = secrets.token_urlsafe(24)

    def describe(self) -> str:
        return "moto: the APIs of ECR, IAM, STS and KMS (a stand-in)"

    def build(self, network: Network) -> Mapping[str, Path]:
        return {}

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        """Nothing: it starts empty."""

    def start(self, site: Site) -> AwsState:
        port = site.port(self.name)
        words = [sys.executable, "-m", "lab.aws", "--address", site.address, "--port", port]
        log = site.room(self.name) / "aws.log"
        self._process = self._process or Process([str(word) for word in words], log, env={"MOTO_ACCOUNT_ID": ACCOUNT})
        self._process.start()
        self._process.wait_until(lambda: answers(site.address, port), 30)
        endpoint = f"http://{site.address}:{port}"
        return AwsState(
            endpoint,
            ACCOUNT,
            REGION,
            {
                "AWS_ENDPOINT_URL": endpoint,
                "AWS_REGION": REGION,
                "AWS_ACCESS_KEY_ID": "AKIALAB" + "A" * 13,
                "AWS_SECRET_ACCESS_KEY": self._secret,
                # Nothing of the user's own.
                "AWS_CONFIG_FILE": "/dev/null",
                "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            str(log),
        )

    def stop(self, site: Site) -> None:
        if self._process:
            self._process.kill()  # what it knew is gone, as with the end of the lab

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""
