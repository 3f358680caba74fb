"""The files in which docker and podman keep logins: where they are, and what they say about a registry.

Order and format as skopeo has them (containers/image, containers-auth.json(5)).
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_chaosreg.credentials.login import Kind, Login
from pulumi_chaosreg.errors import Finding

_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
TOKEN_USER = "<token>"  # noqa: S105  docker's word for "the secret is no password"


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
    return [
        *([Path(runtime) / "containers" / "auth.json"] if runtime else []),
        configuration / "containers" / "auth.json",
        home / ".docker" / "config.json",
    ]


def read_auth_file(path: Path) -> AuthFile:
    """What the file says; a missing one says nothing, a damaged one has a `problem` (CHR0516)."""
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return AuthFile(path)
    except (OSError, ValueError) as error:
        return AuthFile(path, problem=_unreadable(path, getattr(error, "strerror", None) or "it is not UTF-8"))
    try:
        config = json.loads(text) if text.strip() else {}
    except ValueError:  # json's own words quote nothing, but its exception holds the whole text
        return AuthFile(path, problem=_unreadable(path, "it is not JSON"))
    if not isinstance(config, dict):
        return AuthFile(path, problem=_unreadable(path, "it is not a JSON object"))
    entries: dict[str, tuple[tuple[str, Mapping[str, Any]], ...]] = {}
    for key, entry in _mapping(config, "auths").items():
        if isinstance(entry, dict):
            entries[place_of(key)] = (*entries.get(place_of(key), ()), (key, entry))
    helpers = {
        place_of(key): (key, name) for key, name in _mapping(config, "credHelpers").items() if isinstance(name, str)
    }
    store = config.get("credsStore")
    return AuthFile(path, entries, helpers, store if isinstance(store, str) and store else None)


def place_of(key: str) -> str:
    """The one spelling of a server key: without scheme, `/v1/`, `/v2/` and https's own port; Docker Hub by one name."""
    host, _, path = (key.partition("://")[2] or key).partition("/")
    path = re.sub(r"^v[12](?:/|$)", "", path).strip("/")
    host = host.lower().removesuffix(":443")
    host = "docker.io" if host in _HUB else host
    return f"{host}/{path}" if path else host


def places_for(server: str, repository: str) -> Iterator[str]:
    """The places whose login fits a repository, the nearest first: `host/a/b`, `host/a`, `host`."""
    host, parts = place_of(server), repository.split("/") if repository else []
    for length in range(len(parts), 0, -1):
        yield "/".join([host, *parts[:length]])
    yield host


def login_of(entry: Mapping[str, Any], origin: str) -> Login | None:
    """The login of an entry of `auths`; None where it has none that can be read."""
    user, secret = entry.get("username"), entry.get("password")
    if isinstance(auth := entry.get("auth"), str) and auth:
        try:
            user, _, secret = b64decode(auth, validate=True).decode().partition(":")
        except ValueError:
            return None
        secret = secret.rstrip("\0")  # docker pads
    user, secret = user if isinstance(user, str) else "", secret if isinstance(secret, str) else ""
    for key, kind in (("registrytoken", Kind.REGISTRY), ("identitytoken", Kind.IDENTITY)):
        if isinstance(token := entry.get(key), str) and token:
            return Login(user, token, kind, origin=origin)
    return login_from(user, secret, origin)


def login_from(user: str, secret: str, origin: str) -> Login | None:
    """A user and a secret as docker understands them: the user `<token>` says that it is an identity token."""
    if user == TOKEN_USER and secret:
        return Login("", secret, Kind.IDENTITY, origin=origin)
    return Login(user, secret, origin=origin) if user and secret else None


def _mapping(config: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = config.get(key)
    return value if isinstance(value, dict) else {}


def _unreadable(path: Path, cause: str) -> Finding:
    return Finding(
        "CHR0516",
        f"the logins in {path} cannot be read: {cause}",
        help="mend the file, or remove it and log in again",
        severity="warning",
    )
