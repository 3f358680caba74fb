"""Stand-ins of what gives a machine its identity: ECR's API, Google's metadata server, Azure's managed identity.

The SDKs that ask them are the real ones. What they answer was taken from the clouds' references: AWS's
GetAuthorizationToken (ECR and ECR Public), Google's "metadata for VM instances", App Service's managed identity.
"""

import json
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.answering import AnsweringServer, Asked, Said, tls_of
from tests.support.certificates import Authority

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GAR = "europe-docker.pkg.dev"
ACR = "company.azurecr.io"
ECR_PASSWORD, GCP_TOKEN, ENTRA_TOKEN = "canary-ecr-password", "canary-gcp-token", "canary-entra-token"
_KEY_ID, _KEY = "AKIDEXAMPLE", "canary-aws-key"


@dataclass
class Cloud:
    """A running stand-in, and the environment of a machine that has its identity."""

    server: AnsweringServer
    environment: dict[str, str] = field(default_factory=dict)


@contextmanager
def aws(
    home: Path,
    password: Callable[[], str] = lambda: ECR_PASSWORD,
    expires: float = 4e9,
    authority: Authority | None = None,
) -> Iterator[Cloud]:
    """`expires` is the moment that ECR names, in seconds since 1970. With an authority it speaks TLS."""

    def answer(asked: Asked) -> Said:
        if f"Credential={_KEY_ID}/" not in asked.headers.get("Authorization", ""):
            refusal = {"__type": "UnrecognizedClientException", "message": "The security token is invalid."}
            return Said(400, json.dumps(refusal).encode(), {"Content-Type": "application/x-amz-json-1.1"})
        token = b64encode(f"AWS:{password()}".encode()).decode()
        data = {"authorizationToken": token, "expiresAt": expires}
        is_public = asked.headers["X-Amz-Target"].startswith("SpencerFrontendService")
        content = {"authorizationData": data if is_public else [data]}
        return Said(200, json.dumps(content).encode(), {"Content-Type": "application/x-amz-json-1.1"})

    with AnsweringServer(answer, tls=_tls(authority)) as server:
        url = f"{_scheme(authority)}://{server.host}"
        yield Cloud(
            server,
            {
                "AWS_ACCESS_KEY_ID": _KEY_ID,
                "AWS_SECRET_ACCESS_KEY": _KEY,
                "AWS_ENDPOINT_URL_ECR": url,
                "AWS_ENDPOINT_URL_ECR_PUBLIC": url,
                **nobody(home),
            },
        )


@contextmanager
def gcp(home: Path) -> Iterator[Cloud]:
    flavor = {"Metadata-Flavor": "Google", "Content-Type": "application/json"}

    def answer(asked: Asked) -> Said:
        if asked.headers.get("Metadata-Flavor") != "Google":
            return Said(403)
        match asked.path.removeprefix("/computeMetadata/v1/").rstrip("/").split("/"):
            case ["instance", "service-accounts", _, "token"]:
                content: object = {"access_token": GCP_TOKEN, "expires_in": 3599, "token_type": "Bearer"}
            case ["instance", "service-accounts", _]:
                content = {"aliases": ["default"], "email": "mirror@project.example", "scopes": []}
            case ["project", "project-id"]:
                return Said(200, b"project", flavor | {"Content-Type": "application/text"})
            case ["universe", "universe-domain"]:
                return Said(200, b"googleapis.com", flavor | {"Content-Type": "application/text"})
            case _:
                content = {}
        return Said(200, json.dumps(content).encode(), flavor)

    with AnsweringServer(answer) as server:
        yield Cloud(server, {"GCE_METADATA_HOST": server.host, "GCE_METADATA_IP": server.host, **nobody(home)})


@contextmanager
def azure(home: Path, authority: Authority | None = None) -> Iterator[Cloud]:
    def answer(asked: Asked) -> Said:
        if asked.headers.get("X-Identity-Header") != "canary-identity-header":
            return Said(401, b'{"message": "unauthorized"}', {"Content-Type": "application/json"})
        content = {
            "access_token": ENTRA_TOKEN,
            "expires_on": "4000000000",
            "resource": asked.form["resource"],
            "token_type": "Bearer",
        }
        return Said(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    with AnsweringServer(answer, tls=_tls(authority)) as server:
        address = f"{_scheme(authority)}://{server.host}/token"
        secrets = {"IDENTITY_ENDPOINT": address, "IDENTITY_HEADER": "canary-identity-header"}
        yield Cloud(server, secrets | {"AZURE_TENANT_ID": "company-tenant", **nobody(home)})


def _tls(authority: Authority | None) -> ssl.SSLContext | None:
    return tls_of(authority.issue("127.0.0.1")) if authority else None


def _scheme(authority: Authority | None) -> str:
    return "https" if authority else "http"


def nobody(home: Path) -> dict[str, str]:
    """A machine without logins and identity: an empty home, no metadata of instances."""
    return {
        "HOME": str(home),
        "CLOUDSDK_CONFIG": str(home / "gcloud"),
        "AWS_CONFIG_FILE": str(home / "aws"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }
