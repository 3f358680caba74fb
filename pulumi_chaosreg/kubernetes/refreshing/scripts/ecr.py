"""A password of an Amazon ECR registry.

Who it is says its environment, as AWS's own tools have it: a role for the ServiceAccount's token, EKS Pod Identity, or
keys.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import urllib.parse
from collections.abc import Mapping

from .renewing import NO_PROXY, Environment, Login, RefreshError, Refusal, ask, run, text_of

_PASSING = ("ThrottlingException", "Throttling", "ServerException", "RequestLimitExceeded", "IDPCommunicationError")
"""What AWS calls that which is over soon."""

AwsKeys = tuple[str, str, str]
"""Access key id, secret access key, session token."""


def login(told: Environment) -> Login:
    """Of the user `AWS`, who is whoever asks ECR."""
    keys = _keys(told)
    url = told["AWS_ENDPOINT_URL_ECR"].rstrip("/") + "/"
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
    }
    refused = "ECR gives no password (does this identity have ecr:GetAuthorizationToken?)"

    def signed() -> Mapping[str, str]:
        return {**headers, **_signature("POST", url, headers, b"{}", keys, told["AWS_REGION"], "ecr")}

    answer = json.loads(ask("POST", url, signed, b"{}", refused, read_refusal=_refusal))
    given = answer["authorizationData"][0]
    user, _, password = base64.b64decode(given["authorizationToken"]).decode().partition(":")
    if user != "AWS" or not password:
        raise RefreshError("ECR's answer has no password of the user AWS")
    return Login(user, password, float(given["expiresAt"]))


def _keys(told: Environment) -> AwsKeys:
    """Of whoever this Pod is."""
    if told.get("AWS_WEB_IDENTITY_TOKEN_FILE") and told.get("AWS_ROLE_ARN"):
        return _of_role(told)
    if told.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        return _of_pod_identity(told)
    if told.get("AWS_ACCESS_KEY_ID") and told.get("AWS_SECRET_ACCESS_KEY"):
        return told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"], told.get("AWS_SESSION_TOKEN", "")
    raise RefreshError(
        "this Pod has no AWS identity: no role for its ServiceAccount, no keys, and nothing from EKS Pod Identity (is "
        "there an association for this ServiceAccount, and does the node run its agent?)"
    )


def _of_role(told: Environment) -> AwsKeys:
    asked = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": told["AWS_ROLE_ARN"],
        "RoleSessionName": "chaosreg-refresher",
        "WebIdentityToken": text_of(told["AWS_WEB_IDENTITY_TOKEN_FILE"]),
    }
    url, body = told["AWS_ENDPOINT_URL_STS"], urllib.parse.urlencode(asked).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    refused = f"STS does not give the role {told['AWS_ROLE_ARN']}"
    answer = ask("POST", url, headers, body, refused, read_refusal=_refusal).decode()
    return _element(answer, "AccessKeyId"), _element(answer, "SecretAccessKey"), _element(answer, "SessionToken")


def _of_pod_identity(told: Environment) -> AwsKeys:
    headers = {}
    if told.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        headers["Authorization"] = text_of(told["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
    url, refused = told["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "EKS Pod Identity gives no role"
    answer = json.loads(ask("GET", url, headers, None, refused, handlers=[NO_PROXY], read_refusal=_refusal))
    return answer["AccessKeyId"], answer["SecretAccessKey"], answer.get("Token", "")


def _refusal(body: str) -> Refusal:
    """In JSON or XML: its kind, and all of it on one line."""
    try:
        answer = json.loads(body)
        kind, message = answer.get("__type", ""), answer.get("message") or answer.get("Message") or ""
    except (ValueError, AttributeError):
        kind, message = _element(body, "Code"), _element(body, "Message")
    kind = kind.rpartition("#")[2]
    return " ".join(f"{kind} {message}".split()), kind in _PASSING


def _element(document: str, name: str) -> str:
    """The text of the first element of this name in AWS's XML; empty where there is none."""
    found = re.search(rf"<{name}>([^<]*)</{name}>", document)
    return found[1].strip() if found else ""


def _signature(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, keys: AwsKeys, region: str, service: str
) -> dict[str, str]:
    """The headers that sign a request: AWS's Signature Version 4."""
    key_id, secret, session = keys
    parts, now = urllib.parse.urlsplit(url), time.gmtime()
    day, stamp = time.strftime("%Y%m%d", now), time.strftime("%Y%m%dT%H%M%SZ", now)
    added = {"Host": parts.netloc, "X-Amz-Date": stamp}
    if session:
        added["X-Amz-Security-Token"] = session
    every = {name.lower(): value for name, value in {**headers, **added}.items()}
    names = ";".join(sorted(every))
    said = [method, parts.path or "/", parts.query, *(f"{name}:{every[name]}" for name in sorted(every)), "", names]
    canonical = "\n".join([*said, hashlib.sha256(body or b"").hexdigest()])
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signing = f"AWS4{secret}".encode()
    for step in (day, region, service, "aws4_request"):
        signing = hmac.new(signing, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(signing, text.encode(), hashlib.sha256).hexdigest()
    credential = f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**added, "Authorization": credential}


if __name__ == "__main__":
    run(login)
