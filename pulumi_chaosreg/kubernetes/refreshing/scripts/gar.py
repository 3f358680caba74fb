"""A password of a Google Artifact Registry: an access token, which opens what its identity may pull.

Who it is says its environment: a provider of a workload identity pool that trusts the ServiceAccount's token, or the
Google service account that GKE's metadata server gives the ServiceAccount.
"""

from __future__ import annotations

import json
import time
import urllib.request

from .renewing import NO_PROXY, Environment, Login, RefreshError, ask, ask_form, run, text_of

_USER = "oauth2accesstoken"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TOO_SHORT, _ASKS = 300, 4
"""Seconds: a token in its last minutes is given once more, and another one a moment later (metadata server 0.4.292)."""


class _OnlyGoogle(urllib.request.BaseHandler):
    """Whoever else may answer at that address does not say this."""

    handler_order = 1100  # after failures have been told

    def http_response(self, request: object, response: object) -> object:
        """The response, of a metadata server only."""
        headers = getattr(response, "headers", {})
        if headers.get("Metadata-Flavor") != "Google":
            raise RefreshError("something else answers in place of GKE's metadata server")
        return response


def login(told: Environment) -> Login:
    """Of the user who is a token's owner."""
    if told.get("GOOGLE_TOKEN_FILE") and told.get("GOOGLE_AUDIENCE"):
        return _federated(told)
    return _of_metadata(told)


def _federated(told: Environment) -> Login:
    """By a token exchange (RFC 8693): the ServiceAccount's token for Google's."""
    asked = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": told["GOOGLE_AUDIENCE"],
        "scope": _SCOPE,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "subject_token": text_of(told["GOOGLE_TOKEN_FILE"]),
    }
    refused = "Google does not take this ServiceAccount's token (does the provider trust this cluster's issuer?)"
    answer = ask_form(f"{told['GOOGLE_STS'].rstrip('/')}/v1/token", asked, refused)
    return Login(_USER, _text(answer["access_token"]), time.time() + float(answer["expires_in"]))


def _of_metadata(told: Environment) -> Login:
    path = "computeMetadata/v1/instance/service-accounts/default"
    base = f"http://{told.get('GCE_METADATA_HOST') or 'metadata.google.internal'}/{path}"
    wanted = told["GOOGLE_SERVICE_ACCOUNT"]
    given = _metadata(f"{base}/email").decode().strip()
    if given != wanted:
        # without the annotation it is a pool's name, without Workload Identity the node's own account
        raise RefreshError(
            f"GKE's metadata server does not give {wanted} to this Pod, but {given}: is Workload Identity on for its "
            "node pool, and may its ServiceAccount act as that account (roles/iam.workloadIdentityUser)?"
        )
    for left in reversed(range(_ASKS)):
        answer = json.loads(_metadata(f"{base}/token"))
        seconds = float(answer["expires_in"])
        if seconds > _TOO_SHORT or not left:
            break
        time.sleep(2)
    return Login(_USER, _text(answer["access_token"]), time.time() + seconds)


def _metadata(url: str) -> bytes:
    refused = "GKE's metadata server gives no token (does this cluster have Workload Identity?)"
    return ask("GET", url, {"Metadata-Flavor": "Google"}, None, refused, handlers=[NO_PROXY, _OnlyGoogle()])


def _text(token: object) -> str:
    if not isinstance(token, str) or not token:
        raise RefreshError("Google's answer has no token")
    return token


if __name__ == "__main__":
    run(login)
