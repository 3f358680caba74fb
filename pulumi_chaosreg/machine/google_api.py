"""Google's own APIs, asked as whoever a login of its registry is, or else as this machine's identity."""

import json
import os
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials as AccessToken
from google.oauth2.service_account import Credentials as ServiceAccount

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.machine.authorities import named_authorities
from pulumi_chaosreg.machine.gcp import token_endpoints

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_KEYS, _TOKENS = ("_json_key", "_json_key_base64"), ("oauth2accesstoken", "_dcgcloud_token")
_OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"
"""As gcloud knows it: where an API is reached through Private Service Connect."""
_SECONDS = 20
_NOT_OURS = (OSError, ValueError, GoogleAuthError)  # what requests raises is an OSError


class GoogleApiError(Exception):
    """Google did not do it."""

    def __init__(self, said: str, status: int | None = None, word: str = "") -> None:
        super().__init__(said)
        self.said = said
        """In Google's words, which may hold anything."""
        self.status = status
        """Of the HTTP answer; None where there was none."""
        self.word = word
        """Google's own for the status: `PERMISSION_DENIED`, `FAILED_PRECONDITION`."""


class GoogleApi:
    """One API with one identity."""

    def __init__(self, service: str, credentials: Credentials) -> None:
        universe = getattr(credentials, "universe_domain", "googleapis.com")
        self._base = _overridden(service) or f"https://{service}.{universe}"
        self._session = AuthorizedSession(credentials, auth_request=token_endpoints())
        self._session.verify = named_authorities() or True

    def delete(self, path: str) -> None:
        """Delete what the path stands for; GoogleApiError, with 404 where it is not there."""
        self._ask("DELETE", path, {})

    def get(self, path: str, **query: str) -> Mapping[str, Any]:
        """What the path stands for; GoogleApiError."""
        return self._ask("GET", path, query)

    def _ask(self, method: str, path: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            answer = self._session.request(
                method, f"{self._base}/{path}", params=query, timeout=_SECONDS, allow_redirects=False
            )
        except _NOT_OURS as error:
            raise GoogleApiError(str(error) or type(error).__name__) from None
        try:
            content = answer.json()
        except ValueError:
            content = None
        content = content if isinstance(content, dict) else {}
        if answer.status_code == 200:
            return content
        told = content.get("error")
        told = told if isinstance(told, dict) else {}
        said = str(told.get("message") or f"HTTP {answer.status_code}")
        raise GoogleApiError(said, answer.status_code, str(told.get("status", "")))


def api_of(service: str, login: Login | None = None, *, alone: bool = False) -> GoogleApi | None:
    """The API, asked as this login where Google knows it, or else as this machine's identity, unless the login goes
    `alone`: None. GoogleApiError where the machine has no identity.
    """
    try:
        credentials = _credentials(login) if login else None
        if credentials is None and not alone:
            credentials, _ = google.auth.default(scopes=[_SCOPE], request=token_endpoints())
    except _NOT_OURS as error:
        raise GoogleApiError(str(error) or type(error).__name__) from None
    return GoogleApi(service, credentials) if credentials else None


def _credentials(login: Login) -> Credentials | None:
    if login.username in _TOKENS:
        return AccessToken(login.password)  # type: ignore[no-untyped-call]
    if login.username in _KEYS:
        try:
            text = b64decode(login.password) if login.username.endswith("base64") else login.password
            return ServiceAccount.from_service_account_info(json.loads(text), scopes=[_SCOPE])  # type: ignore[no-untyped-call]
        except _NOT_OURS:  # its words might be the key's
            raise GoogleApiError(f"the password of {login.title} is not the JSON of a service account's key") from None
    return None


def _overridden(service: str) -> str:
    said = os.environ.get(_OVERRIDE + service.upper(), "").rstrip("/")
    parts = urlsplit(said)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")):
        return said
    return ""
