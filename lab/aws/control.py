"""The control plane: moto's, behind one address for all services. What moto does not do is decided here before it.

ECR's passwords, who may have them, roles by tokens of ServiceAccounts, and the failures that tests order.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from lab.aws.callers import Caller, caller_of
from lab.aws.refusals import Refusal, Refusals
from lab.aws.refused import RefusedError
from lab.aws.rights import role_of
from lab.aws.sts import assume_role_with_web_identity
from lab.aws.tokens import Tokens
from lab.cluster_tokens import Ask

ORDERS: Final = "/lab/"
"""The path of what only the lab understands: `token-seconds` and `refusals`, by PUT and POST of JSON."""

_ECR: Final = "AmazonEC2ContainerRegistry_V20150921."
_TOKEN: Final = "GetAuthorizationToken"
_BY_WEB_IDENTITY: Final = "AssumeRoleWithWebIdentity"
"""The one operation that nobody signs."""

_UNSIGNED: Final = RefusedError("MissingAuthenticationTokenException", "Missing Authentication Token")
_IN_QUERY_APIS: Final = {
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
}
"""What the older APIs (IAM, STS) call the same; they answer 403 then."""
_SERVER: Final = ("Server", "chaosreg-lab stand-in for AWS (moto)")
_Start = Callable[..., Any]


class ControlPlane:
    """A WSGI application that answers as AWS does; which service is meant, each request says itself."""

    def __init__(self, tokens: Tokens, refusals: Refusals, cluster: Ask, users: Mapping[str, str]) -> None:
        self._tokens, self._refusals, self._cluster, self._users = tokens, refusals, cluster, users
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start: _Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        if environ["PATH_INFO"].startswith(ORDERS):
            return self._ordered(environ["PATH_INFO"].removeprefix(ORDERS), body, start)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        form = {} if target else {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
        # What is called: JSON services say it in a header, the others (IAM, STS) in the form.
        operation = target.rpartition(".")[2] or form.get("Action", "")
        refusal = self._refusals.next(operation)
        if refusal and refusal.done:
            list(self._moto(environ, lambda *_: None))
        try:
            if refusal:
                raise RefusedError(refusal.reason, refusal.message, refusal.status)
            if operation == _BY_WEB_IDENTITY:
                return _xml(assume_role_with_web_identity(form, _region(environ), self._cluster), "200 OK", start)
            caller = caller_of(environ, body, self._users)
            if caller is None:  # moto would take it for a request to S3
                raise _UNSIGNED
            if target.startswith(_ECR):
                _must_be_allowed(caller, operation, json.loads(body or b"{}"))
            if target == _ECR + _TOKEN:
                return self._passwords(caller, json.loads(body or b"{}"), start)
            if operation == "AssumeRole" and role_of(form.get("RoleArn", "")) is None:  # moto gives away any
                words = f"{caller.arn or 'the lab'} is not authorized to perform: sts:AssumeRole on resource: "
                raise RefusedError("AccessDenied", f"User: {words}{form.get('RoleArn')}", 403)
        except RefusedError as refused:
            return _refused(refused, is_json=bool(target), start=start)
        return self._moto(environ, start)  # type: ignore[no-any-return]

    def _passwords(self, caller: Caller, asked: dict[str, Any], start: _Start) -> Iterable[bytes]:
        given = []
        for registry in asked.get("registryIds") or [caller.account]:
            password, expires = self._tokens.give(caller.account, caller.role, caller.arn)
            given.append(
                {
                    "authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(),
                    "expiresAt": expires,
                    "proxyEndpoint": f"https://{registry}.dkr.ecr.{caller.region}.amazonaws.com",
                }
            )
        return _json({"authorizationData": given}, "200 OK", start)

    def _ordered(self, order: str, body: bytes, start: _Start) -> Iterable[bytes]:
        said = json.loads(body)
        if order == "token-seconds":
            self._tokens.seconds = float(said)
        elif order == "refusals":
            self._refusals.order(Refusal(**said))
        else:
            return _json({"error": f"no order `{order}`"}, "404 Not Found", start)
        return _json({}, "200 OK", start)


def _must_be_allowed(caller: Caller, operation: str, asked: dict[str, Any]) -> None:
    """Each operation of ECR on what it names. Other services ask nobody for permission."""
    account = asked.get("registryId") or caller.account
    repositories = [asked["repositoryName"]] if "repositoryName" in asked else asked.get("repositoryNames") or ["*"]
    resources = [f"arn:aws:ecr:{caller.region}:{account}:repository/{name}" for name in repositories]
    if operation == _TOKEN:
        resources = ["*"]
    elif "resourceArn" in asked:
        resources = [asked["resourceArn"]]
    for resource in resources:
        caller.must_be_allowed(f"ecr:{operation}", resource)


def _region(environ: dict[str, Any]) -> str:
    """Of an unsigned request: what its host name says (`sts.eu-west-1.amazonaws.com`)."""
    words = environ.get("HTTP_HOST", "").split(".")
    return words[1] if words[0] == "sts" and len(words) == 4 else "us-east-1"


def _refused(refused: RefusedError, *, is_json: bool, start: _Start) -> Iterable[bytes]:
    if is_json:
        return _json({"__type": refused.code, "message": refused.message}, f"{refused.status} Refused", start)
    code = _IN_QUERY_APIS.get(refused.code, refused.code)
    status = 403 if refused.code in _IN_QUERY_APIS else refused.status
    told = f"<Error><Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(refused.message)}</Message></Error>"
    return _xml(f"<ErrorResponse>{told}</ErrorResponse>", f"{status} Refused", start)


def _xml(answer: str, status: str, start: _Start) -> Iterable[bytes]:
    start(status, [("Content-Type", "text/xml"), _SERVER])
    return [answer.encode()]


def _json(answer: Any, status: str, start: _Start) -> Iterable[bytes]:
    start(status, [("Content-Type", "application/x-amz-json-1.1"), _SERVER])
    return [json.dumps(answer).encode()]
