"""Google's access tokens: by a token exchange for a ServiceAccount's, or from a metadata server as GKE's Pods have it.

Written from the descriptions of its Security Token Service (`v1/token`, RFC 8693) and of the metadata server. A
stand-in, and every answer says so.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lab.clouds.answers import Answer
from lab.cluster_tokens import Ask, ClusterToken, NoKeysError, NoTokenError

SERVER: Final = "chaosreg-lab stand-in for Google Cloud"
_ACCOUNT: Final = "/computeMetadata/v1/instance/service-accounts/default/"
_EXCHANGE: Final = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
}
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


@dataclass
class Google:
    """Its providers and service accounts, and the tokens that it has given."""

    cluster: Ask
    """Whose tokens its providers trust."""
    providers: set[str] = field(default_factory=set)
    """By full name, `projects/NUMBER/…`; each takes the audience that is its own name."""
    readers: set[str] = field(default_factory=set)
    """Who may pull: subjects of the cluster's ServiceAccounts, addresses of service accounts."""
    keys: set[str] = field(default_factory=set)
    """Files of service accounts' keys that it has given, word for word: passwords of `_json_key`."""
    seconds: int = 3600
    """How long a token is good for; Google's are for an hour."""
    account: str = ""
    """Of the Pod that asks the metadata server."""
    left: list[int] = field(default_factory=list)
    """Seconds that the next tokens of the metadata server still have; then a whole life."""
    _given: dict[str, tuple[str, float]] = field(default_factory=dict)

    def exchange(self, form: Mapping[str, str]) -> Answer:
        """`POST https://sts.googleapis.com/v1/token`."""
        if {key: form.get(key) for key in _EXCHANGE} != _EXCHANGE or form.get("scope") != _SCOPE:
            return _refused("invalid_request", "Invalid value for a parameter of the token exchange.")
        name = form.get("audience", "").removeprefix("//iam.googleapis.com/")
        if name not in self.providers:
            return _refused("invalid_target", 'The target service indicated by the "audience" parameters is invalid.')
        try:
            token = ClusterToken.read(form.get("subject_token", ""))
            is_signed = token.is_signed_by(self.cluster)
        except NoTokenError:
            return _refused("invalid_request", "Unable to parse the ID Token.")
        except NoKeysError:
            return _refused("invalid_grant", "The issuer in ID Token does not match the expected ones.")
        if not is_signed:
            return _refused("invalid_grant", "Invalid signature for ID Token.")
        if token.has_ended:
            return _refused("invalid_grant", "ID Token issued at is stale to sign-in.")
        if f"https://iam.googleapis.com/{name}" not in token.audiences:
            return _refused("invalid_grant", "The audience in ID Token does not match the expected audience.")
        kind = _EXCHANGE["requested_token_type"]
        given = self._give(token.subject, self.seconds)
        return _said({**given, "issued_token_type": kind, "token_type": "Bearer"})

    def metadata(self, path: str, headers: Mapping[str, str]) -> Answer:
        """`GET http://metadata.google.internal/…`, for one Pod."""
        if headers.get("Metadata-Flavor") != "Google":
            return Answer(403, "Missing Metadata-Flavor:Google header.", {"Server": SERVER})
        flavor = {"Metadata-Flavor": "Google", "Server": SERVER}
        if path == f"{_ACCOUNT}email":
            return Answer(200, self.account, flavor)
        if path == f"{_ACCOUNT}token":
            seconds = self.left.pop(0) if self.left else self.seconds
            return Answer(200, {**self._give(self.account, seconds), "token_type": "Bearer"}, flavor)
        return Answer(404, "Not found", flavor)

    def knows(self, token: str, reader: str) -> None:
        """A token that somebody else has given: the endpoint that a key of this service account names."""
        self._given[token] = (reader, time.time() + self.seconds)

    def opens(self, token: str) -> bool:
        """Whether an access token may pull now."""
        who, ends = self._given.get(token, ("", 0.0))
        return who in self.readers | self.keys and ends > time.time()

    def token_for(self, user: str, password: str) -> str | None:
        """The access token by which a registry lets this user in: the password itself, or one for a key."""
        if user == "_json_key":
            return str(self._give(password, self.seconds)["access_token"]) if password in self.keys else None
        return password if user == "oauth2accesstoken" and self.opens(password) else None

    def _give(self, who: str, seconds: int) -> dict[str, Any]:
        token = f"ya29.canary-{secrets.token_urlsafe(24)}"
        self._given[token] = (who, time.time() + seconds)
        return {"access_token": token, "expires_in": seconds}


def _said(answer: Any) -> Answer:
    return Answer(200, answer, {"Server": SERVER, "Content-Type": "application/json"})


def _refused(error: str, description: str) -> Answer:
    said = {"error": error, "error_description": description}
    return Answer(400, said, {"Server": SERVER, "Content-Type": "application/json"})
