"""A password of an Azure Container Registry: its refresh token, for a token that Microsoft Entra gives.

Who it is says its environment, as Azure's own tools have it: a client for the ServiceAccount's token, or a service
principal with a secret.
"""

from __future__ import annotations

import base64
import json

from .renewing import Environment, Login, RefreshError, ask_form, run, text_of

_USER = "00000000-0000-0000-0000-000000000000"
_SCOPE = "https://containerregistry.azure.net/.default"
"""Azure's own for registries, in all of its clouds: unlike the resource manager's, a registry cannot refuse it."""


def login(told: Environment) -> Login:
    """Of the user who stands for a token."""
    tenant, registry = told.get("AZURE_TENANT_ID", ""), told["CHAOSREG_SERVER"]
    proof = _proof(told)
    if not tenant or not proof or not told.get("AZURE_CLIENT_ID"):
        raise RefreshError(
            "this Pod has no Azure identity: nobody has told it a tenant, a client and a token (does this cluster have "
            "the webhook of Microsoft Entra Workload ID? If not, write the tenant: `pull_secret: {identity: "
            "TENANT_ID/CLIENT_ID}`)"
        )
    authority = told["AZURE_AUTHORITY_HOST"]
    asked = {
        "grant_type": "client_credentials",
        "client_id": told["AZURE_CLIENT_ID"],
        "scope": _SCOPE,
        **proof,
    }
    refused = f"Microsoft Entra does not take this identity as client {told['AZURE_CLIENT_ID']}"
    given = ask_form(f"{authority.rstrip('/')}/{tenant}/oauth2/v2.0/token", asked, refused)
    exchanged = {
        "grant_type": "access_token",
        "service": registry,
        "tenant": tenant,
        "access_token": given["access_token"],
    }
    refused = "the registry gives no password (may this identity pull, and is this Pod's network let in?)"
    password = ask_form(f"https://{registry}/oauth2/exchange", exchanged, refused)["refresh_token"]
    return Login(_USER, password, _end(password))


def _proof(told: Environment) -> dict[str, str]:
    """That it is this client; empty where nothing proves it."""
    if told.get("AZURE_CLIENT_SECRET"):
        return {"client_secret": told["AZURE_CLIENT_SECRET"]}
    if told.get("AZURE_FEDERATED_TOKEN_FILE"):
        return {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": text_of(told["AZURE_FEDERATED_TOKEN_FILE"]),
        }
    return {}


def _end(token: str) -> float:
    """When a token of the registry ends, which it says itself."""
    try:
        claims = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        raise RefreshError("the registry's answer has no password that says when it ends") from None


if __name__ == "__main__":
    run(login)
