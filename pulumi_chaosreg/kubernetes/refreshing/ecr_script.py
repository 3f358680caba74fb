"""Renews the pull Secret of an Amazon ECR registry: as a Job in the cluster, with Python's standard library alone.

Who it is says its environment, as AWS's own tools have it: a role for the ServiceAccount's token, EKS Pod Identity, or
keys. It asks ECR for a password and writes it into the Secret by server-side apply, which leaves all else in it alone.
Nothing secret is ever printed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

_TRIES, _SECONDS = 4, 10
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_NO_PROXY = urllib.request.ProxyHandler({})
_PASSING = ("ThrottlingException", "Throttling", "ServerException", "RequestLimitExceeded", "IDPCommunicationError")
"""What AWS calls that which is over soon."""

Environment = Mapping[str, str]
AwsKeys = tuple[str, str, str]
"""Access key id, secret access key, session token."""


class RefreshError(Exception):
    """What went wrong, as its one line tells."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """None of those who are asked redirects; whoever does would be sent tokens and keys' signatures."""

    def redirect_request(self, *_: object) -> None:
        return None


def main() -> None:
    """Renew the Secret that the environment names."""
    told = os.environ
    keys = _keys(told)
    password, expires = _password(told, keys)
    _write(told, password, expires)
    print(f"Secret {told['CHAOSREG_SECRET']} has a password of {told['CHAOSREG_SERVER']} that is valid until {expires}")


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
    token = Path(told["AWS_WEB_IDENTITY_TOKEN_FILE"]).read_text("utf-8").strip()
    asked = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": told["AWS_ROLE_ARN"],
        "RoleSessionName": "chaosreg-refresher",
        "WebIdentityToken": token,
    }
    url, body = told["AWS_ENDPOINT_URL_STS"], urllib.parse.urlencode(asked).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = _ask("POST", url, headers, body, f"STS does not give the role {told['AWS_ROLE_ARN']}").decode()
    return _element(answer, "AccessKeyId"), _element(answer, "SecretAccessKey"), _element(answer, "SessionToken")


def _of_pod_identity(told: Environment) -> AwsKeys:
    headers = {}
    if told.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        file = Path(told["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
        headers["Authorization"] = file.read_text("utf-8").strip()
    url = told["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    answer = json.loads(_ask("GET", url, headers, None, "EKS Pod Identity gives no role", handlers=[_NO_PROXY]))
    return answer["AccessKeyId"], answer["SecretAccessKey"], answer.get("Token", "")


def _password(told: Environment, keys: AwsKeys) -> tuple[str, str]:
    """(password of the user `AWS`, when it ends)."""
    url = told["AWS_ENDPOINT_URL_ECR"].rstrip("/") + "/"
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
    }
    refused = "ECR gives no password (does this identity have ecr:GetAuthorizationToken?)"
    answer = json.loads(_ask("POST", url, headers, b"{}", refused, sign=(keys, told["AWS_REGION"], "ecr")))
    given = answer["authorizationData"][0]
    user, _, password = base64.b64decode(given["authorizationToken"]).decode().partition(":")
    if user != "AWS" or not password:
        raise RefreshError("ECR's answer has no password of the user AWS")
    return password, _time(float(given["expiresAt"]))


def _write(told: Environment, password: str, expires: str) -> None:
    """Into the Secret, by the field manager of refreshers."""
    auth = base64.b64encode(f"AWS:{password}".encode()).decode()
    config = json.dumps({"auths": {told["CHAOSREG_SERVER"]: {"auth": auth}}})
    secret, namespace = told["CHAOSREG_SECRET"], told["CHAOSREG_NAMESPACE"]
    applied = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/dockerconfigjson",
        "metadata": {
            "name": secret,
            "namespace": namespace,
            "annotations": {"chaosreg/last-success": _time(time.time()), "chaosreg/expires": expires},
        },
        "data": {".dockerconfigjson": base64.b64encode(config.encode()).decode()},
    }
    host, port = told["KUBERNETES_SERVICE_HOST"], told.get("KUBERNETES_SERVICE_PORT", "443")
    host = f"[{host}]" if ":" in host else host
    url = f"https://{host}:{port}/api/v1/namespaces/{namespace}/secrets/{secret}"
    token = Path(f"{_ACCOUNT}/token").read_text("utf-8").strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/apply-patch+yaml"}
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=f"{_ACCOUNT}/ca.crt"))
    _ask(
        "PATCH",
        f"{url}?fieldManager=chaosreg-refresher&force=true",
        headers,
        json.dumps(applied).encode(),
        f"the cluster rejects the Secret {secret} (if it is gone, `pulumi up` makes it again)",
        handlers=[_NO_PROXY, trust],
    )


def _ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    refused: str,
    handlers: Sequence[urllib.request.BaseHandler] = (),
    sign: tuple[AwsKeys, str, str] | None = None,
) -> bytes:
    """The answer; what may pass is tried again. An answer is never repeated but for the words of a refusal."""
    opener = urllib.request.build_opener(_NoRedirect, *handlers)
    for left in reversed(range(_TRIES)):
        signed = {**headers, **_signature(method, url, headers, body, *sign)} if sign else headers
        request = urllib.request.Request(url, data=body, headers=signed, method=method)  # noqa: S310  whoever deploys it gives the URLs
        try:
            with opener.open(request, timeout=_SECONDS) as answer:
                read: bytes = answer.read()
                return read
        except urllib.error.HTTPError as error:
            kind, problem = _words(error.read(2000).decode("utf-8", "replace"))
            status = error.status or 0
            problem, may_pass = f"{status} {problem}", status == 429 or status >= 500 or kind in _PASSING
        except (OSError, http.client.HTTPException) as error:
            problem, may_pass = str(getattr(error, "reason", error)), True
        if not (left and may_pass):
            raise RefreshError(f"{refused}: {urllib.parse.urlsplit(url).netloc} answers: {problem}")
        time.sleep(2.0 ** (_TRIES - 1 - left))
    raise AssertionError


def _words(body: str) -> tuple[str, str]:
    """What a refusal says, in JSON or XML: its kind, and all of it on one line."""
    try:
        answer = json.loads(body)
        kind, message = answer.get("__type", ""), answer.get("message") or answer.get("Message") or ""
    except (ValueError, AttributeError):
        kind, message = _element(body, "Code"), _element(body, "Message")
    kind = kind.rpartition("#")[2]
    return kind, " ".join(f"{kind} {message}".split())


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


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


if __name__ == "__main__":
    try:
        main()
    except RefreshError as failure:
        sys.exit(str(failure))
    except Exception as error:  # its text may hold an answer
        sys.exit(f"the refresher failed: {type(error).__name__}")
