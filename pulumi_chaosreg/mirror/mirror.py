"""The coordinator of all copies of one run."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror.companions import ReferrersTags, Tags, read_companions
from pulumi_chaosreg.mirror.copy import Copy, Ends, Shared, Way, Work
from pulumi_chaosreg.mirror.flights import Flights
from pulumi_chaosreg.mirror.holdings import Holdings
from pulumi_chaosreg.mirror.image import read_image
from pulumi_chaosreg.mirror.progress import Counter, Listener
from pulumi_chaosreg.oci.host import Host
from pulumi_chaosreg.oci.patience import Patience
from pulumi_chaosreg.oci.problems import RegistryError, problem
from pulumi_chaosreg.oci.registry import Registry
from pulumi_chaosreg.oci.store import Store


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did."""

    digest: str
    bytes_copied: int = 0
    blobs_copied: int = 0
    blobs_mounted: int = 0
    blobs_skipped: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """One copy before it is made."""

    ends: Ends
    digest: str
    work: Work | None
    """What the source has; None where the target's tag is right already."""

    @property
    def sizes(self) -> dict[str, int]:
        """Digest → size of each blob that the target's repository needs."""
        return {blob.digest: blob.size for blob in self.work.blobs} if self.work else {}


Stores = Callable[[str], Store]
"""Server → where its images are kept."""


class Mirror:
    """Copies images between registries; one object for all copies of a run, called from any number of threads.

    It knows what is under way and what the targets hold, so that each unique blob crosses the wire once; at most
    `parallel` blobs move at the same time. Connections and tokens are kept until `close`.
    """

    def __init__(
        self,
        *,
        stop: threading.Event | None = None,
        read_from: Stores | None = None,
        write_to: Stores | None = None,
        parallel: int = 12,
        patience: Patience | None = None,
    ) -> None:
        """`stop` ends all copies soon after it was set: they raise Cancelled. `read_from` and `write_to` stand in for
        the registries that references name: an OCI layout.
        """
        self._stop = stop or threading.Event()
        self._shared = Shared(Flights(parallel), Holdings(), ReferrersTags(), self._stop)
        self._tags: dict[Store, Tags] = {}
        self._patience = patience
        self._hosts: dict[str, Host] = {}
        self._registries: dict[tuple[str, Login | None], Registry] = {}
        self._read_from, self._write_to = read_from, write_to
        self._guard = threading.Lock()

    def copy(
        self,
        source: Reference,
        target: Reference,
        *,
        pull: Login | None = None,
        push: Login | None = None,
        digest: str | None = None,
        signatures: bool = True,
        progress: Listener | None = None,
    ) -> Copied:
        """Make the target's tag stand for the source's image, byte for byte, all platforms.

        With `digest` (or one in the source) that very content is copied, wherever the source's tag points now. A tag
        that exists with other content is overwritten. With `signatures`, referrers and cosign's tags of the image and
        of its children go along. `progress` is called by one thread at a time. Raises
        RegistryError, or Cancelled; the tag is then as it was before.
        """
        planned = self.plan(source, target, pull=pull, push=push, digest=digest, signatures=signatures)
        return self.carry_out(planned, progress=progress)

    def plan(
        self,
        source: Reference,
        target: Reference,
        *,
        pull: Login | None = None,
        push: Login | None = None,
        digest: str | None = None,
        signatures: bool = True,
    ) -> Planned:
        """What a copy would have to do. One request where the target's tag is right already; nothing is written."""
        origin = self._read_from(source.server) if self._read_from else self._registry(source.server, pull)
        goal = self._goal(target.server, push)
        wanted = digest or source.digest or _resolved(origin, source)
        present = goal.head_manifest(target.repository, target.tag or wanted)
        ends = Ends(origin, source, goal, target)
        if present and present.digest == wanted:
            return Planned(ends, wanted, None)
        image = read_image(origin, source.repository, wanted)
        companions = read_companions(origin, source.repository, image, self._tags_of(origin)) if signatures else []
        work = Work(image, tuple(companions))
        if origin.server == goal.server:
            for blob in work.blobs:
                self._shared.holdings.add(goal.server, source.repository, blob.digest)
        return Planned(ends, wanted, work)

    def carry_out(self, planned: Planned, *, progress: Listener | None = None) -> Copied:
        """Do what was planned, and look whether it came true."""
        if planned.work is None:
            return Copied(planned.digest)
        ends, target = planned.ends, planned.ends.target
        counter = Counter(target.tagged, planned.work.blobs, progress)
        copy = Copy(ends, planned.work, self._shared, counter)
        copy.run()
        _verify(ends.goal, target.repository, target.tag or planned.digest, planned.digest)
        tally = copy.tally()
        return Copied(planned.digest, copy.bytes_copied(), tally[Way.COPIED], tally[Way.MOUNTED], tally[Way.SKIPPED])

    def missing(self, reference: Reference, login: Login | None = None) -> list[str]:
        """What a pull of this image would not find: the digests of manifests and blobs; asks for every one of them.

        A registry may have a tag and lack what it stands for: caches that never fetched it, blobs that were deleted.
        """
        registry, repository = self._goal(reference.server, login), reference.repository
        name = reference.digest or reference.tag or "latest"
        lacking: list[str] = []
        image = read_image(registry, repository, name, lacking)
        return lacking + [blob.digest for blob in image.blobs if not registry.has_blob(repository, blob.digest)]

    def digest(self, reference: Reference, login: Login | None = None) -> str | None:
        """What the reference's tag (or else its digest) stands for now; None where there is nothing."""
        name = reference.tag or reference.digest or "latest"
        found = self._goal(reference.server, login).head_manifest(reference.repository, name)
        return found.digest if found else None

    def delete(self, reference: Reference, login: Login | None = None) -> None:
        """Delete the tag, and no other one; a tag that is not there is fine.

        Old registries delete by digest only: there it is done only when no other tag stands for the same image.
        """
        registry = self._goal(reference.server, login)
        repository, name = reference.repository, reference.tag or reference.digest or "latest"
        try:
            registry.delete_manifest(repository, name)
        except RegistryError as failure:
            if failure.status not in (400, 405) or not reference.tag:
                raise
            _delete_alone(registry, repository, reference.tag)

    def close(self) -> None:
        """End the threads."""
        self._shared.flights.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tags_of(self, registry: Store) -> Tags:
        with self._guard:
            return self._tags.setdefault(registry, Tags(registry))

    def _goal(self, server: str, login: Login | None) -> Store:
        return self._write_to(server) if self._write_to else self._registry(server, login)

    def _registry(self, server: str, login: Login | None) -> Registry:
        with self._guard:
            if (server, login) not in self._registries:
                host = self._hosts.setdefault(server, Host(self._patience, self._stop))
                self._registries[server, login] = Registry(server, login, host=host)
            return self._registries[server, login]


def _resolved(origin: Store, source: Reference) -> str:
    name = source.tag or "latest"
    found = origin.head_manifest(source.repository, name)
    if not found:
        raise problem(
            "CHR0405", server=source.server, repository=source.repository, subject=f"tag `{name}`", status=404
        )
    return found.digest


def _verify(goal: Store, repository: str, name: str, wanted: str) -> None:
    found = goal.head_manifest(repository, name)
    if not found or found.digest != wanted:
        cause = f"it is {found.digest} instead of {wanted}" if found else "it is gone"
        raise problem("CHR0419", server=goal.server, repository=repository, subject=f"tag `{name}`", cause=cause)


def _delete_alone(registry: Store, repository: str, tag: str) -> None:
    ours = registry.head_manifest(repository, tag)
    if not ours:
        return
    for other in registry.list_tags(repository):
        found = registry.head_manifest(repository, other) if other != tag else None
        if found and found.digest == ours.digest:
            cause = f"tag `{other}` stands for the same image"
            raise problem("CHR0420", server=registry.server, repository=repository, subject=f"tag `{tag}`", cause=cause)
    registry.delete_manifest(repository, ours.digest)
