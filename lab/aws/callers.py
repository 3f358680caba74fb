"""Who has signed a request: the holder of a role's credentials or of the lab's own keys proves it.

Moto believes everybody. The signature (SigV4) is calculated here once more, from AWS's description and not with its
SDK, so that whatever signs by itself is compared with a second opinion. Keys that nobody has given are believed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from moto.iam.models import get_account_id_from
from moto.sts.models import sts_backends

from lab.aws.refused import RefusedError
from lab.aws.rights import why_not

_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<scope>\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request), *"
    r"SignedHeaders=(?P<headers>[^,]+), *Signature=(?P<signature>[0-9a-f]{64})"
)
_SKEW: Final = 300
"""Seconds by which a clock may be wrong."""


@dataclass(frozen=True)
class Caller:
    """Who asks, and in which region."""

    account: str
    region: str
    role: str = ""
    """ARN of the role that it acts as; empty for a user, who may do everything."""
    arn: str = ""
    """Of the session of that role."""

    def must_be_allowed(self, action: str, resource: str) -> None:
        """RefusedError unless the role's policies allow it."""
        why = self.role and why_not(self.role, action, resource)
        if why:
            raise RefusedError("AccessDeniedException", denied(self.arn, action, resource, why))


def denied(arn: str, action: str, resource: str, why: str) -> str:
    """What AWS says to who may not."""
    return f"User: {arn} is not authorized to perform: {action} on resource: {resource} {why}"


def caller_of(environ: Mapping[str, Any], body: bytes, users: Mapping[str, str]) -> Caller | None:
    """Whoever signed this request (WSGI's words); None for an unsigned one. RefusedError for what proves nothing.

    `users` are the keys of the lab's own user: id → secret.
    """
    signed = _AUTHORIZATION.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
    if not signed:
        return None
    account = get_account_id_from(signed["key"])
    session = sts_backends[account]["aws"].get_assumed_role_from_access_key(signed["key"])
    if session is None and not signed["key"].startswith("ASIA"):
        if signed["key"] in users:
            _verify(users[signed["key"]], signed, environ, body)
        return Caller(account, signed["region"])
    if session is None or environ.get("HTTP_X_AMZ_SECURITY_TOKEN") != session.session_token:
        raise RefusedError("UnrecognizedClientException", "The security token included in the request is invalid.")
    if session.expiration.timestamp() <= time.time():
        raise RefusedError("ExpiredTokenException", "The security token included in the request is expired")
    _verify(str(session.secret_access_key), signed, environ, body)
    return Caller(account, signed["region"], session.role_arn, session.arn)


def _verify(secret: str, signed: re.Match[str], environ: Mapping[str, Any], body: bytes) -> None:
    when = environ.get("HTTP_X_AMZ_DATE", "")
    if (
        not re.fullmatch(r"\d{8}T\d{6}Z", when)
        or abs(timegm(time.strptime(when, "%Y%m%dT%H%M%SZ")) - time.time()) > _SKEW
    ):
        raise RefusedError("InvalidSignatureException", f"Signature expired: {when} is not the time of the lab")
    expected = _signature(secret, signed, when, environ, body)
    if not hmac.compare_digest(expected, signed["signature"]):
        raise RefusedError(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        )


def _signature(secret: str, signed: re.Match[str], when: str, environ: Mapping[str, Any], body: bytes) -> str:
    names = signed["headers"].split(";")
    ours = (key.removeprefix("HTTP_").replace("_", "-").lower() for key in environ if key.startswith("HTTP_X_AMZ_"))
    unsigned = {"host", *ours} - set(names)
    if unsigned or names != sorted(names):
        raise RefusedError("InvalidSignatureException", f"Signed headers are sorted, among them {sorted(unsigned)}")
    query = sorted(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    request = "\n".join(
        [
            environ["REQUEST_METHOD"],
            quote(environ.get("PATH_INFO") or "/"),
            "&".join(f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}" for key, value in query),
            *(f"{name}:{_header(environ, name)}" for name in names),
            "",
            signed["headers"],
            hashlib.sha256(body).hexdigest(),
        ]
    )
    told = ["AWS4-HMAC-SHA256", when, signed["scope"], hashlib.sha256(request.encode()).hexdigest()]
    key = f"AWS4{secret}".encode()
    for part in signed["scope"].split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, "\n".join(told).encode(), "sha256").hexdigest()


def _header(environ: Mapping[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    return " ".join(str(environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", "")).split())
