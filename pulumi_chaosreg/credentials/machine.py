"""Logins that this machine already has: docker's configuration file and its credential helpers. Read when needed."""

import json
import os
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any

from pulumi_chaosreg.credentials.keyring import DOCKER_HUB_KEY
from pulumi_chaosreg.credentials.login import Login


def machine_login(server: str) -> Login | None:
    """The login of docker's configuration for this server; None where it has none, or cannot be read."""
    config = _docker_config()
    keys = (DOCKER_HUB_KEY, "index.docker.io", "docker.io") if server == "docker.io" else (server, f"https://{server}")
    for key in keys:
        entry = (config.get("auths") or {}).get(key) or {}
        if isinstance(entry.get("auth"), str) and entry["auth"]:
            username, _, password = b64decode(entry["auth"]).decode().partition(":")
            return Login(username, password)
        helper = (config.get("credHelpers") or {}).get(key) or (config.get("credsStore") if entry == {} else None)
        if helper and (login := _from_helper(str(helper), key)):
            return login
    return None


def _docker_config() -> dict[str, Any]:
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def _from_helper(helper: str, key: str) -> Login | None:
    """Ask `docker-credential-<helper> get`; the server goes in by standard input, the login comes back as JSON."""
    try:
        answer = subprocess.run(  # noqa: S603  the helper that the user's docker is configured with
            [f"docker-credential-{helper}", "get"], input=key, capture_output=True, text=True, timeout=20, check=True
        )
        found = json.loads(answer.stdout)
        return Login(found["Username"], found["Secret"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None
