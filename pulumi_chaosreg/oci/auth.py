"""Credentials for one registry: none, basic, or bearer tokens from the endpoint that its challenge names.

The first request to a server goes without credentials, and its challenge is remembered for all that follow: one
extra request per run, none per image. Basic is never sent before the registry has asked for it, because a registry
that works with tokens must not see the password at all.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.oci.addresses import check_realm
from pulumi_chaosreg.oci.problems import problem

_PARAMETER = re.compile(r'\s*,?\s*([A-Za-z0-9_.-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_SCHEME = re.compile(r"\s*,?\s*([A-Za-z][A-Za-z0-9-]*)(?=\s|,|$)(?!\s*=)")
_LIFETIME = 60.0
"""Seconds that a token lives where its endpoint does not say (distribution's token specification)."""
_SKEW = 10.0

Scopes = frozenset[str]


@dataclass(frozen=True, slots=True)
class Challenge:
    """One scheme of a WWW-Authenticate header: `Bearer realm="…",service="…",scope="…"`."""

    scheme: str
    parameters: Mapping[str, str]

    @property
    def scopes(self) -> Scopes:
        """What the registry would need to see in a token; several are separated by blanks."""
        return frozenset(self.parameters.get("scope", "").split())


@dataclass(frozen=True, slots=True)
class _Token:
    authorization: str
    scopes: Scopes
    expires: float

    def serves(self, scopes: Scopes) -> bool:
        return covers(self.scopes, scopes) and time.monotonic() < self.expires


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """All challenges of all WWW-Authenticate headers (RFC 9110 11.6.1), schemes in lower case."""
    challenges = []
    for header in headers:
        at = 0
        while scheme := _SCHEME.match(header, at):
            at, parameters = scheme.end(), {}
            while found := _PARAMETER.match(header, at):
                name, quoted, plain = found.groups()
                parameters[name.lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                at = found.end()
            challenges.append(Challenge(scheme[1].lower(), parameters))
    return challenges


def scope(repository: str, actions: str) -> str:
    """`repository:NAME:pull,push`: the form of the token specification."""
    return f"repository:{repository}:{actions}"


def covers(held: Scopes, needed: Scopes) -> bool:
    """Whether all that is needed is among what is held, action by action: `a:pull,push` covers `a:pull`."""

    def actions(scopes: Scopes) -> set[tuple[str, str]]:
        parts = (one.rpartition(":") for one in scopes)
        return {(resource, action) for resource, _, actions in parts for action in actions.split(",")}

    return actions(needed) <= actions(held)


class Authorizer:
    """Answers the challenges of one registry; safe to share between threads."""

    def __init__(self, registry: str, login: Login | None, fetch: Callable[[str, str | None], bytes]) -> None:
        self._registry = registry
        self._login = login
        self._fetch = fetch
        self._challenge: Challenge | None = None
        self._tokens: list[_Token] = []
        self._wider: dict[Scopes, Scopes] = {}
        self._guard = threading.Lock()
        self._flights: dict[Scopes, threading.Lock] = {}

    def authorization(self, scopes: Scopes) -> str | None:
        """The Authorization header for a request that needs these scopes; None before a challenge. Secret."""
        challenge = self._challenge
        if not challenge:
            return None
        if challenge.scheme == "basic":
            return f"Basic {self._login.basic}" if self._login else None
        with self._guard:
            scopes = self._wider.get(scopes, scopes)
            flight = self._flights.setdefault(scopes, threading.Lock())
        with flight:  # the first asks the endpoint, the others find its token
            return (self._token(scopes) or self._new_token(challenge, scopes)).authorization

    def learn(self, challenges: Iterable[Challenge], scopes: Scopes, sent: str | None) -> bool:
        """Take in the challenges of a 401; True if the request may succeed with what `authorization` says now."""
        known = {challenge.scheme: challenge for challenge in challenges}
        challenge = known.get("bearer") or (known.get("basic") if self._login else None)
        if not challenge:
            return False
        with self._guard:
            self._challenge = challenge
            self._tokens = [token for token in self._tokens if token.authorization != sent]
            if not covers(scopes, challenge.scopes):
                self._wider[scopes] = self._wider.get(scopes, scopes) | challenge.scopes
        return challenge.scheme == "bearer" or sent is None

    def without_secrets(self, text: str) -> str:
        """The text with our password and tokens blanked: some servers echo what they were sent."""
        with self._guard:
            secrets = [token.authorization.partition(" ")[2] for token in self._tokens]
        if self._login and self._login.password:
            secrets += [self._login.password, self._login.basic]
        for secret in secrets:
            text = text.replace(secret, "[redacted]")
        return text

    def describe(self, sent: bool) -> str:
        """For a message: whether credentials were sent, and whose."""
        if not self._login:
            return "no credentials are known for it"
        user = f"user `{self._login.username}`"
        return f"the credentials of {user} were sent" if sent else f"it never asked for the credentials of {user}"

    def _token(self, scopes: Scopes) -> _Token | None:
        with self._guard:
            return next((token for token in self._tokens if token.serves(scopes)), None)

    def _new_token(self, challenge: Challenge, scopes: Scopes) -> _Token:
        realm = check_realm(challenge.parameters.get("realm", ""), self._registry)
        basic = f"Basic {self._login.basic}" if self._login else None
        asked = time.monotonic()
        body = self._fetch(_token_url(realm, challenge.parameters.get("service"), scopes), basic)
        try:
            answer = json.loads(body)
            text = str(answer.get("token") or answer["access_token"])
            lifetime = float(answer.get("expires_in") or _LIFETIME)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise problem(
                "CHR0421",
                server=urlsplit(self._registry).netloc,
                cause="its token endpoint sent no token",
            ) from None
        token = _Token(f"Bearer {text}", scopes, asked + max(lifetime - _SKEW, lifetime / 2))
        with self._guard:
            now = time.monotonic()
            self._tokens = [*(old for old in self._tokens if old.expires > now), token]
        return token


def _token_url(realm: str, service: str | None, scopes: Scopes) -> str:
    parts = urlsplit(realm)
    query = parse_qsl(parts.query) + ([("service", service)] if service else [])
    query += [("scope", one) for one in sorted(scopes)]
    return urlunsplit(parts._replace(query=urlencode(query)))
