"""HTTP to Azure's resource manager: the bearer token, time-outs, other tries, and operations that take a while."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from pulumi_chaosreg.azure.problems import ResourceManagerError, of_status, unfinished, unreachable
from pulumi_chaosreg.images.server_address import is_loopback
from pulumi_chaosreg.oci.addresses import origin, redacted
from pulumi_chaosreg.oci.broken_connection import CONNECT, cause_of
from pulumi_chaosreg.oci.patience import Patience, retry_after
from pulumi_chaosreg.oci.proxies import Connections, ProxyUnusable
from pulumi_chaosreg.oci.redaction import without

_LOG = logging.getLogger(__name__)
API_VERSION = "2025-11-01"
_LIMIT = 1 << 20
_WORDS = 300
"""Letters of an answer that a message repeats."""
PATIENCE = Patience(tries=5, first=1.0, longest=60.0, total=300.0, idle=30.0)
_ENDED = ("succeeded", "failed", "canceled")


class Answer(NamedTuple):
    """One answer, read."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class ResourceManager:
    """Asks with one identity; shared by threads."""

    def __init__(
        self,
        endpoint: str,
        token: Callable[[], str],
        *,
        patience: Patience = PATIENCE,
        stop: threading.Event | None = None,
    ) -> None:
        """`token` gives a bearer token that is good for a while."""
        self.endpoint, self._token, self._patience = endpoint.rstrip("/"), token, patience
        self._stop = stop or threading.Event()
        self._connections = Connections()

    def __repr__(self) -> str:
        return f"ResourceManager({self.endpoint})"

    def ask(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """What it answers in the end; ResourceManagerError (CHR0475).

        Again where it may be gone in a moment: only for what may be done twice.
        """
        address = f"{self.endpoint}{path}?api-version={API_VERSION}"
        answer = self._patiently(verb, address, body)
        leads = answer.headers.get("Location") or answer.headers.get("Azure-AsyncOperation")
        if answer.status == 202 or (answer.headers.get("Azure-AsyncOperation") and verb != "GET"):
            return self._outcome(f"{verb} {path}", address, leads, answer)
        return answer.body

    def _outcome(self, asked: str, address: str, leads: str | None, answer: Answer) -> Mapping[str, Any]:
        """What an operation has come to, once it has ended."""
        if not leads or origin(leads) != origin(address):
            raise unfinished(asked, "it names no address of its own to ask for the outcome")  # the token goes nowhere
        until = time.monotonic() + self._patience.total
        while time.monotonic() < until:
            wait = retry_after(answer.headers.get("Retry-After"))
            if self._stop.wait(min(self._patience.first if wait is None else wait, self._patience.longest)):
                break
            answer = self._patiently("GET", leads, None)
            status = str(answer.body.get("status") or "").lower()
            if status in ("failed", "canceled"):
                raise unfinished(asked, self._shown(_said(answer.body) or status))
            if answer.status != 202 and (not status or status in _ENDED):
                inside = answer.body.get("properties")
                return inside if status and isinstance(inside, dict) else answer.body
        raise unfinished(asked, f"no outcome after {self._patience.total:.0f} s")

    def _patiently(self, verb: str, address: str, body: Mapping[str, Any] | None) -> Answer:
        patience, pause = self._patience, self._patience.first
        for tried in range(patience.tries):
            try:
                return self._once(verb, address, body)
            except ResourceManagerError as failure:
                wait = pause if failure.wait is None else failure.wait
                if tried + 1 == patience.tries or not failure.transient or wait > patience.longest:
                    raise
                _LOG.info("%s %s: waits %.1f s before try %d", verb, redacted(address), wait, tried + 2)
                if self._stop.wait(wait):
                    raise
                pause *= 2
        raise AssertionError("the last try raises")

    def _once(self, verb: str, address: str, body: Mapping[str, Any] | None) -> Answer:
        if urlsplit(address).scheme != "https" and not is_loopback(urlsplit(address).hostname or ""):
            raise unreachable(redacted(self.endpoint), "it is not https", transient=False)
        asked, began = f"{verb} {urlsplit(address).path}", time.monotonic()
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {self._token()}",
            "User-Agent": "pulumi-chaosreg",
        } | ({"Content-Type": "application/json"} if body is not None else {})
        timeout = urllib3.Timeout(connect=CONNECT, read=self._patience.idle)
        try:
            response = self._connections.to(address).request(
                verb,
                address,
                headers=headers,
                body=json.dumps(body).encode() if body is not None else None,
                timeout=timeout,
                redirect=False,
                preload_content=False,
            )
            try:
                status, said, text = response.status, response.headers, response.read(_LIMIT, decode_content=False)
            finally:
                response.release_conn()
        except (HTTPError, HTTPException, OSError, ProxyUnusable, ValueError) as error:
            broken = cause_of(error, idle=self._patience.idle)
            raise unreachable(urlsplit(address).netloc, broken.words, transient=broken.transient) from None
        _LOG.debug("%s: %d in %.0f ms, %d bytes", asked, status, (time.monotonic() - began) * 1000, len(text))
        read = _read(text)
        if status not in (200, 201, 202, 204):
            wait = retry_after(said.get("Retry-After"))
            raise of_status(status, asked, self._shown(_said(read)), code=_code(read), wait=wait)
        return Answer(status, said, read)

    def _shown(self, words: str) -> str:
        """Azure's words on one line, never with the token in them."""
        return " ".join(without(words, [self._token()]).split())[:_WORDS]


def _read(text: bytes) -> Mapping[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _code(body: Mapping[str, Any]) -> str:
    """An error's code."""
    error = body.get("error")
    return str(error.get("code") or "") if isinstance(error, dict) else ""


def _said(body: Mapping[str, Any]) -> str:
    """An error's code and words; of another body nothing, since a password may stand in it."""
    error = body.get("error")
    error = error if isinstance(error, dict) else {}
    return ": ".join(str(error[key]) for key in ("code", "message") if error.get(key))
