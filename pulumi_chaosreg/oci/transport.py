"""HTTP to one registry: connections, credentials, redirects, retries; every failure becomes a RegistryError.

Each request is logged (DEBUG) without what may hold a secret: headers, bodies, the query of its address. Nothing here
knows what a manifest or a blob is.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import TypeVar
from urllib.parse import urlsplit

import urllib3
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError, ProxyError

from pulumi_chaosreg.credentials.login import Login, LoginSource
from pulumi_chaosreg.errors import Cause
from pulumi_chaosreg.images.server_address import base_url
from pulumi_chaosreg.oci.addresses import next_url, origin, query_values, redacted
from pulumi_chaosreg.oci.auth import Authorization, Authorizer
from pulumi_chaosreg.oci.broken_connection import CONNECT, cause_of
from pulumi_chaosreg.oci.challenge import Scopes, parse_challenges, unanswerable
from pulumi_chaosreg.oci.encoding import plain
from pulumi_chaosreg.oci.host import Host
from pulumi_chaosreg.oci.patience import TRANSIENT, retry_after, waiting, window_used_up
from pulumi_chaosreg.oci.problems import (
    Answer,
    RegistryError,
    code_of,
    compression_named,
    excerpt,
    lacks_parts,
    problem,
)
from pulumi_chaosreg.oci.proxies import Connections, ProxyUnusable
from pulumi_chaosreg.oci.redaction import without

_LOG = logging.getLogger(__name__)
_ERROR_LIMIT = 64 << 10
_REDIRECTS = (301, 302, 303, 307, 308)
_MAX_REDIRECTS = 5
_MAX_CHALLENGES = 6
_MAX_REFUSALS = 1
"""Of the same login for one request: its token may have expired, or be for too little."""
_REFUSALS = (401, 403, 412)
_MAX_RESUMED = 20
"""Times that one body may break off, each time a chunk further on at least."""
_ANEW = (Cause.WRONG_CONTENT, Cause.LOST_UPLOAD)
"""Answers to an upload (bytes damaged on the way, a lost session) after which a new one may succeed."""
_LATER = (Cause.RATE_LIMITED, Cause.UNEXPLAINED)
"""What a status that may be gone in a moment must mean for another try: a full disk says 503, too."""
_HEADERS = {"User-Agent": "pulumi-chaosreg", "Accept-Encoding": "identity"}

Body = bytes | Iterable[bytes]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, and what it means to a person."""

    method: str
    url: str
    repository: str
    kind: str
    """`manifest`, `blob`, `upload`, `tags`, `token`, `door` (`/v2/`) or `api` (of the server's own)."""
    subject: str
    """As a message says it: "manifest `1.94.0`"."""
    scopes: Scopes = frozenset()
    ok: tuple[int, ...] = (200,)
    """The statuses that are an answer and no failure."""
    optional: bool = False
    """Whether it finds out what the registry has: what another host says to it is no trouble that passes."""

    by_login: bool = False
    """Whether it is for an API of the server's own, which takes the login itself and no token of the registry."""

    @property
    def writing(self) -> bool:
        """Whether it changes the registry."""
        return self.method not in ("GET", "HEAD")


class Transport:
    """Shared by all threads that talk to one registry with one login."""

    def __init__(self, server: str, login: LoginSource | None, host: Host) -> None:
        self.server = server
        self.base = base_url(server)
        self.host = host
        self._auth = Authorizer(self.base, login, self._fetch_token)
        self._connections = Connections()
        self.was_asked = False
        """Whether it has answered anything yet."""

    @property
    def service(self) -> str:
        """What the registry calls itself towards its token endpoint; empty where it has not said so."""
        return self._auth.service

    def request(
        self,
        ask: Ask,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = _ERROR_LIMIT,
    ) -> Answer:
        """Ask as often as patience allows. The body is cut one byte after `limit`, so that more can be noticed."""
        return self.persist(ask, lambda: self.request_once(ask, headers=headers, body=body, limit=limit))

    def request_once(
        self,
        ask: Ask,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        limit: int = _ERROR_LIMIT,
    ) -> Answer:
        """Ask without another try, for a body that cannot be sent twice."""
        response = self._authorized(ask, headers or {}, body)
        return Answer(response.status, response.headers, self._read(ask, response, limit))

    def persist(self, ask: Ask, attempt: Callable[[], T]) -> T:
        """Try as often as the host's patience allows."""
        return self.host.persist(attempt, f"{self.server}/{ask.repository}")

    @contextmanager
    def open(self, ask: Ask, chunk: int) -> Iterator[Iterator[bytes]]:
        """The body of the answer in chunks, while the context lasts; what breaks in the middle is transient.

        Where the server can, a body that broke off is gone on with from there: the reader sees nothing of it.
        """
        response = self.persist(ask, lambda: self._authorized(ask, {}, None))
        with (
            closing(response),
            compression_named(response.headers),
            closing(self._chunks(ask, response, chunk)) as chunks,
        ):
            yield chunks

    def follow(self, answer: Answer, ask: Ask) -> str:
        """Where the Location of an answer leads."""
        if location := answer.headers.get("Location"):
            return next_url(ask.url, location, self.base)
        raise self._failure(ask, answer, sent=False)

    def _chunks(self, ask: Ask, response: BaseHTTPResponse, size: int) -> Generator[bytes]:
        position = 0
        for _ in range(_MAX_RESUMED):
            began = position
            try:
                with closing(response):
                    for chunk in response.stream(size, decode_content=False):
                        position += len(chunk)
                        yield chunk
                return
            except (HTTPError, HTTPException, OSError) as error:
                failure = self._broken(ask, error)
            rest = self._rest(ask, position) if position - began >= size else None
            if not rest:
                break
            response = rest
        raise failure

    def _rest(self, ask: Ask, position: int) -> BaseHTTPResponse | None:
        """The body from that byte on, if the server gives it out (RFC 9110 14); asked for once, without patience."""
        try:
            rest = self._authorized(replace(ask, ok=(206,)), {"Range": f"bytes={position}-"}, None)
        except RegistryError:
            return None
        if rest.headers.get("Content-Range", "").startswith(f"bytes {position}-"):
            return rest
        rest.close()
        return None

    def _authorized(self, ask: Ask, headers: Mapping[str, str], body: Body | None) -> BaseHTTPResponse:
        """Answer the registry's challenges: at most one for the first time, and two for each login it may like."""
        replayable, refused = body is None or isinstance(body, bytes), Counter[Login | None]()
        home = origin(ask.url) == origin(self.base)
        for _ in range(_MAX_CHALLENGES):
            with self._auth.attempt(ask.scopes, by_login=ask.by_login) if home else nullcontext() as sent:
                response, url = self._redirected(ask, headers, sent.header if sent else None, body)
                if response.status in ask.ok:
                    self._auth.accepted(sent)
                    return response
                answer = Answer(response.status, response.headers, self._read(ask, response, _ERROR_LIMIT))
                failure = self._refused(ask, answer, sent, signed=url if url != ask.url else "")
                failure.elsewhere = origin(url) != origin(self.base)
                failure.transient &= not (failure.elsewhere and ask.optional)
                refused[sent.login if sent else None] += sent is not None
                if (
                    failure.elsewhere
                    or max(refused.values()) > _MAX_REFUSALS
                    or not self._may_try_again(ask, response, answer, sent)
                ):
                    raise self._auth.explained(self._in_words(ask, headers, sent, failure))
            if not replayable:
                failure.transient = True  # whoever has the body's source can send it again, with a new token
                raise failure
        raise self._auth.explained(failure)

    def _in_words(
        self, ask: Ask, headers: Mapping[str, str], sent: Authorization | None, refusal: RegistryError
    ) -> RegistryError:
        """The refusal with the registry's own words, which an answer to HEAD cannot have: asked for once, by GET.

        Not with a password that nobody has accepted: servers count wrong ones. Nor where a login is wanted and there is
        none: that says it all.
        """
        if ask.method != "HEAD" or refusal.elsewhere or refusal.status not in _REFUSALS:
            return refusal
        if (not sent and refusal.status == 401) or (sent and not self._auth.may_repeat(sent)):
            return refusal
        get = replace(ask, method="GET")
        try:
            response, url = self._redirected(get, headers, sent.header if sent else None, None)
            answer = Answer(response.status, response.headers, self._read(get, response, _ERROR_LIMIT))
        except RegistryError:
            return refusal
        if answer.status not in _REFUSALS or origin(url) != origin(self.base):
            return refusal
        return self._refused(get, answer, sent)

    def _may_try_again(self, ask: Ask, response: BaseHTTPResponse, answer: Answer, sent: Authorization | None) -> bool:
        """Whether something else may be sent now."""
        if response.status == 401:
            challenges = parse_challenges(response.headers.getlist("WWW-Authenticate"))
            return self._auth.learn(challenges, ask.scopes, sent)
        if response.status == 403:
            return self._auth.forbidden(plain(answer).decode("utf-8", "replace"), sent)
        if response.status in (400, 404, 405, 409, 412, 416):
            self._auth.accepted(sent)  # whatever was wrong, it was not this
        return False

    def _redirected(
        self, ask: Ask, headers: Mapping[str, str], authorization: str | None, body: Body | None
    ) -> tuple[BaseHTTPResponse, str]:
        """Follow the redirects of reading requests; credentials stay with the host that they are for."""
        url = ask.url
        for _ in range(_MAX_REDIRECTS):
            carried = {"Authorization": authorization} if authorization and origin(url) == origin(ask.url) else {}
            response = self._send(ask, url, {**_HEADERS, **headers, **carried}, body)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or not location or ask.writing:
                return response, url
            self._read(ask, response, _ERROR_LIMIT)
            try:
                url = next_url(url, location, self.base)
            except RegistryError as unsafe:
                unsafe.elsewhere = True
                raise
        raise problem("CHR0414", server=self.server, cause=f"more than {_MAX_REDIRECTS} redirects", notes=_asked(ask))

    def _send(self, ask: Ask, url: str, headers: Mapping[str, str], body: Body | None) -> BaseHTTPResponse:
        # urllib3 applies the connect timeout to each write of the body too: a slow line must have time for a chunk.
        idle = self.host.patience.idle
        timeout = urllib3.Timeout(connect=CONNECT if body is None or isinstance(body, bytes) else idle, read=idle)
        logs, began = _LOG.isEnabledFor(logging.DEBUG), 0.0
        try:
            # no turn for a token: who has one may wait for it
            with nullcontext() if ask.kind == "token" else self.host.turn(f"{self.server}/{ask.repository}"):
                began = time.monotonic() if logs else 0.0
                response = self._connections.to(url).request(
                    ask.method, url, headers=headers, body=body, timeout=timeout, redirect=False, preload_content=False
                )
        except (HTTPError, HTTPException, OSError, ProxyUnusable, ValueError) as error:
            failure = self._broken(ask, error, url)
            if logs:
                self._log(ask, url, "no answer", began)
            raise failure from None
        self.was_asked = True
        if logs:
            self._log(ask, url, str(response.status), began, _bytes_of(ask, headers, body, response))
        return response

    def _log(self, ask: Ask, url: str, answer: str, began: float, count: str = "") -> None:
        """One request, and how it was answered. A hostile redirect may repeat in its path what was sent."""
        shown = self._auth.without_secrets(redacted(url))
        _LOG.debug("%s %s: %s in %.0f ms%s", ask.method, shown, answer, (time.monotonic() - began) * 1000, count)

    def _read(self, ask: Ask, response: BaseHTTPResponse, limit: int) -> bytes:
        with closing(response):  # gives the connection back if the body ended here, else drops it
            try:
                return response.read(limit + 1, decode_content=False)
            except (HTTPError, HTTPException, OSError) as error:
                raise self._broken(ask, error) from None

    def _fetch_token(self, url: str, authorization: str | None, form: bytes | None) -> bytes:
        """Never redirected with a form in its hands."""
        ask = Ask("POST" if form else "GET", url, self.server, "token", "a token")
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}

        def attempt() -> bytes:
            response, _ = self._redirected(ask, headers, authorization, form)
            answer = Answer(response.status, response.headers, self._read(ask, response, _ERROR_LIMIT))
            if answer.status not in ask.ok:
                raise self._failure(ask, answer, sent=bool(authorization or form))
            return plain(answer)

        return self.persist(ask, attempt)

    def _refused(self, ask: Ask, answer: Answer, sent: Authorization | None, *, signed: str = "") -> RegistryError:
        """`signed`: where a redirect led, whose query may be as good as a password and come back in the answer."""
        header, login = (sent.header, sent.login) if sent else ("", None)
        secrets = [header.partition(" ")[2], *query_values(signed)]
        return self._failure(ask, answer, sent is not None, secrets, by_login=login is not None)

    def _failure(
        self, ask: Ask, answer: Answer, sent: bool, secrets: Sequence[str] = (), *, by_login: bool = False
    ) -> RegistryError:
        # Secrets go before anything is cut: half a secret is one too. The token that was sent may be dropped by now.
        readable = self._auth.without_secrets(plain(answer).decode("utf-8", "replace"))
        readable = without(readable, secrets)
        codes, text = map(self._auth.without_secrets, replace(answer, body=readable.encode()).errors())
        codes, text = excerpt(codes), excerpt(text)
        code = code_of(answer.status, codes, text, kind=ask.kind, writing=ask.writing, by_login=by_login)
        words = " ".join(part for part in (str(answer.status), codes, text) if part)
        notes = [*_asked(ask), ("answer", words)]
        if answer.status == 401 and (unknown := unanswerable(answer.headers)):
            notes.append(("asks for", unknown))
        wait = retry_after(answer.headers.get("Retry-After"))
        if wait is None and answer.status == 429:
            wait = window_used_up(answer.headers)
        writes_manifest = ask.writing and ask.kind == "manifest"
        failure = problem(
            code,
            server=self.server,
            repository=ask.repository,
            subject=ask.subject,
            status=answer.status,
            credentials=self._auth.describe(sent=sent),
            cause="it rejects the bytes that we sent",
            notes=[*notes, *([("wait", waiting(wait))] if wait else [])],
            retry_after=wait,
            because=Cause.PARTS_MISSING if writes_manifest and lacks_parts(codes, text) else None,
        )
        failure.transient = failure.cause in _ANEW or (answer.status in TRANSIENT and failure.cause in _LATER)
        return failure

    def _broken(self, ask: Ask, error: Exception, url: str | None = None) -> RegistryError:
        server = urlsplit(url or ask.url).netloc if url and origin(url) != origin(self.base) else self.server
        code, cause, transient = cause_of(error, idle=self.host.patience.idle)
        if isinstance(error, ProxyError):
            cause = f"the environment's proxy `{self._connections.proxy_name(url or ask.url)}` says {cause}"
        elsewhere = server != self.server
        failure = problem(
            code,
            server=server,
            repository=ask.repository,
            subject=ask.subject,
            cause=cause,
            notes=_asked(ask),
            transient=transient and not (elsewhere and ask.optional),
        )
        failure.elsewhere = elsewhere
        return failure


def _bytes_of(ask: Ask, headers: Mapping[str, str], body: Body | None, response: BaseHTTPResponse) -> str:
    """How much was sent, or else comes, as far as that is known before the answer's end."""
    if body is not None:
        sent = str(len(body)) if isinstance(body, bytes) else headers.get("Content-Length")
        return f", {sent} bytes sent" if sent else ""
    length = None if ask.method == "HEAD" else response.headers.get("Content-Length")
    return f", {length} bytes" if length and length.isdigit() else ""


def _asked(ask: Ask) -> list[tuple[str, str]]:
    return [("asked", f"{ask.method} {redacted(ask.url)}")]
