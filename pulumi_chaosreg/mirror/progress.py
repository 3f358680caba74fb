"""How far a copy is, in numbers that never go back."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pulumi_chaosreg.oci.manifest import Descriptor


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of one image's copy. Bytes count as done when they are at the target, however they got there."""

    image: str
    """The target, `server/repository:tag`."""
    bytes_done: int
    bytes_total: int
    blob: int
    """Blobs that are at the target."""
    blobs: int


Listener = Callable[[Progress], None]


class Counter:
    """Adds up the bytes of one image's blobs for one listener, who is called by one thread at a time.

    A blob that is sent again after a failure counts on only where it passes the point that it had reached before.
    """

    def __init__(self, image: str, blobs: Iterable[Descriptor], listener: Listener | None) -> None:
        self._image = image
        self._sizes = {blob.digest: blob.size for blob in blobs}
        self._reached = dict.fromkeys(self._sizes, 0)
        self._finished: set[str] = set()
        self._total, self._done = sum(self._sizes.values()), 0
        self._listener = listener
        self._guard = threading.Lock()

    def reached(self, digest: str, position: int) -> None:
        """So many bytes of that blob have been sent."""
        with self._guard:
            self._advance(digest, position)

    def finished(self, digest: str) -> None:
        """That blob is at the target."""
        with self._guard:
            self._finished.add(digest)
            self._advance(digest, self._sizes[digest])

    def _advance(self, digest: str, position: int) -> None:
        position = min(position, self._sizes[digest])
        self._done += max(0, position - self._reached[digest])
        self._reached[digest] = max(position, self._reached[digest])
        if self._listener:
            self._listener(Progress(self._image, self._done, self._total, len(self._finished), len(self._sizes)))
