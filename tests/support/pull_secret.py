"""The one pull Secret of a namespace, as a test sees and sets it."""

import base64
import json
from typing import Any

from lab import kubeapi
from lab.state import LabState


def the_secret(lab: LabState, space: str) -> dict[str, Any]:
    """As the API server has it."""
    (secret,) = kubeapi.call(lab.kubernetes, "GET", f"/api/v1/namespaces/{space}/secrets")["items"]
    found: dict[str, Any] = secret
    return found


def account_that_keeps(lab: LabState, space: str, secret: dict[str, Any]) -> str:
    """A ServiceAccount that pulls with a copy of a Secret as it was."""
    name = "keeps-a-copy"
    for kind, made in (
        ("secrets", {"type": secret["type"], "data": secret["data"]}),
        ("serviceaccounts", {"imagePullSecrets": [{"name": name}]}),
    ):
        kubeapi.call(lab.kubernetes, "POST", f"/api/v1/namespaces/{space}/{kind}", {"metadata": {"name": name}, **made})
    return name


def login_of(lab: LabState, space: str) -> tuple[str, str]:
    """User and password."""
    ((_, entry),) = json.loads(base64.b64decode(the_secret(lab, space)["data"][".dockerconfigjson"]))["auths"].items()
    user, _, password = base64.b64decode(entry["auth"]).decode().partition(":")
    return user, password
