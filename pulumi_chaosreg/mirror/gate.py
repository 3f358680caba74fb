"""Images that a registry keeps back until they were scanned: what they are all the same, and waiting for the scan."""

import logging
import threading
import time
from collections.abc import Callable

from pulumi_chaosreg.mirror.platforms import attestations
from pulumi_chaosreg.mirror.scanning import Scan, Stage, scans_of
from pulumi_chaosreg.oci.manifest import DOCKER_LIST, OCI_INDEX
from pulumi_chaosreg.oci.patience import Patience
from pulumi_chaosreg.oci.problems import RegistryError, cancelled, problem
from pulumi_chaosreg.oci.registry import Registry
from pulumi_chaosreg.oci.store import Store

_LOG = logging.getLogger(__name__)
_INDEXES = (OCI_INDEX, DOCKER_LIST)
_LONGEST = 15.0
"""Seconds between two looks, at most: a scan takes from some seconds to some minutes."""


def digest_behind(store: Store, repository: str, name: str) -> str | None:
    """What a tag stands for that the registry gives to nobody, by its own API; None where that tells nothing."""
    scans = scans_of(store) if isinstance(store, Registry) else None
    if not scans or not isinstance(store, Registry):
        return None
    try:
        found = scans(store, repository, name)
    except RegistryError as refusal:
        if not refusal.is_denied:
            raise
        return None
    return found.digest if found else None


class Gate:
    """Waits before one registry. `seconds` in all, with pauses that double."""

    def __init__(
        self,
        registry: Registry,
        seconds: float,
        patience: Patience,
        stop: threading.Event,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry, self._seconds, self._stop, self._now = registry, seconds, stop, now
        self._first = patience.first

    def wait(self, repository: str, name: str) -> None:
        """Return when everybody may have what this tag or digest stands for.

        RegistryError (CHR0465) where that is not so in time, or never will be; CHR0464 where a policy forbids it.
        """
        ends, pause, out = self._now() + self._seconds, self._first, set[str]()
        while refusal := self._refusal(repository, name, out):
            if refusal.is_barred:
                raise refusal
            scan = self._scan(repository, name)
            if scan and scan.stage is Stage.FAILED:
                raise self._problem(repository, name, f"its scan has ended with `{scan.words}`", refusal)
            if self._now() + pause > ends:
                raise self._problem(repository, name, f"after {_span(self._seconds)} {_state(scan)}", refusal)
            _LOG.info("%s/%s: waits %.1f s for its scan: %s", self._registry.server, repository, pause, _state(scan))
            if self._stop.wait(pause):
                raise cancelled(f"{self._registry.server}/{repository}")
            pause = min(pause * 2, _LONGEST)

    def _refusal(self, repository: str, name: str, out: set[str]) -> RegistryError | None:
        """Why it is not to be had, or one of its images: an index is given out as soon as anything of it was scanned.

        `out` are those of its digests that are had already. Attestations are left out: Harbor scans none, and gives
        none out either (goharbor/harbor#22408); no node pulls them.
        """
        asked = [name]
        try:
            while asked:
                manifest = self._registry.get_manifest(repository, asked.pop())
                out.add(manifest.digest)
                unscanned = attestations(manifest)
                for child in manifest.children:
                    if child.digest in unscanned:
                        continue
                    if child.media_type in _INDEXES:
                        asked.append(child.digest)
                    elif child.digest not in out and self._registry.head_manifest(repository, child.digest):
                        out.add(child.digest)
        except RegistryError as refusal:
            if not refusal.is_gated:
                raise
            return refusal
        return None

    def _scan(self, repository: str, name: str) -> Scan | None:
        """How the scan goes; None where the login may not see it, or nobody tells: the gate itself tells its end."""
        scans = scans_of(self._registry)
        try:
            return scans(self._registry, repository, name) if scans else None
        except RegistryError as refusal:
            if not refusal.is_denied:
                raise
            return None

    def _problem(self, repository: str, name: str, cause: str, refusal: RegistryError) -> RegistryError:
        kind, server = "manifest" if ":" in name else "tag", self._registry.server
        notes = refusal.findings[0].notes
        return problem(
            "CHR0465",
            server=server,
            repository=repository,
            subject=f"{kind} `{name}`",
            cause=cause,
            notes=notes,
            status=refusal.status,
        )


def _state(scan: Scan | None) -> str:
    """As the end of a sentence."""
    if scan is None:
        return "its scan is not over, or has not begun (this login may not see it: it needs `artifact:read`)"
    if scan.stage is Stage.NONE:
        return "nothing has begun to scan it"
    return f"its scan is not over ({scan.words})" if scan.words else "its scan is not over"


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"
