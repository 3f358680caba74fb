"""HTTP to Harness: the key, time-outs, other tries; every failure becomes a HarnessError."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from pulumi_chaosreg.harness.operations import CHECK_OVERRIDE, CREATE, GET, UPDATE
from pulumi_chaosreg.harness.problems import HarnessError, blocked, of_graphql, of_status, unreachable
from pulumi_chaosreg.harness.record import Record
from pulumi_chaosreg.harness.scope import HarnessScope
from pulumi_chaosreg.oci.addresses import redacted
from pulumi_chaosreg.oci.broken_connection import CONNECT, cause_of
from pulumi_chaosreg.oci.patience import Patience, retry_after, waiting
from pulumi_chaosreg.oci.proxies import Connections, ProxyUnusable
from pulumi_chaosreg.oci.redaction import without
from pulumi_chaosreg.refusals import Refusal

_LOG = logging.getLogger(__name__)
_PATH = "/chaos/manager/api/query"
_LIMIT = 1 << 20
_WORDS = 300
"""Letters of an answer that a message repeats."""
PATIENCE = Patience(tries=4, first=0.5, longest=60.0, idle=30.0)
PREVIEW = Patience(tries=1, idle=10.0)
"""Of a look that nothing depends on."""


class Harness:
    """Asks about one account with one key; shared by threads."""

    def __init__(
        self,
        endpoint: str,
        account: str,
        key: str,
        *,
        patience: Patience = PATIENCE,
        stop: threading.Event | None = None,
    ) -> None:
        self.endpoint, self._account, self._patience = endpoint.rstrip("/"), account, patience
        self._key: Callable[[], str] = lambda: key  # in a closure: no `vars` and no traceback shows it
        self._stop = stop or threading.Event()
        self._connections = Connections()

    def __repr__(self) -> str:
        return f"Harness({self.endpoint}, {self._account})"

    def look(self, scope: HarnessScope) -> tuple[Record | None, Record | None]:
        """(the level's own record, what holds there); None for what there is not, or is not shown.

        Harness shows what holds: where a level above blocks, that is another record than the level's own.
        """
        answer = self._get(scope)
        if answer is None:
            return None, None
        holds = Record.of_answer(answer)
        if not scope.is_of(answer):
            return None, holds
        if scope.above and (above := self._get(scope.above)) and _is_same(answer, above):
            return None, holds  # whatever it says of whose it is
        return holds, holds

    def blocked_by(self, scope: HarnessScope) -> str:
        """The level that lets nobody set this one, in Harness's words; empty where none does."""
        said = self._ask(CHECK_OVERRIDE, "checkImageRegistryOverride", scope, _of(scope))
        return "" if said is None else str(said.get("OverrideBlockedByScope") or "")

    def put(self, scope: HarnessScope, record: Record) -> Record | None:
        """Make it the level's own record; the one that was seen there before."""
        if above := self.blocked_by(scope) if scope.above else "":
            raise blocked(scope.title, above)
        infrastructure = {"infraID": scope.infrastructure} if scope.infrastructure else {}
        request = {**record.request, **infrastructure}
        own, _ = self.look(scope)
        if own is None:
            try:
                self._ask(CREATE, "createImageRegistry", scope, {"identifiers": scope.identifiers, "input": request})
            except HarnessError as refused:
                if refused.refusal is not Refusal.CONFLICT:
                    raise
            else:
                return None
        self._ask(UPDATE, "updateImageRegistry", scope, {"identifiers": scope.identifiers, "request": request})
        return own

    def _get(self, scope: HarnessScope) -> Mapping[str, Any] | None:
        try:
            answer: Mapping[str, Any] | None = self._ask(GET, "getImageRegistry", scope, _of(scope))
        except HarnessError as refused:
            if refused.refusal is Refusal.MISSING:
                return None
            raise
        return answer

    def _ask(self, text: str, operation: str, scope: HarnessScope, variables: Mapping[str, Any]) -> Any:
        """Again where it may be gone in a moment. A `create` that was done although its answer was lost is then a
        duplicate, which the caller expects.
        """
        patience, pause = self._patience, self._patience.first
        for tried in range(patience.tries):
            try:
                return self._ask_once(text, operation, scope, variables)
            except HarnessError as failure:
                wait = pause if failure.wait is None else failure.wait
                is_last = tried + 1 == patience.tries or not failure.transient or wait > patience.longest
                if is_last:
                    raise
                _LOG.info("%s of %s: waits %.1f s before try %d: %s", operation, scope, wait, tried + 2, _said(failure))
                if self._stop.wait(wait):
                    raise
                pause *= 2
        raise AssertionError("the last try raises")

    def _ask_once(self, text: str, operation: str, scope: HarnessScope, variables: Mapping[str, Any]) -> Any:
        asked = f"{operation} of {scope}"
        logs, began = _LOG.isEnabledFor(logging.DEBUG), time.monotonic()
        status, headers, body = self._post(json.dumps({"query": text, "variables": variables}).encode())
        if logs:
            took, size = (time.monotonic() - began) * 1000, len(body)
            shown = redacted(f"{self.endpoint}{_PATH}")
            _LOG.debug("POST %s (%s): %d in %.0f ms, %d bytes", shown, asked, status, took, size)
        answer = _read(body)
        errors = answer.get("errors") or []
        if errors and isinstance(errors[0], dict) and errors[0].get("message") and status in (200, 400, 422, 500):
            words = self._shown(str(errors[0]["message"]))  # the server has understood: another try says the same
            raise of_graphql(words, asked, scope.title)
        data = answer.get("data")
        if status != 200 or not isinstance(data, dict) or operation not in data:
            wait = retry_after(headers.get("Retry-After"))
            words = self._shown(str(answer.get("message") or body.decode("utf-8", "replace")))
            shown = waiting(wait) if wait is not None else ""
            raise of_status(status, self.endpoint, asked, words, wait=wait, waiting=shown)
        return data[operation]

    def _post(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        url = f"{self.endpoint}{_PATH}"
        headers = {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "pulumi-chaosreg",
            "Harness-Account": self._account,
            "x-api-key": self._key(),
        }
        timeout = urllib3.Timeout(connect=CONNECT, read=self._patience.idle)
        try:
            response = self._connections.to(url).request(
                "POST", url, headers=headers, body=body, timeout=timeout, redirect=False, preload_content=False
            )
            try:
                return response.status, response.headers, response.read(_LIMIT, decode_content=False)
            finally:
                response.release_conn()
        except (HTTPError, HTTPException, OSError, ProxyUnusable, ValueError) as error:
            broken = cause_of(error, idle=self._patience.idle)
            raise unreachable(urlsplit(url).netloc, broken.words, transient=broken.transient) from None

    def _shown(self, words: str) -> str:
        """Others' words on one line, never with the key in them."""
        return " ".join(without(words, [self._key()]).split())[:_WORDS]


def _said(failure: HarnessError) -> str:
    return failure.findings[0].message


def _of(scope: HarnessScope) -> dict[str, Any]:
    asked: dict[str, Any] = {"identifiers": scope.identifiers}
    return {**asked, "infraID": scope.infrastructure} if scope.infrastructure else asked


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two answers are one record, by when it was made and changed."""
    keys = ("createdAt", "updatedAt")
    return all(one.get(key) and one.get(key) == other.get(key) for key in keys)
