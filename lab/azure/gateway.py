"""Which of Azure's servers is meant, by the name that the client calls it by."""

from __future__ import annotations

from lab.azure.login import USER, Azure
from lab.clouds.answers import Answer, Asked, challenge

ENTRA = "login.microsoftonline.com"


def decide(azure: Azure, asked: Asked) -> Answer | None:
    """A registry gives access tokens for its refresh tokens, which are passwords of one user, and for those of its own
    tokens.
    """
    if asked.host == ENTRA:
        return azure.entra(asked.path, asked.form)
    if asked.path == "/oauth2/exchange":
        return azure.exchange(asked.host, asked.form)
    if asked.path == "/oauth2/token":
        return azure.access(asked.host, *_login(asked))
    return None if azure.lets_in(asked.host, asked.bearer) else challenge(asked, "/oauth2/token")


def _login(asked: Asked) -> tuple[str, str]:
    """User and password. A refresh token by its own grant comes without a user."""
    form = asked.form
    if "refresh_token" in form:
        return USER, form["refresh_token"]
    user, password = asked.basic
    return user or form.get("username", ""), password or form.get("password", "")
