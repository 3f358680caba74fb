"""Which of Google's servers is meant, by the name that the client calls it by."""

from __future__ import annotations

from lab.clouds.answers import Answer, Asked, challenge
from lab.google.tokens import Google

METADATA = "metadata.google.internal"
STS = "sts.googleapis.com"


def decide(google: Google, asked: Asked) -> Answer | None:
    """The registry takes Google's access tokens as passwords and as bearers."""
    if asked.host == METADATA:
        return google.metadata(asked.path, asked.headers)
    if asked.host == STS:
        return google.exchange(asked.form)
    if asked.path == "/v2/token":
        user, password = asked.basic
        is_let_in = user == "oauth2accesstoken" and google.opens(password)
        return Answer(200, {"token": password}) if is_let_in else challenge(asked, "/v2/token")
    return None if google.opens(asked.bearer) or google.opens(asked.basic[1]) else challenge(asked, "/v2/token")
