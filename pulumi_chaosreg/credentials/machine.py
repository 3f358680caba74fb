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
    entries, helpers = _mapping(config, "auths"), _mapping(config, "credHelpers")
    for key in keys:
        if login := _decoded(entries.get(key)):
            return login
        helper = helpers.get(key) or (config.get("credsStore") if key in entries or key == keys[0] else None)
        if isinstance(helper, str) and (login := _from_helper(helper, key)):
            return login
    return None


def _mapping(config: dict[str, Any], key: str) -> dict[str, Any]:
    value = config.get(key)
    return value if isinstance(value, dict) else {}


def _decoded(entry: Any) -> Login | None:
    """The login of an `auth`; None where there is none that can be read."""
    auth = entry.get("auth") if isinstance(entry, dict) else None
    try:
        username, colon, password = b64decode(auth or "", validate=True).decode().partition(":")
    except (ValueError, TypeError):
        return None
    return Login(username, password) if colon and username else None


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
