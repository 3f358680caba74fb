"""A login for Artifact Registry by Google's application default credentials: a key, gcloud's, the machine's own.

Such a token lives for an hour, with workload identity federation for less. `google_api.py` asks Google's own APIs.
"""

import logging
from datetime import UTC, datetime

import google.auth
import google.auth.transport.requests
from google.auth.exceptions import GoogleAuthError

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.machine.authorities import named_authorities
from pulumi_chaosreg.machine.refusals import identity_refused

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_USER = "oauth2accesstoken"

logging.getLogger("google.auth").setLevel(logging.CRITICAL)  # what it warns of stands in our error


def gcp_login(server: str) -> tuple[Login, float]:
    """The login and the seconds that it is good for; ChaosregError (CHR0515)."""
    try:
        asked = token_endpoints()
        credentials, _ = google.auth.default(scopes=[_SCOPE], request=asked)
        credentials.refresh(asked)
        token, expiry = credentials.token, credentials.expiry
    except (GoogleAuthError, OSError, ValueError) as error:
        advice = "check `gcloud auth application-default print-access-token`, or the machine's service account"
        raise identity_refused("Google Cloud", server, error, advice) from None
    seconds = (expiry.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds() if expiry else 0.0
    return Login(_USER, token, origin="identity at Google Cloud"), seconds


def token_endpoints() -> google.auth.transport.requests.Request:
    """By which google-auth asks for tokens."""
    asked = google.auth.transport.requests.Request()
    asked.session.verify = named_authorities() or True
    return asked
