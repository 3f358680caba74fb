"""The files in which docker and podman keep logins: where they are, and what stands in them.

Order and format as skopeo has them (containers/image, containers-auth.json(5)).
"""

import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_chaosreg.credentials.auths import place_of
from pulumi_chaosreg.errors import Finding

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuthFile:
    """One file, its keys in one spelling: `host[:port][/namespace]`."""

    path: Path
    entries: Mapping[str, tuple[tuple[str, Mapping[str, Any]], ...]] = field(default_factory=dict, repr=False)
    """Place → (key as written, entry): several spellings of one place may stand beside each other."""
    helpers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Place → (key as written, name of the helper)."""
    store: str | None = None
    """The helper for all servers."""
    problem: Finding | None = None

    @property
    def places(self) -> set[str]:
        """All that the file has something of its own to say about."""
        return {*self.entries, *self.helpers}


def auth_file_paths(environment: Mapping[str, str]) -> list[Path]:
    """Where logins may be, the first that has one wins: a file or folder that a variable names stands alone."""
    if named := environment.get("REGISTRY_AUTH_FILE"):
        return [Path(named)]
    if folder := environment.get("DOCKER_CONFIG"):
        return [Path(folder) / "config.json"]
    home = Path(environment.get("HOME") or Path.home())
    runtime = environment.get("XDG_RUNTIME_DIR")
    configuration = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    podman = []
    if sys.platform == "linux":  # elsewhere podman has the one below your configuration only
        podman = [Path(f"{runtime}/containers" if runtime else f"/run/containers/{os.getuid()}") / "auth.json"]
    return [
        *podman,
        configuration / "containers" / "auth.json",
        home / ".docker" / "config.json",
    ]


def read_auth_file(path: Path) -> AuthFile:
    """What the file says; a missing one says nothing, a damaged one has a `problem` (CHR0516)."""
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        _LOG.debug("no logins in %s: it is not there", path)
        return AuthFile(path)
    except (OSError, ValueError) as error:
        return AuthFile(path, problem=unreadable(path, getattr(error, "strerror", None) or "it is not UTF-8"))
    try:
        config = json.loads(text) if text.strip() else {}
    except ValueError:  # json's own words quote nothing, but its exception holds the whole text
        return AuthFile(path, problem=unreadable(path, "it is not JSON"))
    if not isinstance(config, dict):
        return AuthFile(path, problem=unreadable(path, "it is not a JSON object"))
    entries: dict[str, tuple[tuple[str, Mapping[str, Any]], ...]] = {}
    for key, entry in _mapping(config, "auths").items():
        if isinstance(entry, dict):
            entries[place_of(key)] = (*entries.get(place_of(key), ()), (key, entry))
    helpers = {
        place_of(key): (key, name) for key, name in _mapping(config, "credHelpers").items() if isinstance(name, str)
    }
    _LOG.debug("logins in %s: %s", path, ", ".join(sorted({*entries, *helpers})) or "none")
    store = config.get("credsStore")
    return AuthFile(path, entries, helpers, store if isinstance(store, str) and store else None)


def _mapping(config: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = config.get(key)
    return value if isinstance(value, dict) else {}


def unreadable(path: Path, cause: str) -> Finding:
    """The warning of a file, or a part of it, that was passed over."""
    return Finding(
        "CHR0516",
        f"the logins in {path} cannot be read: {cause}",
        help="fix the file, or remove it and log in again",
        severity="warning",
    )
