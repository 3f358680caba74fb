"""The API as a WSGI application: Harness's path and headers, real GraphQL, and what only the lab understands."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from graphql import GraphQLError, build_schema, graphql_sync, parse
from graphql.language import OperationDefinitionNode

from lab.harness.failures import Failure, Failures
from lab.harness.records import Record, Records, Refused, Scope

PATH: Final = "/gateway/chaos/manager/api/query"
ORDERS: Final = "/lab/"
_SCHEMA: Final = build_schema(Path(__file__).with_name("schema.graphql").read_text("utf-8"))
_STAND_IN: Final = "chaosreg-lab stand-in for Harness"
_Start = Callable[..., Any]


class Manager:
    """Answers as the chaos manager does."""

    def __init__(self, records: Records, failures: Failures, keys: Mapping[str, str], log: Path) -> None:
        """`keys`: API key → the account that it is of."""
        self._records, self._failures, self._keys, self._log = records, failures, keys, log
        self._guard = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: _Start) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        path = environ["PATH_INFO"]
        if path.startswith(ORDERS):
            return _answer(start, 200, self._ordered(path.removeprefix(ORDERS), json.loads(body or b"null")))
        if path != PATH or environ["REQUEST_METHOD"] != "POST":
            return _answer(start, 404, {"message": f"{_STAND_IN}: POST {PATH}"})
        asked = json.loads(body)
        operation = _operation(asked["query"])
        failure = self._failures.next(operation, environ.get("HTTP_HARNESS_ACCOUNT", ""))
        account = self._keys.get(environ.get("HTTP_X_API_KEY", ""))
        status, said = self._asked(asked, account, environ.get("HTTP_HARNESS_ACCOUNT", ""), failure)
        if failure:
            time.sleep(failure.seconds)
            if failure.status != HTTPStatus.OK or failure.message:
                status = failure.status
                said = {"errors": [{"message": failure.message}], "data": None} if failure.message else {}
        self._remember({"operation": operation, "variables": asked.get("variables"), "status": status})
        return _answer(start, status, said, failure.headers if failure else {})

    def _asked(self, asked: Any, account: str | None, header: str, failure: Failure | None) -> tuple[int, Any]:
        fails = failure and (failure.status != HTTPStatus.OK or failure.message)
        if failure and fails and not failure.done:
            return failure.status, {}
        if account is None:
            return 401, {"code": "INVALID_TOKEN", "message": "Token is not valid."}
        if header != account:
            return 403, {"code": "ACCESS_DENIED", "message": f"Principal has no access to account {header}"}
        return self._graphql(asked["query"], asked.get("variables") or {}, account)

    def _graphql(self, query: str, variables: dict[str, Any], account: str) -> tuple[int, Any]:
        status = 200

        def noting(of: Callable[..., Any]) -> Callable[..., Any]:
            def resolve(_: Any, **arguments: Any) -> Any:
                nonlocal status
                try:
                    return of(_scope(arguments, account), arguments.get("request"))
                except Refused as refused:
                    status = refused.status
                    raise GraphQLError(str(refused)) from None

            return resolve

        root = {
            "getImageRegistry": noting(lambda scope, _: self._records.resolved(scope)),
            "checkImageRegistryOverride": noting(lambda scope, _: self._override(scope)),
            "createImageRegistry": noting(lambda scope, request: self._records.create(scope, request, "api-key")),
            "updateImageRegistry": noting(lambda scope, request: self._records.update(scope, request, "api-key")),
        }
        result = graphql_sync(_SCHEMA, query, _Root(root), variable_values=variables)
        if result.errors and result.data is None and status == 200 and any(not e.path for e in result.errors):
            status = 422  # not even understood
        return status, {**result.formatted, "extensions": {"standIn": _STAND_IN}}

    def _override(self, scope: Scope) -> Record:
        return {
            "OverrideBlockedByScope": self._records.blocked_by(scope),
            "ImageRegistry": self._records.resolved(scope),
        }

    def _ordered(self, order: str, said: Any) -> Any:
        match order:
            case "records":
                return self._records.own()
            case "put":
                self._records.put(tuple(said["scope"].split("/", 3)), said["request"], "somebody")
            case "fail":
                self._failures.order(Failure(**said))
            case "mend":
                self._failures.clear(said)
            case "key":
                self._keys = {**self._keys, said["key"]: said["account"]}
                self._records.forget(said["account"])
        return {}

    def _remember(self, entry: dict[str, Any]) -> None:
        with self._guard, self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")


class _Root:
    """The operations as attributes, as graphql-core looks for them."""

    def __init__(self, resolvers: Mapping[str, Callable[..., Any]]) -> None:
        self.__dict__.update(resolvers)


def _operation(query: str) -> str:
    """The name of the one field that is asked for; "" where there is none."""
    try:
        document = parse(query)
    except GraphQLError:
        return ""
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            field = one.selection_set.selections[0]
            return str(getattr(getattr(field, "name", None), "value", ""))
    return ""


def _scope(arguments: Mapping[str, Any], account: str) -> Scope:
    identifiers, request = arguments["identifiers"], arguments.get("request") or {}
    if identifiers["accountIdentifier"] != account:
        raise Refused(f"unauthorized: no access to account {identifiers['accountIdentifier']}", 403)
    infrastructure = arguments.get("infraID") or request.get("infraID")
    levels = (account, identifiers.get("orgIdentifier"), identifiers.get("projectIdentifier"), infrastructure)
    said = [bool(level) for level in levels]
    if said != sorted(said, reverse=True):
        raise Refused("invalid scope: a level is given without the one above it", 400)
    return tuple(level for level in levels if level)


def _answer(start: _Start, status: int, said: Any, headers: Mapping[str, str] | None = None) -> Iterable[bytes]:
    body = json.dumps(said).encode()
    sent = {"Content-Type": "application/json", "Server": _STAND_IN, **(headers or {})}
    start(f"{status} {HTTPStatus(status).phrase}", [*sent.items(), ("Content-Length", str(len(body)))])
    return [body]
