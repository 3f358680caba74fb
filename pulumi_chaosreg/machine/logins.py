"""The login that this machine has for a repository: from a file, a credential helper, or else the cloud's identity."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from pulumi_chaosreg.credentials.auths import login_of, place_of, places_for
from pulumi_chaosreg.credentials.keyring import key_for
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.machine.auth_files import AuthFile, auth_file_paths, read_auth_file, unreadable
from pulumi_chaosreg.machine.helpers import ask_helper
from pulumi_chaosreg.machine.identity import ShortLived, cloud_identity


class MachineLogins:
    """All that this machine knows; one object for a run. Looks when a registry asks, and not before."""

    def __init__(self, environment: Mapping[str, str] | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._environment = os.environ if environment is None else environment
        self._now = now
        self._sources: dict[str, MachineLogin] = {}
        self._files: list[AuthFile] | None = None
        self._guard = threading.Lock()

    def of(self, image: Reference) -> "MachineLogin":
        """Whoever knows the login for this image; the same one for all images with the same login."""
        with self._guard:
            if self._files is None:
                self._files = self._read()
            own = set().union(*(file.places for file in self._files))
            places = list(places_for(image.server, image.repository))
            place = next((place for place in places if place in own), places[-1])
            if place not in self._sources:
                self._sources[place] = MachineLogin(image.server, place, self._read, self._now)
            return self._sources[place]

    def findings(self) -> list[Finding]:
        """What went wrong for any of them, each once: worth a warning even where things worked without a login."""
        with self._guard:
            sources = list(self._sources.values())
        return list(dict.fromkeys(finding for source in sources for finding in source.findings()))

    def _read(self) -> list[AuthFile]:
        return [read_auth_file(path) for path in auth_file_paths(self._environment)]


class MachineLogin:
    """A LoginSource: files and helpers at first; the cloud's identity only when that was not enough."""

    def __init__(
        self, server: str, place: str, read: Callable[[], Iterable[AuthFile]], now: Callable[[], float]
    ) -> None:
        self._server, self._place, self._read, self._now = server, place, read, now
        self._looked = False
        self._login: Login | None = None
        self._short: ShortLived | None = None
        self._findings: list[Finding] = []
        self._guard = threading.Lock()

    def current(self) -> Login | None:
        """See LoginSource. A short-lived login is replaced before it expires, and kept if that fails."""
        with self._guard:
            if not self._looked:
                self._look(further=False)
            elif self._short and self._now() >= self._short.renew:
                kept = self._short
                self._look(further=True)
                if self._login is None and self._now() < kept.expires:
                    self._login, self._short = kept.login, kept
            return self._login

    def again(self, refused: Login | None) -> bool:
        """See LoginSource: everything is read anew, so a password that was changed meanwhile is found."""
        with self._guard:
            if self._login == refused:
                self._look(further=True)
            return self._login is not None and self._login != refused

    def findings(self) -> Sequence[Finding]:
        """See LoginSource."""
        with self._guard:
            return list(self._findings)

    def _look(self, *, further: bool) -> None:
        self._looked, self._short, self._findings = True, None, []
        self._login = self._configured()
        if self._login or not further:
            return
        try:
            self._short = cloud_identity(self._server, self._now)
        except ChaosregError as error:
            self._findings += error.findings
        else:
            self._login = self._short.login if self._short else None

    def _configured(self) -> Login | None:
        host = place_of(self._server)
        for file in self._read():
            self._findings += [file.problem] if file.problem else []
            for place in dict.fromkeys((self._place, host)):
                if login := self._in_file(file, place, stored=place == host):
                    return login
        return None

    def _in_file(self, file: AuthFile, place: str, *, stored: bool) -> Login | None:
        entries = file.entries.get(place, ())
        if place in file.helpers:
            key, helper = file.helpers[place]
            if login := self._from_helper(helper, key):
                return login
        for key, entry in entries:
            if login := login_of(entry, str(file.path)):
                return login
            if entry.get("auth"):
                self._findings.append(unreadable(file.path, f"`auth` of `{key}` is not base64 of `user:password`"))
        if stored and file.store:
            for key in dict.fromkeys((key_for(self._server), *(key for key, _ in entries))):
                if login := self._from_helper(file.store, key):
                    return login
        return None

    def _from_helper(self, helper: str, key: str) -> Login | None:
        try:
            return ask_helper(helper, key)
        except ChaosregError as error:
            self._findings += error.findings
            return None
