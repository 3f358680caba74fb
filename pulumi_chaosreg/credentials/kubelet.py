"""What the kubelet makes of the entries of a docker config: a port of how it reads them.

Source: k8s.io/kubernetes/pkg/credentialprovider/config.go, with the rules of Go's JSON: names of fields in any case,
null as nothing, another type as an error. One entry that it cannot read, of whatever host, and it uses none of all.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_chaosreg.credentials.keyring import used_for

_FIELDS = ("username", "password", "email", "auth")


class BrokenEntry(ValueError):  # noqa: N818
    """The kubelet cannot read it, nor any other entry then; the text says why, and shows nothing of it."""


def kubelet_login(entry: Any) -> tuple[str, str] | None:
    """(user, password) as the kubelet sends them; None where it goes without a login. Raises BrokenEntry.

    `auth` wins over the other two; tokens and helpers mean nothing to it.
    """
    if entry is not None and not isinstance(entry, Mapping):
        raise BrokenEntry("it is not an object")
    said = {key.lower(): value for key, value in (entry or {}).items() if key.lower() in _FIELDS and value is not None}
    for key, value in said.items():
        if not isinstance(value, str):
            raise BrokenEntry(f"its `{key}` is not a string")
    user, password = said.get("username", ""), said.get("password", "")
    if said.get("auth"):
        user, password = _decoded(said["auth"])
    return (user, password) if user and password else None


def without_login(logins: Mapping[str, tuple[str, str] | None], images: Iterable[str]) -> list[str]:
    """The images that the kubelet would pull without a login, though some keys match them; `logins` by server key."""
    return [image for image in images if not any(logins[key] for key in used_for(logins, image))]


def _decoded(auth: str) -> tuple[str, str]:
    text = auth.replace("\r", "").replace("\n", "")  # as Go does
    is_padded = auth.strip().endswith("=")
    if is_padded and len(text) % 4:
        raise BrokenEntry("its `auth` is not base64")
    try:
        decoded = b64decode(text if is_padded else text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise BrokenEntry("its `auth` is not base64") from None
    user, colon, password = decoded.decode("utf-8", "replace").partition(":")
    if not colon:
        raise BrokenEntry("its `auth` is not base64 of `user:password`")
    return user, password
