"""Amazon's side of ECR: a stand-in, since nobody can run AWS at home. `lab.aws` says what it consists of."""

import os
import secrets
import sys
from pathlib import Path

from lab.aws import KEYS
from lab.parts.before_registry import BeforeRegistry
from lab.parts.kubernetes import kubeconfig_of
from lab.ports import answers
from lab.process import Process
from lab.registry import RegistryServer
from lab.site import Site
from lab.state import AwsState

ACCOUNT = "123456789012"
"""Moto's own: the account of credentials that it has not given out itself. Who assumes a role has the role's."""

REGION = "eu-west-1"
_HTTPS = 443
_KEY = "AKIALAB" + "A" * 13


class Aws(BeforeRegistry):
    name = "aws"

    def __init__(self) -> None:
        super().__init__()
        self._secret = secrets.token_urlsafe(24)

    def describe(self) -> str:
        return "moto (ECR, IAM, STS, KMS) and ECR's registry under its real name: a stand-in"

    def start(self, site: Site) -> AwsState:
        room, port = site.room(self.name), site.port(self.name)
        words: list[object] = ["--address", site.address, "--port", port, "--room", room]
        words += ["--cluster", kubeconfig_of(site)]  # also where it is not started yet
        named = site.network == "namespace"
        if named:  # elsewhere nobody would find the name, and port 443 is not ours
            self._behind = self._behind or RegistryServer(
                room / "behind", port=site.port("aws-behind"), binary=site.bin["registry"]
            )
            self._behind.start()
            words += ["--registry-port", _HTTPS, "--behind", self._behind.host]
        if self._process is None:
            command = [sys.executable, "-m", "lab.aws", *(str(word) for word in words)]
            self._process = Process(command, room / "aws.log", env={KEYS: f"{_KEY}:{self._secret}"})
        self._process.start()
        self._process.wait_until(lambda: answers(site.address, port), 30)
        return self._state(f"http://{site.address}:{port}", room, named=named)

    def _state(self, endpoint: str, room: Path, *, named: bool) -> AwsState:
        environment = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": self._secret,
            # Nothing of the user's own.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        authority = str(room / "authority.pem") if named else ""
        return AwsState(
            endpoint=endpoint,
            account=ACCOUNT,
            region=REGION,
            environment=environment | ({"SSL_CERT_FILE": authority} if named else {}),
            log=str(room / "aws.log"),
            registry=f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com" if named else "",
            authority=authority,
            registry_log=str(room / "registry.log"),
        )
