"""Which of Azure's servers is meant, by the name that the client calls it by."""

from __future__ import annotations

from lab.azure.login import Azure
from lab.clouds.answers import Answer, Asked, challenge

ENTRA = "login.microsoftonline.com"


def decide(azure: Azure, asked: Asked) -> Answer | None:
    """A registry gives access tokens for its refresh tokens, which are passwords of one user."""
    if asked.host == ENTRA:
        return azure.entra(asked.path, asked.form)
    if asked.path == "/oauth2/exchange":
        return azure.exchange(asked.host, asked.form)
    if asked.path == "/oauth2/token":
        user, password = asked.basic
        form = asked.form
        token = password or form.get("refresh_token") or form.get("password", "")
        return azure.access(asked.host, user or form.get("username", ""), token)
    return None if azure.lets_in(asked.host, asked.bearer) else challenge(asked, "/oauth2/token")
