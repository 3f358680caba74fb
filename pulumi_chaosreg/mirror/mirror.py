"""The coordinator of all copies of one run."""

import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror.copy import Copy, Ends, Way
from pulumi_chaosreg.mirror.flights import Flights
from pulumi_chaosreg.mirror.holdings import Holdings
from pulumi_chaosreg.mirror.image import read_image
from pulumi_chaosreg.mirror.progress import Counter, Listener
from pulumi_chaosreg.oci.patience import Patience
from pulumi_chaosreg.oci.problems import RegistryError, problem
from pulumi_chaosreg.oci.registry import Registry


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did."""

    digest: str
    bytes_copied: int = 0
    blobs_copied: int = 0
    blobs_mounted: int = 0
    blobs_skipped: int = 0


class Mirror:
    """Copies images between registries; one object for all copies of a run, called from any number of threads.

    It knows what is under way and what the targets hold, so that each unique blob crosses the wire once; at most
    `parallel` blobs move at the same time. Connections and tokens are kept until `close`.
    """

    def __init__(self, *, parallel: int = 4, patience: Patience | None = None) -> None:
        self._flights = Flights(parallel)
        self._holdings = Holdings()
        self._patience = patience
        self._registries: dict[tuple[str, Login | None], Registry] = {}
        self._guard = threading.Lock()

    def copy(
        self,
        source: Reference,
        target: Reference,
        *,
        pull: Login | None = None,
        push: Login | None = None,
        digest: str | None = None,
        progress: Listener | None = None,
        cancelled: threading.Event | None = None,
    ) -> Copied:
        """Make the target's tag stand for the source's image, byte for byte, all platforms.

        With `digest` (or one in the source) that very content is copied, wherever the source's tag points now. A tag
        that exists with other content is overwritten. `progress` is called by one thread at a time. Raises
        RegistryError, or Cancelled soon after `cancelled` was set; the tag is then as it was before.
        """
        origin, goal = self._registry(source.server, pull), self._registry(target.server, push)
        wanted = digest or source.digest or _resolved(origin, source)
        name = target.tag or wanted
        present = goal.head_manifest(target.repository, name)
        if present and present.digest == wanted:
            return Copied(wanted)
        image = read_image(origin, source.repository, wanted)
        if source.server == target.server:
            for blob in image.blobs:
                self._holdings.add(target.server, source.repository, blob.digest)
        counter = Counter(target.tagged, image.blobs, progress)
        copy = Copy(Ends(origin, source, goal, target), image, self._flights, self._holdings, counter, cancelled)
        copy.run()
        _verify(goal, target.repository, name, wanted)
        tally = copy.tally()
        return Copied(wanted, copy.bytes_copied(), tally[Way.COPIED], tally[Way.MOUNTED], tally[Way.SKIPPED])

    def digest(self, reference: Reference, login: Login | None = None) -> str | None:
        """What the reference's tag (or else its digest) stands for now; None where there is nothing."""
        name = reference.tag or reference.digest or "latest"
        found = self._registry(reference.server, login).head_manifest(reference.repository, name)
        return found.digest if found else None

    def delete(self, reference: Reference, login: Login | None = None) -> None:
        """Delete the tag, and no other one; a tag that is not there is fine.

        Old registries delete by digest only: there it is done only when no other tag stands for the same image.
        """
        registry = self._registry(reference.server, login)
        repository, name = reference.repository, reference.tag or reference.digest or "latest"
        try:
            registry.delete_manifest(repository, name)
        except RegistryError as failure:
            if failure.status not in (400, 405) or not reference.tag:
                raise
            _delete_alone(registry, repository, reference.tag)

    def close(self) -> None:
        """End the threads."""
        self._flights.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _registry(self, server: str, login: Login | None) -> Registry:
        with self._guard:
            if (server, login) not in self._registries:
                self._registries[server, login] = Registry(server, login, patience=self._patience)
            return self._registries[server, login]


def _resolved(origin: Registry, source: Reference) -> str:
    name = source.tag or "latest"
    found = origin.head_manifest(source.repository, name)
    if not found:
        raise problem(
            "CHR0405", server=source.server, repository=source.repository, subject=f"tag `{name}`", status=404
        )
    return found.digest


def _verify(goal: Registry, repository: str, name: str, wanted: str) -> None:
    found = goal.head_manifest(repository, name)
    if not found or found.digest != wanted:
        cause = f"it is {found.digest} instead of {wanted}" if found else "it is gone"
        raise problem("CHR0419", server=goal.server, repository=repository, subject=f"tag `{name}`", cause=cause)


def _delete_alone(registry: Registry, repository: str, tag: str) -> None:
    ours = registry.head_manifest(repository, tag)
    if not ours:
        return
    for other in registry.list_tags(repository):
        found = registry.head_manifest(repository, other) if other != tag else None
        if found and found.digest == ours.digest:
            cause = f"tag `{other}` stands for the same image"
            raise problem("CHR0420", server=registry.server, repository=repository, subject=f"tag `{tag}`", cause=cause)
    registry.delete_manifest(repository, ours.digest)
