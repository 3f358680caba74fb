"""One image on its way from a registry to another: blobs first, then manifests from the leaves up, the tag last."""

import threading
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror.flights import Flights
from pulumi_chaosreg.mirror.holdings import Holdings
from pulumi_chaosreg.mirror.image import Image
from pulumi_chaosreg.mirror.progress import Counter
from pulumi_chaosreg.oci.blob import Upload
from pulumi_chaosreg.oci.manifest import Descriptor
from pulumi_chaosreg.oci.problems import RegistryError, cancelled
from pulumi_chaosreg.oci.registry import Registry

_LOOK_UP = 0.2
"""Seconds between two looks at whether to stop, while others move the bytes."""


class Way(Enum):
    """How a blob got to the target's repository."""

    COPIED = auto()  # its bytes went from source to target
    MOUNTED = auto()  # the target had it in another repository
    SKIPPED = auto()  # the repository held it already


@dataclass(frozen=True, slots=True)
class Ends:
    """Where an image comes from and where it goes."""

    origin: Registry
    source: Reference
    goal: Registry
    target: Reference


class Copy:
    """One image's copy; lives on its caller's thread, and shares flights and holdings with all other copies."""

    def __init__(
        self,
        ends: Ends,
        image: Image,
        flights: Flights,
        holdings: Holdings,
        counter: Counter,
        stop: threading.Event | None,
    ) -> None:
        self._ends, self._image = ends, image
        self._flights, self._holdings = flights, holdings
        self._counter = counter
        self._stops = [stop] if stop else []
        self._failed = threading.Event()
        self.ways: dict[str, Way] = {}
        """By the digest of the blob."""

    def run(self) -> None:
        """Make the image complete at the target, then tag it."""
        try:
            self._write()
        except RegistryError as failure:
            # What we knew of the target may be old: somebody emptied it while we ran. Look again, once.
            if not any("BLOB_UNKNOWN" in text for finding in failure.findings for _, text in finding.notes):
                raise
            self._holdings.forget(self._ends.goal.server)
            self._write()

    def tally(self) -> Tally[Way]:
        """How many blobs went which way."""
        return Tally(self.ways.values())

    def bytes_copied(self) -> int:
        """Bytes that this copy sent."""
        return sum(blob.size for blob in self._image.blobs if self.ways.get(blob.digest) is Way.COPIED)

    def _write(self) -> None:
        self._bring(self._image.blobs)
        goal, target = self._ends.goal, self._ends.target
        for manifest in self._image.manifests:
            self._check()
            goal.put_manifest(target.repository, manifest, target.tag if manifest is self._image.root else None)

    def _bring(self, blobs: Iterable[Descriptor]) -> None:
        """Return when all blobs are in the target's repository; no work of ours goes on after that or a failure."""
        wanted, waiting, ours = list(blobs), dict[Future[None], Descriptor](), set[Future[None]]()
        try:
            while wanted or waiting:
                for blob in wanted:
                    flight, own = self._flights.join(self._key(blob), lambda blob=blob: self._place(blob))  # type: ignore[misc]
                    waiting[flight] = blob
                    if own:
                        ours.add(flight)
                landed = wait(waiting, timeout=_LOOK_UP, return_when=FIRST_COMPLETED).done
                self._check()
                # A flight of another copy took the blob to the server, or failed: both ways it is our turn now.
                wanted = [blob for flight in landed if not self._arrived(waiting.pop(flight), flight, flight in ours)]
        finally:
            self._failed.set() if waiting else None
            for flight in ours:
                flight.cancel()
            wait(ours)
