"""Which of Google's servers is meant, by the name that the client calls it by."""

from __future__ import annotations

from lab.clouds.answers import Answer, Asked, challenge
from lab.google.tokens import Google

METADATA = "metadata.google.internal"
STS = "sts.googleapis.com"


def decide(google: Google, asked: Asked) -> Answer | None:
    """The registry takes Google's access tokens and keys as passwords, and tokens as bearers."""
    if asked.host == METADATA:
        return google.metadata(asked.path, asked.headers)
    if asked.host == STS:
        return google.exchange(asked.form)
    if asked.path == "/v2/token":
        token = google.token_for(*asked.basic)
        return Answer(200, {"token": token}) if token else challenge(asked, "/v2/token")
    return None if google.opens(asked.bearer) or google.token_for(*asked.basic) else challenge(asked, "/v2/token")
