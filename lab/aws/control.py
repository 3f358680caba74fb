"""The control plane: moto's, behind one address for all services, with ECR's passwords and failures from the lab."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qs

from moto.iam.models import get_account_id_from
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from lab.aws.refusals import Refusal, Refusals
from lab.aws.tokens import Tokens

ORDERS: Final = "/lab/"
"""The path of what only the lab understands: `token-seconds` and `refusals`, by PUT and POST of JSON."""

_TOKEN: Final = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
_BY_WEB_IDENTITY: Final = "AssumeRoleWithWebIdentity"
"""The one operation that nobody signs."""

_UNSIGNED: Final = Refusal("", "MissingAuthenticationTokenException", "Missing Authentication Token")
_UNSIGNED_FORM: Final = Refusal("", "MissingAuthenticationToken", "Request is missing Authentication Token", 403)
_SCOPE: Final = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/")
_SERVER: Final = ("Server", "chaosreg-lab stand-in for AWS (moto)")
_Start = Callable[..., Any]


class ControlPlane:
    """A WSGI application that answers as AWS does; which service is meant, each request says itself."""

    def __init__(self, tokens: Tokens, refusals: Refusals) -> None:
        self._tokens, self._refusals = tokens, refusals
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start: _Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        if environ["PATH_INFO"].startswith(ORDERS):
            return self._ordered(environ["PATH_INFO"].removeprefix(ORDERS), body, start)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        operation = _operation(target, body)
        if not environ.get("HTTP_AUTHORIZATION") and operation != _BY_WEB_IDENTITY:  # moto would take it for one of S3
            return _refused(_UNSIGNED if target else _UNSIGNED_FORM, is_json=bool(target), start=start)
        refusal = self._refusals.next(operation)
        if refusal and refusal.done:
            list(self._moto(environ, lambda *_: None))
        if refusal:
            return _refused(refusal, is_json=bool(target), start=start)
        if target == _TOKEN:
            return self._passwords(environ, body, start)
        return self._moto(environ, start)  # type: ignore[no-any-return]

    def _passwords(self, environ: dict[str, Any], body: bytes, start: _Start) -> Iterable[bytes]:
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if not scope:
            return _refused(_UNSIGNED, is_json=True, start=start)
        account = get_account_id_from(scope["key"])
        asked = json.loads(body or b"{}").get("registryIds") or [account]
        given = []
        for registry in asked:
            password, expires = self._tokens.give(account)
            given.append(
                {
                    "authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(),
                    "expiresAt": expires,
                    "proxyEndpoint": f"https://{registry}.dkr.ecr.{scope['region']}.amazonaws.com",
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


def _operation(target: str, body: bytes) -> str:
    """What is called: JSON services say it in a header, the others (IAM, STS) in the form."""
    if target:
        return target.rpartition(".")[2]
    return (parse_qs(body.decode("utf-8", "replace")).get("Action") or [""])[0]


def _refused(refusal: Refusal, *, is_json: bool, start: _Start) -> Iterable[bytes]:
    status = f"{refusal.status} Refused"
    if is_json:
        return _json({"__type": refusal.reason, "message": refusal.message}, status, start)
    told = f"<Error><Code>{refusal.reason}</Code><Message>{refusal.message}</Message></Error>"
    start(status, [("Content-Type", "text/xml"), _SERVER])
    return [f"<ErrorResponse>{told}</ErrorResponse>".encode()]


def _json(answer: Any, status: str, start: _Start) -> Iterable[bytes]:
    start(status, [("Content-Type", "application/x-amz-json-1.1"), _SERVER])
    return [json.dumps(answer).encode()]
