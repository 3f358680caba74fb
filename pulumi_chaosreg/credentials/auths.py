"""The `auths` of a docker config: which entry is for which repository, and what login it holds.

As docker and podman read them. The kubelet's rules are others: `keyring.py`.
"""

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_chaosreg.credentials.keyring import shown
from pulumi_chaosreg.credentials.login import Login, LoginKind
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.servers import HUB, HUB_ALIASES

_TOKEN_USER = "<token>"  # noqa: S105  docker's word for "the secret is no password"


def place_of(key: str) -> str:
    """The one spelling of a server key: without scheme, `/v1/`, `/v2/` and https's own port; Docker Hub by one name."""
    host, _, path = (key.partition("://")[2] or key).partition("/")
    path = re.sub(r"^v[12](?:/|$)", "", path).strip("/")
    host = host.lower().removesuffix(":443")
    host = HUB if host in HUB_ALIASES else host
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
    for key, kind in (("registrytoken", LoginKind.REGISTRY), ("identitytoken", LoginKind.IDENTITY)):
        if isinstance(token := entry.get(key), str) and token:
            return Login(user, token, kind, origin=origin)
    return login_from(user, secret, origin)


def login_from(user: str, secret: str, origin: str) -> Login | None:
    """A user and a secret as docker understands them: the user `<token>` says that it is an identity token."""
    if user == _TOKEN_USER and secret:
        return Login("", secret, LoginKind.IDENTITY, origin=origin)
    return Login(user, secret, origin=origin) if user and secret else None


def login_in(auths: Mapping[str, Any], server: str, repository: str, origin: str) -> Login | None:
    """The login of the nearest entry for a repository; None where there is no entry: everybody's then.

    ChaosregError (CHR0525) where there are entries, and nothing in them: whoever wrote them meant a login.
    """
    fitting = [key for place in places_for(server, repository) for key in auths if place_of(key) == place]
    for key in fitting:
        entry = auths[key]
        if isinstance(entry, Mapping) and (login := login_of(entry, origin)):
            return login
    if fitting:
        raise ChaosregError.of(
            "CHR0525",
            f"the docker config of {origin} has no login in its entry `{shown(fitting[0])}`",
            help="add `auth` (base64 of `user:password`), or `username` and `password`: what a credential helper keeps "
            "is not in the file",
        )
    return None
