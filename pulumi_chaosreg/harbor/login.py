"""Who asks Harbor: from the forms that a credential may have to a user and a password."""

from collections.abc import Mapping
from typing import Any

from pulumi_chaosreg.credentials.docker_config import read_credential, read_input
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError


def login_of(value: Any, server: str) -> Login:
    """The login that a credential holds for this server. Raises ChaosregError (CHR0489, CHR0506)."""
    is_bare = isinstance(value, str) and not value.lstrip().startswith("{")
    if not value or is_bare or (isinstance(value, Mapping) and not {"username", "auths"} & set(value)):
        raise _no_user(server)
    named = (
        read_input("login", value) if isinstance(value, Mapping) else read_credential("login", value, None, "`login`")
    )
    login = named.login_for(server, "")
    if login is None or not login.username:
        raise _no_user(server)
    return login


def _no_user(server: str) -> ChaosregError:
    return ChaosregError.of(
        "CHR0489",
        f"the login that makes repositories on `{server}` has no user",
        help="give the credential of `repositories.login` as an object with `username` and `password`: `pulumi config "
        "set --secret --path chaosreg-credentials:NAME.username`, then `.password`",
    )
