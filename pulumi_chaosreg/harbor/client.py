"""HTTP to one Harbor: the login, time-outs, other tries; every failure becomes a HarborError.

TLS is always verified. What is asked for twice because an answer was lost must be the same as once: `POST` is left to
whoever asks, all else is tried again here.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.harbor.problems import HarborError, of_status, reading, unreachable
from pulumi_chaosreg.images.server_address import base_url
from pulumi_chaosreg.oci.broken_connection import CONNECT, cause_of
from pulumi_chaosreg.oci.patience import Patience, retry_after
from pulumi_chaosreg.oci.proxies import Connections, ProxyUnusable
from pulumi_chaosreg.oci.redaction import without
from pulumi_chaosreg.refusals import Refusal

_LOG = logging.getLogger(__name__)
_PATH = "/api/v2.0"
_LIMIT = 8 << 20
_WORDS = 300
"""Letters of an answer that a message repeats."""
_PAGE = 100
"""The most that Harbor gives at once."""
PATIENCE = Patience(tries=4, first=0.5, longest=60.0, idle=30.0)
PREVIEW = Patience(tries=1, idle=10.0)
"""Of a look that nothing depends on."""


class Answer(NamedTuple):
    """What Harbor said where it did not refuse."""

    body: Any
    """None where there was none."""
    headers: Mapping[str, str]

    @property
    def made(self) -> str:
        """The last part of the address of what was made; empty where none was given."""
        return self.headers.get("Location", "").rstrip("/").rpartition("/")[2]


class Harbor:
    """Asks one Harbor as one user; shared by threads."""

    def __init__(
        self, server: str, login: Login, *, patience: Patience = PATIENCE, stop: threading.Event | None = None
    ) -> None:
        self.server, self.user, self.patience = server, login.username, patience
        self._login: Callable[[], Login] = lambda: login  # in a closure: no `vars` and no traceback shows it
        self._stop = stop or threading.Event()
        self._connections = Connections()

    def __repr__(self) -> str:
        return f"Harbor({self.server}, {self.user})"

    def get(self, path: str, **query: Any) -> Any:
        """What is there; HarborError, MISSING only where Harbor says so to whom it knows."""
        return self._again("GET", path, query=query).body

    def has(self, path: str, **query: Any) -> bool:
        """Whether HEAD finds it. Its 404 has no words: not to be asked where a gateway may answer in Harbor's place."""
        try:
            self._again("HEAD", path, query=query)
        except HarborError as refused:
            if refused.status != 404:
                raise
            return False
        return True

    def every(self, path: str, **query: Any) -> Iterator[Any]:
        """All of a list, page by page."""
        page = 1
        while True:
            found = self.get(path, page=page, page_size=_PAGE, **query) or []
            with reading(self.server, f"GET {path}"):
                if not all(isinstance(one, Mapping) for one in iter(found)) or isinstance(found, Mapping):
                    raise TypeError
            yield from found
            if len(found) < _PAGE:
                return
            page += 1

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Make something; asked for once. Where `transient` failures leave it open whether it was made, look."""
        return self._once("POST", path, body)

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        """Make it what is said."""
        self._again("PUT", path, body)

    def patch(self, path: str, body: Mapping[str, Any], secret: str = "") -> None:
        """Change what is said of it; `secret` is what of the body no message may repeat."""
        self._again("PATCH", path, body, secret=secret)

    def delete(self, path: str) -> None:
        """Take it away; what is gone already is fine."""
        try:
            self._again("DELETE", path)
        except HarborError as refused:
            if refused.refusal is not Refusal.MISSING:
                raise

    def waits(self, failure: HarborError, tried: int) -> bool:
        """Wait before another try, the first being 0; False where there is none to be made."""
        pause = self.patience.first * 2**tried if failure.wait is None else failure.wait
        if not failure.transient or tried + 1 >= self.patience.tries or pause > self.patience.longest:
            return False
        _LOG.info("waits %.1f s before try %d: %s", pause, tried + 2, failure.findings[0].message)
        return not self._stop.wait(pause)

    def _again(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        secret: str = "",
    ) -> Answer:
        tried = 0
        while True:
            try:
                return self._once(method, path, body, query=query, secret=secret)
            except HarborError as failure:
                refused = (failure.refusal is Refusal.MISSING and self._login_refused()) or failure
                if not self.waits(refused, tried):
                    raise refused from None
            tried += 1

    def _login_refused(self) -> HarborError | None:
        """Why the login is not accepted, or not known to be: Harbor may tell strangers that nothing is there."""
        try:
            self._once("GET", "/robots", query={"page_size": 1})
        except HarborError as failure:
            return None if failure.status == 403 else failure
        return None

    def _once(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        secret: str = "",
    ) -> Answer:
        began, asked = time.monotonic(), f"{method} {path}"
        target = f"{path}?{urlencode(query)}" if query else path
        status, headers, raw = self._send(method, target, body)
        took = (time.monotonic() - began) * 1000
        _LOG.debug("%s at %s: %d in %.0f ms, %d bytes", asked, self.server, status, took, len(raw))
        answer = _read(raw)
        if 200 <= status < 300:
            if raw.strip() and answer is None:
                raise of_status(502, self.server, asked, "", user=self.user, said=f"{status}, and no JSON")
            return Answer(answer, headers)
        words = self._shown(_words(answer), secret)
        raise of_status(status, self.server, asked, words, user=self.user, wait=retry_after(headers.get("Retry-After")))

    def _send(self, method: str, target: str, body: Mapping[str, Any] | None) -> tuple[int, Mapping[str, str], bytes]:
        url = f"{base_url(self.server)}{_PATH}{target}"
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Authorization": f"Basic {self._login().basic}",
            "User-Agent": "pulumi-chaosreg",
            "X-Is-Resource-Name": "true",  # a project may be called `2024`, which would be a number else
        }
        sent = None
        if body is not None:
            sent, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        timeout = urllib3.Timeout(connect=CONNECT, read=self.patience.idle)
        try:
            response = self._connections.to(url).request(
                method, url, headers=headers, body=sent, timeout=timeout, redirect=False, preload_content=False
            )
            try:
                return response.status, response.headers, response.read(_LIMIT, decode_content=False)
            finally:
                response.release_conn()
        except (HTTPError, HTTPException, OSError, ProxyUnusable, ValueError) as error:
            broken = cause_of(error, idle=self.patience.idle)
            raise unreachable(self.server, broken.words, transient=broken.transient) from None

    def _shown(self, words: str, secret: str) -> str:
        """Others' words on one line, never with a secret in them."""
        login = self._login()
        return " ".join(without(words, [login.password, login.basic, secret]).split())[:_WORDS]


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _words(answer: Any) -> str:
    """Harbor's own: `{"errors": [{"code": …, "message": …}]}`; empty for an answer that is not one of its API."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    found = errors if isinstance(errors, list) else []
    said = [one for one in found if isinstance(one, dict) and one.get("code")]
    return "; ".join(f"{one['code']}: {one.get('message') or ''}".rstrip(": ") for one in said)
