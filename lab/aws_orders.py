"""What tests ask of the lab's AWS that the real one does not do: short-lived passwords, and failures on demand."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lab.state import AwsState


def set_token_seconds(aws: AwsState, seconds: float) -> None:
    """How long the passwords live that ECR gives from now on; AWS's are good for 12 hours."""
    _order(aws, "token-seconds", seconds)


def refuse(aws: AwsState, operation: str, reason: str, *, times: int = 1, done: bool = False) -> None:
    """Refuse the next calls of an operation, for a reason in AWS's words; `done`: do it, and lose only the answer."""
    told = {"operation": operation, "reason": reason, "times": times, "done": done}
    _order(aws, "refusals", told)


def registry_requests(aws: AwsState) -> Iterator[dict[str, Any]]:
    """What ECR's registry has answered: time, method, host, path and status of each, and whether it had a login."""
    log = Path(aws.registry_log)
    for line in log.read_text("utf-8").splitlines() if log.exists() else ():
        yield json.loads(line)


def refused_logins(aws: AwsState) -> list[dict[str, Any]]:
    """Of those the ones whose login did not open what was asked for (401, 403).

    A request without any is no failure: it is how a client asks which login is wanted.
    """
    return [each for each in registry_requests(aws) if each["login"] and each["status"] in (401, 403)]


def _order(aws: AwsState, order: str, said: Any) -> None:
    request = urllib.request.Request(f"{aws.endpoint}/lab/{order}", data=json.dumps(said).encode(), method="POST")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()
