"""From a login to an access token: the two protocols of token endpoints, and Azure's exchange before them.

GET with basic credentials is what every endpoint speaks (distribution's token specification); POST is OAuth2, needed
for identity tokens. Each falls back to the other where the endpoint does not know it, as docker, containerd and
go-containerregistry do: 404 and 405, and 401 (Artifactory) and 400 (Azure) of a POST. A refused password is not tried
the other way too: servers count wrong ones.
"""

import json
import math
import re
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pulumi_chaosreg.credentials.login import Login, LoginKind
from pulumi_chaosreg.oci.addresses import check_realm
from pulumi_chaosreg.oci.challenge import Challenge, Scopes
from pulumi_chaosreg.oci.problems import RegistryError, problem

_CLIENT = "pulumi-chaosreg"
_UNKNOWN_METHOD = (404, 405)
_REFUSED_POST = (400, 401, 404, 405)
_LIFETIME = 60.0
"""Seconds that a token lives where its endpoint says nothing, or nothing sensible (the token specification)."""
_MAX_SECONDS = 24 * 3600.0
_SKEW = 10.0
SENDABLE = re.compile(r"[\x21-\x7e]+")
"""What fits into a header: anything else would be refused further down, with the token in the error's text."""

Fetch = Callable[[str, str | None, bytes | None], bytes]
"""Ask an address, with an Authorization header, by POST if there is a form; RegistryError where it refuses."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a bearer shows, for how long (by the monotonic clock: no registry's clock counts)."""

    text: str = field(repr=False)
    scopes: Scopes
    expires: float
    login: Login | None = None
    """Whose rights it carries; None for the one that everybody gets."""


class TokenEndpoint:
    """The endpoints that one registry's challenges name. Keeps the identity tokens that they give out."""

    def __init__(self, registry: str, fetch: Fetch, now: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._fetch = fetch
        self._now = now
        self._identities: dict[Login, str] = {}
        """Login → the newest identity token that an endpoint gave for it."""
        self._renews = False
        """Whether a use brings another identity token: the one before may be over, so one thread goes at a time."""
        self._turn = threading.Lock()

    def token(self, challenge: Challenge, scopes: Scopes, login: Login | None) -> Token:
        """An access token for these scopes; RegistryError with the endpoint's status where it refuses the login."""
        realm = check_realm(challenge.parameters.get("realm", ""), self._registry)
        ask = _Ask(realm, challenge.parameters.get("service", ""), scopes)
        with self._turn if self._renews else nullcontext():
            return self._by_login(ask, challenge, login)

    def secrets(self) -> list[str]:
        """All that endpoints gave out and must not be shown."""
        return list(self._identities.values())

    def _by_login(self, ask: "_Ask", challenge: Challenge, login: Login | None) -> Token:
        given = self._identities.get(login) if login else None
        if login and given:
            try:
                return self._by_identity(ask, login, given)
            except RegistryError as refusal:
                if refusal.status not in _REFUSED_POST:
                    raise  # else it has expired: what it was made from may still be good
        match login.kind if login else None:
            case LoginKind.REGISTRY:
                assert login
                return Token(self._sendable(login.password), ask.scopes, math.inf)
            case LoginKind.IDENTITY:
                assert login
                return self._by_own_identity(ask, login)
            case LoginKind.ENTRA:
                assert login
                return self._by_identity(ask, login, self._exchanged(challenge, login))
        return self._by_password(ask, login)

    def _by_password(self, ask: "_Ask", login: Login | None) -> Token:
        try:
            return self._get(ask, f"Basic {login.basic}" if login else None)
        except RegistryError as refusal:
            if login is None or refusal.status not in _UNKNOWN_METHOD:
                raise
            form = {"grant_type": "password", "username": login.username, "password": login.password}
            try:
                return self._post(ask, login, {**form, "access_type": "offline"})
            except RegistryError:
                raise refusal from None

    def _by_own_identity(self, ask: "_Ask", login: Login) -> Token:
        try:
            return self._by_identity(ask, login, login.password)
        except RegistryError as refusal:
            if refusal.status not in _REFUSED_POST or not login.username:
                raise
            try:
                return self._get(ask, f"Basic {login.basic}")
            except RegistryError:
                raise refusal from None

    def _by_identity(self, ask: "_Ask", login: Login, identity: str) -> Token:
        try:
            return self._post(ask, login, {"grant_type": "refresh_token", "refresh_token": identity})
        except RegistryError as refusal:
            if refusal.status in _REFUSED_POST and self._identities.get(login) == identity:
                self._identities.pop(login, None)
            raise

    def _exchanged(self, challenge: Challenge, login: Login) -> str:
        """Azure: its token becomes an identity token of the registry, at the registry itself."""
        form = {
            "grant_type": "access_token",
            "service": challenge.parameters.get("service") or urlsplit(self._registry).netloc,
            "access_token": login.password,
        }
        if tenant := challenge.parameters.get("tenant") or login.tenant:
            form["tenant"] = tenant
        answer = self._answer(self._fetch(f"{self._registry}/oauth2/exchange", None, urlencode(form).encode()))
        identity = self._identities[login] = self._sendable(answer.get("refresh_token"))
        return identity

    def _get(self, ask: "_Ask", authorization: str | None) -> Token:
        return self._read(ask.scopes, lambda: self._fetch(ask.address(), authorization, None), None)

    def _post(self, ask: "_Ask", login: Login, grant: dict[str, str]) -> Token:
        return self._read(ask.scopes, lambda: self._fetch(ask.realm, None, ask.form(grant)), login)

    def _read(self, scopes: Scopes, fetch: Callable[[], bytes], login: Login | None) -> Token:
        asked = self._now()
        answer = self._answer(fetch())
        text = self._sendable(answer.get("token") or answer.get("access_token"))
        if login and answer.get("refresh_token"):
            before = self._identities.get(login) or (login.password if login.kind is LoginKind.IDENTITY else None)
            new = self._identities[login] = self._sendable(answer["refresh_token"])
            self._renews = self._renews or before not in (None, new)
        lifetime = _lifetime(answer.get("expires_in"))
        return Token(text, scopes, asked + max(lifetime - _SKEW, lifetime / 2))

    def _answer(self, body: bytes) -> dict[str, object]:
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, dict):
            return answer
        raise self._no_token()

    def _sendable(self, token: object) -> str:
        if isinstance(token, str) and SENDABLE.fullmatch(token):
            return token
        raise self._no_token()

    def _no_token(self) -> RegistryError:
        return problem(
            "CHR0421", server=urlsplit(self._registry).netloc, cause="its token endpoint sent no token", status=200
        )


@dataclass(frozen=True, slots=True)
class _Ask:
    """Where to ask, for what."""

    realm: str
    service: str
    scopes: Scopes

    def address(self) -> str:
        """For GET. What the realm's own query says stays."""
        parts = urlsplit(self.realm)
        query = parse_qsl(parts.query) + ([("service", self.service)] if self.service else [])
        query += [("scope", one) for one in sorted(self.scopes)]
        return urlunsplit(parts._replace(query=urlencode(query)))

    def form(self, grant: dict[str, str]) -> bytes:
        """For POST: several scopes are one field."""
        service = {"service": self.service} if self.service else {}
        scopes = {"scope": " ".join(sorted(self.scopes))} if self.scopes else {}
        return urlencode({**grant, "client_id": _CLIENT, **service, **scopes}).encode()


def _lifetime(told: object) -> float:
    """Seconds; endpoints say 0, nothing, text, or a thousand years."""
    try:
        seconds = float(told)  # type: ignore[arg-type]  # anything may come
    except (TypeError, ValueError, OverflowError):
        return _LIFETIME
    return min(seconds, _MAX_SECONDS) if seconds > 0 else _LIFETIME  # NaN is not greater either
