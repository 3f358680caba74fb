"""Credentials for one registry: none, basic, or bearer tokens from the endpoint that its challenge names.

The first request to a server goes without credentials, and its challenge is remembered for all that follow: one
extra request per run, none per image. Basic is never sent before the registry has asked for it, because a registry
that works with tokens must not see the password at all.

Where the login comes from is its source's matter (`LoginSource`). It is asked for when a challenge comes, and once more
when a login was refused: a password may have been changed meanwhile, or a cloud's identity may open what is closed to
everybody. A password that nobody has accepted yet is tried by one thread at a time, and given up after three refusals:
many wrong tries lock accounts.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from pulumi_chaosreg.credentials.login import Login, LoginKind, LoginSource
from pulumi_chaosreg.oci.challenge import Challenge, Scopes, covers
from pulumi_chaosreg.oci.problems import RegistryError
from pulumi_chaosreg.oci.redaction import without
from pulumi_chaosreg.oci.tokens import SENDABLE, Fetch, Token, TokenEndpoint

_LOG = logging.getLogger(__name__)
_MAX_SCOPES = 50
"""In one token: a registry that asks for more gets a header that servers refuse (Azure, with many repositories)."""
_BETWEEN_LOOKS = 30.0
"""Seconds before a source is asked again for a login that was accepted and then refused."""
_MAX_WRONG = 3
"""Refusals of a login that was never accepted: more than one, as some refuse a repository like this."""
_STALE = 900.0
"""Seconds after which a login that is suddenly forbidden everything may have expired (ECR's 403; to HEAD no more)."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a request shows at the door."""

    header: str = field(repr=False)
    login: Login | None
    """Whose it is; None for the token that everybody gets."""


class Authorizer:
    """Answers the challenges of one registry; safe to share between threads."""

    def __init__(
        self, registry: str, source: LoginSource | None, fetch: Fetch, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = urlsplit(registry).netloc
        self._source = source
        self._now = now
        self._endpoint = TokenEndpoint(registry, fetch, now)
        self._challenge: Challenge | None = None
        self.service = ""
        """What the registry calls itself towards its token endpoint; empty before such a challenge."""
        self._tokens: dict[Scopes, Token] = {}
        self._wider: dict[Scopes, Scopes] = {}
        self._logins: dict[Login, None] = {}
        """All that were ever in use, the newest last: none of them may be shown."""
        self._proven: dict[Login, float] = {}
        """Those that the registry or its endpoint accepted, and since when."""
        self._wrong: Counter[Login] = Counter()
        self._refusal: RegistryError | None = None
        self._looked: float | None = None
        self._guard = threading.Lock()
        self._trial = threading.RLock()
        self._looking = threading.Lock()
        self._flights: dict[Scopes, threading.Lock] = {}

    def authorization(self, scopes: Scopes) -> Authorization | None:
        """What to send with a request that needs these scopes; None before a challenge."""
        challenge = self._challenge
        if not challenge:
            return None
        if challenge.scheme == "basic":
            return self._basic()
        with self._guard:
            scopes = self._wider.get(scopes, scopes)
            flight = self._flights.setdefault(scopes, threading.Lock())
        with flight:  # the first asks the endpoint, the others find its token
            return self._held(scopes) or self._fetched(challenge, scopes)

    @contextmanager
    def attempt(self, scopes: Scopes, *, by_login: bool = False) -> Iterator[Authorization | None]:
        """What to send, as long as the context lasts; `accepted`, `learn` or `forbidden` come before its end.

        `by_login`: the login itself, to an API of the server's own that knows no tokens of the registry.
        """
        sent = self._basic() if by_login else self.authorization(scopes)
        if not sent or not sent.login or not sent.header.startswith("Basic ") or sent.login in self._proven:
            yield sent
            return
        with self._trial:
            yield self._basic()  # while we waited, another thread may have found out

    def accepted(self, sent: Authorization | None) -> None:
        """The registry took what was sent."""
        if sent and sent.login and sent.login not in self._proven:
            self._proven[sent.login] = self._now()

    def may_repeat(self, sent: Authorization) -> bool:
        """Whether it may be shown once more: tokens, and passwords that were ever accepted."""
        return not sent.header.startswith("Basic ") or sent.login in self._proven

    def learn(self, challenges: Iterable[Challenge], scopes: Scopes, sent: Authorization | None) -> bool:
        """Take in a 401 and its challenges; True if the request may succeed with what `authorization` says now."""
        known = {challenge.scheme: challenge for challenge in challenges}
        challenge = known.get("bearer") or known.get("basic")
        if not challenge:
            return False
        is_first, self._challenge = self._challenge is None, challenge
        self.service = self.service or challenge.parameters.get("service", "")
        if is_first and not self._current():
            _LOG.info("%s: no login is known, so it shows what everybody may see", self._server)
        if sent is None:
            if challenge.scheme == "bearer" or self._basic():
                return True
            return self._look_again(None) and self._basic() is not None
        with self._guard:
            self._drop(sent)
            wider = challenge.scopes | scopes
            if not covers(scopes, challenge.scopes) and len(wider) <= _MAX_SCOPES:
                self._wider[scopes] = wider
        if sent.login is None:
            return self._look_again(None) or challenge.scheme == "bearer"
        if sent.header.startswith("Bearer ") and sent.login.kind is not LoginKind.REGISTRY:
            return True  # the token was refused; whether the login is, its endpoint will tell
        return self._look_again(sent.login) or self._is_wrong(sent.login)

    def forbidden(self, words: str, sent: Authorization | None) -> bool:
        """Take in a 403 with the registry's words; True if another login was found.

        What everybody may not do an identity may. And ECR forbids when its password has expired, with no challenge.
        """
        if not self._challenge:
            return False
        if not sent or not sent.login:
            return self._look_again(None)
        since = self._proven.get(sent.login)
        is_stale = since is not None and not words and self._now() - since > _STALE
        if not is_stale and "expired" not in words.lower():
            return False
        with self._guard:
            self._drop(sent)
        return self._look_again(sent.login)

    def without_secrets(self, text: str) -> str:
        """The text with all our secrets blanked: some servers echo what they were sent."""
        with self._guard:
            secrets = [token.text for token in self._tokens.values()] + self._endpoint.secrets()
            logins = [*self._logins, *([self._source] if isinstance(self._source, Login) else [])]
        for login in logins:
            secrets += [login.password, login.basic]
        return without(text, secrets)

    def describe(self, *, sent: bool) -> str:
        """For a message: whether credentials were sent, and whose. Asks no source: that may take seconds."""
        login = self._source if isinstance(self._source, Login) else next(reversed(self._logins), None)
        if not login:
            return "no credentials are known for it"
        if sent or self._wrong[login]:
            return f"the credentials of {login.title} were sent"
        return f"it never asked for the credentials of {login.title}"

    def explained(self, refusal: RegistryError) -> RegistryError:
        """The error, together with what went wrong while a login was looked for."""
        if self._source and refusal.status in (401, 403):
            more = [finding for finding in self._source.findings() if finding not in refusal.findings]
            refusal.findings = (*refusal.findings, *more)
            refusal.args = (str(refusal),)
        return refusal

    def _basic(self) -> Authorization | None:
        login = self._current()
        if not login or self._is_given_up(login):
            return None
        if login.kind is LoginKind.ENTRA or (login.kind is LoginKind.IDENTITY and not login.username):
            return None  # token endpoints take these, registries do not
        if login.kind is LoginKind.REGISTRY and not SENDABLE.fullmatch(login.password):
            return None  # no header can hold it, and the error of trying would show it
        scheme, text = ("Bearer", login.password) if login.kind is LoginKind.REGISTRY else ("Basic", login.basic)
        return Authorization(f"{scheme} {text}", login)

    def _current(self) -> Login | None:
        login = self._source.current() if self._source else None
        if login and login not in self._logins:
            with self._guard:
                self._logins[login] = None
            _LOG.info("%s: logs in as %s", self._server, login.title)
        return login

    def _is_given_up(self, login: Login) -> bool:
        return login not in self._proven and self._wrong[login] >= _MAX_WRONG

    def _is_wrong(self, login: Login) -> bool:
        """Remember that it was refused. Always False: nothing is left to try."""
        with self._guard:
            self._wrong[login] += 1
        return False

    def _held(self, scopes: Scopes) -> Authorization | None:
        with self._guard:
            now = self._now()
            exact = self._tokens.get(scopes)
            candidates = [exact] if exact else [held for held in self._tokens.values() if covers(held.scopes, scopes)]
            token = next((token for token in candidates if now < token.expires), None)
            if not token:
                return None
            self._tokens[scopes] = token  # found at once the next time
            return Authorization(f"Bearer {token.text}", token.login)

    def _drop(self, sent: Authorization) -> None:
        self._tokens = {of: held for of, held in self._tokens.items() if f"Bearer {held.text}" != sent.header}

    def _fetched(self, challenge: Challenge, scopes: Scopes) -> Authorization:
        login = self._current()
        if not login or login in self._proven:
            return self._from_endpoint(challenge, scopes)
        with self._trial:
            return self._from_endpoint(challenge, scopes)

    def _from_endpoint(self, challenge: Challenge, scopes: Scopes) -> Authorization:
        login = self._current()
        try:
            token = self._token(challenge, scopes, login)
        except RegistryError as refusal:
            if refusal.status not in (400, 401, 403) or not self._look_again(login):
                raise self.explained(refusal) from None
            token = self._token(challenge, scopes, self._current())
        with self._guard:
            now = self._now()
            self._tokens = {of: held for of, held in self._tokens.items() if held.expires > now}
            self._tokens[scopes] = token
            if token.login:
                self._proven.setdefault(token.login, now)
        return Authorization(f"Bearer {token.text}", token.login)

    def _token(self, challenge: Challenge, scopes: Scopes, login: Login | None) -> Token:
        if self._refusal and login and self._is_given_up(login):
            raise self._refusal
        try:
            return replace(self._endpoint.token(challenge, scopes, login), login=login)
        except RegistryError as refusal:
            if login and refusal.status == 401:
                self._is_wrong(login)
                self._refusal = RegistryError(refusal.findings[0], status=401)
            raise

    def _look_again(self, refused: Login | None) -> bool:
        """Whether there is another login than the refused one; its source looks once, and later for accepted ones."""
        if not self._source:
            return False
        with self._looking:
            if (login := self._current()) != refused:  # another thread has looked
                return login is not None and not self._is_given_up(login)
            again = refused in self._proven and self._now() - (self._looked or 0.0) > _BETWEEN_LOOKS
            if self._looked is not None and not again:
                return False
            self._looked = self._now()
            _LOG.info("%s: refused %s, looks for another login", self._server, refused.title if refused else "nobody")
            if not self._source.again(refused):
                return False
            with self._guard:  # what it opened before, another one opens now
                self._tokens = {of: held for of, held in self._tokens.items() if held.login != refused}
            return True
