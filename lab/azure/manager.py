"""The resource manager as a WSGI application: tokens of a container registry, and operations that take a while.

Written from the API's description (Azure/azure-rest-api-specs, Microsoft.ContainerRegistry 2025-11-01, Registry.tsp and
its examples): `generateCredentials` answers 202 with a `Location`, where the outcome stands when it has ended. And the
endpoint of a managed identity (App Service's protocol), so that azure-identity itself brings the bearer token.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs

from lab.azure.tokens import Refused, Tokens

STAND_IN: Final = "chaosreg-lab stand-in for Azure's resource manager"
HEADER: Final = "canary-identity-header"
"""What a managed identity's endpoint wants to see (IDENTITY_HEADER)."""
_REGISTRY: Final = r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.ContainerRegistry/registries/[^/]+"
_TOKEN: Final = re.compile(rf"{_REGISTRY}/tokens/[A-Za-z0-9_-]{{5,50}}", re.IGNORECASE)
_GENERATE: Final = re.compile(rf"{_REGISTRY}/generateCredentials", re.IGNORECASE)
_STATUS: Final = re.compile(rf"{_REGISTRY}/operationStatuses/([a-z0-9-]+)", re.IGNORECASE)


@dataclass
class Failure:
    """The answer to the next `times` requests of this verb whose path ends so."""

    verb: str
    ends: str
    status: int
    code: str = "InternalServerError"
    times: int = 1
    done: bool = False
    """Whether what was asked for is done all the same, and only the answer is lost."""


@dataclass
class Answer:
    """What a request is answered with."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Manager:
    """Answers as the resource manager does. `polls`: how often an operation says that it has not ended."""

    def __init__(self, *, polls: int = 1) -> None:
        self.tokens, self.polls = Tokens(), polls
        self.bearer = f"canary-bearer.{secrets.token_hex(16)}"
        self.asked: list[str] = []
        """`VERB path`, of each request."""
        self.failures: list[Failure] = []
        self._operations: dict[str, tuple[int, Any]] = {}
        self._guard = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        verb, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        answer = self._answered(verb, path, json.loads(body or b"null"), environ)
        headers = {"Content-Type": "application/json", "Server": STAND_IN, **answer.headers}
        start(f"{answer.status} Said", list(headers.items()))
        return [b"" if answer.body is None else json.dumps(answer.body).encode()]

    def _answered(self, verb: str, path: str, body: Any, environ: dict[str, Any]) -> Answer:
        if path == "/msi/token":
            return self._identity(environ)
        with self._guard:
            self.asked.append(f"{verb} {path}")
            failure = next((one for one in self.failures if one.times and self._meant(one, verb, path)), None)
            if failure:
                failure.times -= 1
        if failure and not failure.done:
            return _refused(failure.status, failure.code, f"{STAND_IN} was told to fail")
        if environ.get("HTTP_AUTHORIZATION") != f"Bearer {self.bearer}":
            return _refused(401, "InvalidAuthenticationToken", "The access token is invalid.")
        if "api-version" not in parse_qs(environ.get("QUERY_STRING", "")):
            return _refused(400, "MissingApiVersionParameter", "The api-version query parameter is required")
        try:
            answer = self._done(verb, path, body, f"http://{environ['HTTP_HOST']}")
        except Refused as refused:
            answer = _refused(refused.status, refused.code, str(refused))
        return _refused(failure.status, failure.code, f"{STAND_IN} was told to fail") if failure else answer

    def _done(self, verb: str, path: str, body: Any, root: str) -> Answer:
        if operation := _STATUS.fullmatch(path):
            return self._outcome(operation[1], f"{root}{path}?api-version=1")
        if verb == "POST" and _GENERATE.fullmatch(path):
            made = self.tokens.generate(body["tokenId"], body.get("name"), body.get("expiry"))
            leads = self._begun(path.rpartition("/")[0], made, root)
            return Answer(202, None, {"Location": leads, "Retry-After": "0"})
        if not _TOKEN.fullmatch(path):
            raise Refused(404, "InvalidResourceType", f"{STAND_IN}: only tokens, and generateCredentials")
        if verb == "PATCH":
            kept = [one["name"] for one in body["properties"]["credentials"]["passwords"]]
            self.tokens.keep(path, kept)
            leads = self._begun(path.rpartition("/tokens/")[0], {"status": "Succeeded"}, root)
            return Answer(201, self._shown(path), {"Azure-AsyncOperation": leads, "Retry-After": "0"})
        if verb == "PUT":
            self.tokens.put(path, body["properties"]["scopeMapId"])
        elif verb == "DELETE":
            self.tokens.delete(path)
            return Answer(200)
        return Answer(200, self._shown(path))

    def _shown(self, path: str) -> dict[str, Any]:
        token = self.tokens.get(path)
        credentials = {"username": token.name, "passwords": token.shown, "certificates": []}
        return {
            "id": path,
            "name": token.name,
            "type": "Microsoft.ContainerRegistry/registries/tokens",
            "properties": {
                "scopeMapId": token.scope_map,
                "status": token.status,
                "provisioningState": "Succeeded",
                "credentials": credentials,
            },
        }

    def _begun(self, registry: str, outcome: Any, root: str) -> str:
        name = f"registries-{secrets.token_hex(8)}"
        with self._guard:
            self._operations[name] = (self.polls, outcome)
        return f"{root}{registry}/operationStatuses/{name}?api-version=2025-11-01"

    def _outcome(self, name: str, address: str) -> Answer:
        with self._guard:
            left, outcome = self._operations[name]
            self._operations[name] = (left - 1, outcome)
        if left > 0:
            return Answer(202, {"status": "Creating"}, {"Location": address, "Retry-After": "0"})
        return Answer(200, outcome)

    def _identity(self, environ: dict[str, Any]) -> Answer:
        if environ.get("HTTP_X_IDENTITY_HEADER") != HEADER:
            return _refused(401, "Unauthorized", "X-IDENTITY-HEADER is missing")
        (resource,) = parse_qs(environ["QUERY_STRING"])["resource"]
        ends = str(int(time.time()) + 3600)
        said = {"access_token": self.bearer, "expires_on": ends, "resource": resource, "token_type": "Bearer"}
        return Answer(200, said)

    @staticmethod
    def _meant(failure: Failure, verb: str, path: str) -> bool:
        return failure.verb == verb and path.endswith(failure.ends)


def _refused(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message}})
