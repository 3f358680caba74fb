"""The lab's control plane of AWS (moto) in this process: refusals that a test orders reach nobody else."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import make_server

from lab.aws.control import ControlPlane
from lab.aws.refusals import Refusals
from lab.aws.tokens import Tokens
from lab.state import AwsState
from tests.support.local_server import LocalServer

ACCOUNT, REGION = "123456789012", "eu-west-1"
_KEY, _SECRET = "AKIAIOSFODNN7EXAMPLE", "canary-secret-key"


@contextmanager
def own_aws() -> Iterator[AwsState]:
    """APIs without a registry behind them. What they hold is the whole process's: give things names of your own."""
    control = ControlPlane(Tokens(), Refusals(), _no_cluster, {_KEY: _SECRET})
    server = make_server("127.0.0.1", 0, control, threaded=True)
    with LocalServer(server) as local:
        endpoint = f"http://{local.host}"
        environment = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_REGION": REGION,
            # Nothing of the user's own.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        yield AwsState(endpoint, ACCOUNT, REGION, environment, log="", registry="", authority="", registry_log="")


def _no_cluster(path: str) -> dict[str, Any]:
    raise OSError(f"no cluster answers {path}")
