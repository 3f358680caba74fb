"""What a recording stand-in has noted of the credentials that a stack makes: as the engine's state has them."""

import base64
import json
from typing import Any, Final

from lab.workspace import Workspace

_SECRET: Final = "4dabf18193072939515e22adb298388d"
"""The key by which the engine marks a value as secret."""


def google_keys(company: Workspace, stack: str) -> set[str]:
    """Files of service accounts' keys, word for word."""
    keys = _outputs(company, stack, "gcp:serviceaccount/key:Key")
    return {base64.b64decode(key["privateKey"]).decode() for key in keys}


def artifactory_logins(company: Workspace, stack: str) -> set[tuple[str, str]]:
    """User and password of scoped tokens."""
    tokens = _outputs(company, stack, "artifactory:index/scopedToken:ScopedToken")
    return {(token["username"], token["accessToken"]) for token in tokens}


def _outputs(company: Workspace, stack: str, type_: str) -> list[dict[str, Any]]:
    state = company.json("pulumi", "stack", "export", "--stack", stack, "--show-secrets")
    found = [one["outputs"] for one in state["deployment"]["resources"] if one["type"] == type_]
    assert found, f"{stack} has made none: {type_}"
    return [{name: _plain(value) for name, value in outputs.items()} for outputs in found]


def _plain(value: Any) -> Any:
    return json.loads(value["plaintext"]) if isinstance(value, dict) and _SECRET in value else value
