"""Microsoft Entra's tokens for clients, and what a registry gives for one: refresh tokens, and access tokens for these.

Written from the descriptions of Entra's client credentials flow and of a registry's `/oauth2/exchange` and
`/oauth2/token` (Azure/acr, docs/AAD-OAuth.md). A stand-in, and every answer says so.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lab.azure.tokens import Tokens
from lab.clouds.answers import Answer
from lab.cluster_tokens import Ask, ClusterToken, NoKeysError, NoTokenError

SERVER: Final = "chaosreg-lab stand-in for Azure"
_HEADERS: Final = {"Server": SERVER, "Content-Type": "application/json"}
USER: Final = "00000000-0000-0000-0000-000000000000"
_SCOPE: Final = "https://containerregistry.azure.net/.default"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Client:
    """An application or a managed identity."""

    tenant: str
    secret: str = ""
    subject: str = ""
    """Of the ServiceAccount that it trusts."""
    may_pull: bool = True


@dataclass
class Azure:
    """Its clients, and the tokens that were given."""

    cluster: Ask
    """Whose tokens clients may trust."""
    clients: dict[str, Client] = field(default_factory=dict)
    """By client id."""
    tokens: Tokens = field(default_factory=Tokens)
    """Of registries: users that Entra does not know."""
    audience: str = "api://AzureADTokenExchange"
    seconds: int = 3 * 3600
    """How long a registry's refresh token is good for; Azure's are for three hours."""
    _access: dict[str, tuple[str, str]] = field(default_factory=dict)
    """A registry's access token → user and password that it was given for."""
    _entra: dict[str, str] = field(default_factory=dict)
    """Entra's token → client id."""
    _refresh: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    """A registry's → registry, client id, when it ends."""

    def entra(self, path: str, form: Mapping[str, str]) -> Answer:
        """`POST https://login.microsoftonline.com/TENANT/oauth2/v2.0/token`."""
        tenant = path.removeprefix("/").removesuffix("/oauth2/v2.0/token")
        client = self.clients.get(form.get("client_id", ""))
        if form.get("grant_type") != "client_credentials" or form.get("scope") != _SCOPE:
            return _no(400, "invalid_scope", "AADSTS70011: The provided value for scope is not valid.")
        if client is None or client.tenant != tenant:
            return _no(400, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
        if "client_secret" in form:
            if not client.secret or form["client_secret"] != client.secret:
                return _no(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        elif problem := self._problem(client, form):
            return _no(*problem)
        token = f"canary-entra.{secrets.token_urlsafe(24)}"
        self._entra[token] = form["client_id"]
        return Answer(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token}, _HEADERS)

    def knows(self, token: str, client: str) -> None:
        """A token that somebody else has given for a client: a managed identity's endpoint."""
        self._entra[token] = client

    def exchange(self, host: str, form: Mapping[str, str]) -> Answer:
        """`POST https://REGISTRY/oauth2/exchange`."""
        client = self._entra.get(form.get("access_token", ""))
        if form.get("grant_type") != "access_token" or form.get("service") != host:
            return _refused(400, "UNSUPPORTED", "grant_type or service is not supported")
        if client is None or self.clients[client].tenant != form.get("tenant", self.clients[client].tenant):
            return _refused(401, "UNAUTHORIZED", "authentication required, visit https://aka.ms/acr/authorization")
        ends = int(time.time()) + self.seconds
        claims = {"iss": "Azure Container Registry", "aud": host, "exp": ends, "jti": secrets.token_hex(8)}
        token = f"{_encoded({'alg': 'RS256', 'typ': 'JWT'})}.{_encoded(claims)}.canary-{secrets.token_urlsafe(16)}"
        self._refresh[token] = (host, client, ends)
        return Answer(200, {"refresh_token": token}, _HEADERS)

    def access(self, host: str, user: str, token: str) -> Answer:
        """`/oauth2/token` of a registry, by a refresh token or a token's password."""
        if not self.opens(host, user, token):
            return _refused(401, "UNAUTHORIZED", "authentication required, visit https://aka.ms/acr/authorization")
        given = f"canary-access.{secrets.token_urlsafe(24)}"
        self._access[given] = (user, token)
        return Answer(200, {"access_token": given}, _HEADERS)

    def lets_in(self, host: str, access: str) -> bool:
        """Whether an access token opens this registry now."""
        return self.opens(host, *self._access.get(access, ("", "")))

    def opens(self, host: str, user: str, token: str) -> bool:
        """Whether this user and password may pull there now. What a token's scope map allows is not asked."""
        if user != USER:
            return self.tokens.opens(host.partition(".")[0], user, token)
        registry, client, ends = self._refresh.get(token, ("", "", 0.0))
        return registry == host and ends > time.time() and self.clients[client].may_pull

    def _problem(self, client: Client, form: Mapping[str, str]) -> tuple[int, str, str] | None:
        """What is wrong with a ServiceAccount's token in the place of a secret."""
        if form.get("client_assertion_type") != _ASSERTION:
            return 401, "invalid_client", "AADSTS7000218: The request body must contain a client assertion or secret."
        try:
            token = ClusterToken.read(form.get("client_assertion", ""))
            is_signed = token.is_signed_by(self.cluster)
        except NoTokenError:
            return 400, "invalid_request", "AADSTS50027: JWT token is invalid or malformed."
        except NoKeysError:
            return 400, "invalid_request", "AADSTS70021: No matching federated identity record found for issuer."
        if not is_signed:
            return 401, "invalid_client", "AADSTS700027: The certificate used to sign the assertion is not known."
        if token.has_ended:
            return 401, "invalid_client", "AADSTS700024: Client assertion is not within its valid time range."
        if self.audience not in token.audiences or token.subject != client.subject:
            words = f"Assertion subject: '{token.subject}'. Assertion audience: '{', '.join(token.audiences)}'."
            return 400, "invalid_request", f"AADSTS70021: No matching federated identity record found. {words}"
        return None


def _encoded(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _no(status: int, error: str, description: str) -> Answer:
    trace = f"Trace ID: {secrets.token_hex(16)} Correlation ID: {secrets.token_hex(16)}"
    return Answer(status, {"error": error, "error_description": f"{description} {trace}", "error_codes": [1]}, _HEADERS)


def _refused(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"errors": [{"code": code, "message": message}]}, _HEADERS)
