"""One image on its way from a registry to another: blobs first, then manifests from the leaves up, the tag last."""

import threading
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from itertools import count

from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror.companions import Companion
from pulumi_chaosreg.mirror.flights import Flights, Large
from pulumi_chaosreg.mirror.holdings import Holdings
from pulumi_chaosreg.mirror.image import Image
from pulumi_chaosreg.mirror.one_algorithm import stands_for
from pulumi_chaosreg.mirror.progress import Counter
from pulumi_chaosreg.mirror.referrers_lists import ReferrersLists
from pulumi_chaosreg.oci.blob import Upload
from pulumi_chaosreg.oci.manifest import Descriptor, Manifest, algorithm_of
from pulumi_chaosreg.oci.problems import RegistryError, cancelled, problem
from pulumi_chaosreg.oci.store import Store

_LOOK_UP = 0.2
"""Seconds between two looks at whether to stop, while others move the bytes."""
_NOT_SO_NAMED = (400, 404, 405, 415)
"""How registries refuse a manifest by a digest of an algorithm that is not theirs."""
SMALL = 256 << 10
"""Bytes up to which sending a blob takes no longer than asking whether it is there."""


class Way(Enum):
    """How a blob got to the target's repository."""

    COPIED = auto()  # its bytes went from source to target
    MOUNTED = auto()  # the target had it in another repository
    SKIPPED = auto()  # the repository held it already


@dataclass(frozen=True, slots=True)
class Ends:
    """Where an image comes from and where it goes."""

    source_store: Store
    source: Reference
    target_store: Store
    target: Reference


@dataclass(frozen=True, slots=True)
class Work:
    """What has to be at the target in the end."""

    image: Image
    companions: tuple[Companion, ...] = ()
    also: tuple[str, ...] = ()
    """More tags of the image, written before its own one."""

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """All blobs, each digest once, the largest first."""
        images = (self.image, *(companion.image for companion in self.companions))
        unique = {blob.digest: blob for image in images for blob in image.blobs}
        return tuple(sorted(unique.values(), key=lambda blob: -blob.size))


@dataclass(frozen=True, slots=True)
class Shared:
    """What all copies of a run have in common."""

    flights: Flights
    holdings: Holdings
    lists: ReferrersLists
    stop: threading.Event
    """Ends all copies soon after it was set."""


class Copy:
    """One image's copy; lives on its caller's thread, and shares flights and holdings with all other copies."""

    def __init__(
        self,
        ends: Ends,
        work: Work,
        shared: Shared,
        counter: Counter,
        approve: Callable[[], None] | None = None,
    ) -> None:
        """`approve` is asked when everything is at the target and before the tag is: what it raises ends the copy."""
        self._approve = approve
        self._ends, self._image, self._companions = ends, work.image, work.companions
        self._also = work.also
        self._blobs = work.blobs
        self._flights, self._holdings, self._lists = shared.flights, shared.holdings, shared.lists
        self._counter = counter
        self._stop = shared.stop
        self._failed = threading.Event()
        self.ways: dict[str, Way] = {}
        """By the digest of the blob."""

    def run(self) -> None:
        """Make the image complete at the target, then tag it."""
        try:
            self._write()
        except RegistryError as failure:
            # What we knew of the target may be old: somebody emptied it while we ran. Look again, once. (A source
            # may lack parts, too, but then the blobs failed, not a manifest.)
            if not failure.lacks_parts or self._failed.is_set():
                raise
            self._holdings.forget(self._ends.target_store.server)
            self._write()

    def tally(self) -> Tally[Way]:
        """How many blobs went which way."""
        return Tally(self.ways.values())

    def bytes_copied(self) -> int:
        """Bytes that this copy sent."""
        return sum(blob.size for blob in self._blobs if self.ways.get(blob.digest) is Way.COPIED)

    def _write(self) -> None:
        self._bring(self._blobs)
        below = self._image.manifests[:-1]
        self._flights.each(self._put, [manifest for manifest in below if not manifest.children])
        for index in (manifest for manifest in below if manifest.children):
            self._put(index)
        root = self._image.root
        if algorithm_of(root.digest) != "sha256":  # pulled by that digest, too, and most registries name by sha256
            self._put(root)
            self._check_kept(root)
        if self._companions:  # after their subject, or some registries refuse them; before the tag, or it lacks them
            self._put(root)
            for companion in self._companions:
                for manifest in companion.image.manifests:
                    self._put(manifest, companion.tag if manifest is companion.image.root else None)
        if self._approve:
            self._approve()
        for tag in self._also:
            self._put(root, tag)
        self._put(root, self._ends.target.tag)

    def _put(self, manifest: Manifest, tag: str | None = None) -> None:
        self._check()
        store, repository = self._ends.target_store, self._ends.target.repository
        try:
            is_listed = store.put_manifest(repository, manifest, tag)
        except RegistryError as refusal:
            # An immutable tag may be right already: its first answer was lost, or another run wrote it meanwhile.
            there = store.head_manifest(repository, tag) if tag and refusal.is_immutable else None
            if not stands_for(store, repository, there, manifest.digest):
                raise (self._not_kept(manifest) if not tag and _refuses_name(refusal, manifest) else refusal) from None
            is_listed = False
        self._lists.see_to(store, repository, manifest, claimed=is_listed)

    def _check_kept(self, manifest: Manifest) -> None:
        if not self._ends.target_store.head_manifest(self._ends.target.repository, manifest.digest):
            raise self._not_kept(manifest)

    def _not_kept(self, manifest: Manifest) -> RegistryError:
        """The error of a target that names manifests by another algorithm: nobody could pull this one by its digest."""
        store, repository, subject = (
            self._ends.target_store,
            self._ends.target.repository,
            f"manifest `{manifest.digest}`",
        )
        return problem("CHR0442", server=store.server, repository=repository, subject=subject)

    def _bring(self, blobs: Iterable[Descriptor]) -> None:
        """Return when all blobs are in the target's repository; after a failure, too, no work of ours goes on."""
        wanted, waiting, ours = list(blobs), dict[Future[None], Descriptor](), set[Future[None]]()
        try:
            while wanted or waiting:
                for blob in wanted:
                    if self._held(blob):
                        self._arrived(blob, Way.SKIPPED)
                        continue
                    flight, own = self._flights.join(self._key(blob), partial(self._place, blob))
                    waiting[flight] = blob
                    if own:
                        ours.add(flight)
                landed = wait(waiting, timeout=_LOOK_UP, return_when=FIRST_COMPLETED).done
                self._check()
                for flight in landed & ours:
                    flight.result()
                # Another copy's flight took the blob to the server, or failed: either way it is our turn now.
                wanted = [waiting[flight] for flight in landed - ours]
                waiting = {flight: blob for flight, blob in waiting.items() if flight not in landed}
        except BaseException:
            self._failed.set()
            self._flights.abandon(ours)
            raise

    def _key(self, blob: Descriptor) -> tuple[str, ...]:
        """What may be under way once only: bringing a blob to a server, or, when it is there, into a repository: by
        mounting it, or again by sending it where nothing is mounted.
        """
        server, repository = self._ends.target_store.server, self._ends.target.repository
        there = self._holdings.is_on(server, blob.digest)
        return (server, repository, blob.digest) if there else (server, blob.digest)

    def _place(self, blob: Descriptor) -> Large | None:
        """Get one blob into the target's repository: by mounting, by finding it there, or by sending it.

        A small one is mounted from the very repository that it is for, where no other is known: one question that
        tells whether it is there, and opens the upload if not. Registries that never mount get it twice, perhaps. A
        large one is looked for, and sent among few others.
        """
        self._check()
        store, repository = self._ends.target_store, self._ends.target.repository
        small, known = blob.size <= SMALL, self._holdings.mountable(store.server, repository, blob.digest)
        way, upload = self._mounted(blob, known) if known else (None, None)
        if not way and not upload and small and self._holdings.mounts_from_itself(store.server):
            way, upload = self._mounted(blob, repository)
        elif not way and store.has_blob(repository, blob.digest):
            way = Way.SKIPPED
            if upload:
                store.cancel_upload(repository, upload)
        if way:
            self._arrived(blob, way)
            return None
        send = partial(self._send, blob, upload)
        return send() if small else Large(send)

    def _mounted(self, blob: Descriptor, source: str) -> tuple[Way | None, Upload | None]:
        """How the blob got there by mounting it; if it did not, perhaps the upload that the registry opened instead.

        Registries refuse in many ways (202, 401, 403, 404, 405): each means that the bytes have to be sent.
        """
        store, repository = self._ends.target_store, self._ends.target.repository
        itself = source == repository
        try:
            upload = store.mount_blob(repository, blob.digest, source)
        except RegistryError as refusal:
            if refusal.status is None or (itself and refusal.status >= 500):
                raise
            self._holdings.refuse(store.server, None if itself else source)
            return None, None
        if upload and not itself:  # although it is there
            self._holdings.refuse(store.server, source)
        return (None, upload) if upload else (Way.SKIPPED if itself else Way.MOUNTED, None)

    def _send(self, blob: Descriptor, upload: Upload | None) -> None:
        self._check()
        content = partial(self._content, blob, count())
        self._ends.target_store.put_blob(self._ends.target.repository, blob, content, upload)
        self._arrived(blob, Way.COPIED)

    @contextmanager
    def _content(self, blob: Descriptor, tries: Iterator[int]) -> Iterator[Iterator[bytes]]:
        """The target proves the bytes anyway, and hashing is half of our work: so we do it only for what it refused,
        to find out who damaged it.
        """
        hashed = next(tries) > 0 or not self._ends.target_store.proves_blobs
        with self._ends.source_store.open_blob(self._ends.source.repository, blob, hashed=hashed) as chunks:
            yield self._watched(blob, chunks)

    def _watched(self, blob: Descriptor, chunks: Iterable[bytes]) -> Iterator[bytes]:
        position = 0
        for chunk in chunks:
            self._check()
            yield chunk
            position += len(chunk)
            self._counter.reached(blob.digest, position)

    def _held(self, blob: Descriptor) -> bool:
        return self._holdings.holds(self._ends.target_store.server, self._ends.target.repository, blob.digest)

    def _arrived(self, blob: Descriptor, way: Way) -> None:
        self._holdings.add(self._ends.target_store.server, self._ends.target.repository, blob.digest)
        self.ways.setdefault(blob.digest, way)
        self._counter.finished(blob.digest)

    def _check(self) -> None:
        if self._failed.is_set() or self._stop.is_set():
            raise cancelled(self._ends.target.tagged)


def _refuses_name(refusal: RegistryError, manifest: Manifest) -> bool:
    """Whether it may be the digest's algorithm that the registry does not like."""
    is_long = algorithm_of(manifest.digest) != "sha256"
    return is_long and refusal.status in _NOT_SO_NAMED and not refusal.lacks_parts
