"""The coordinator of all copies of one run."""

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Self

from pulumi_chaosreg.credentials.login import LoginSource
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.reference import COMPANION_TAG, Reference
from pulumi_chaosreg.images.signing_policy import SigningPolicy
from pulumi_chaosreg.images.unique_tag import unique_tag
from pulumi_chaosreg.mirror.companions import Companion, Tags, read_companions
from pulumi_chaosreg.mirror.copy import Copy, Ends, Shared, Way, Work
from pulumi_chaosreg.mirror.flights import Flights
from pulumi_chaosreg.mirror.gate import Gate, digest_behind
from pulumi_chaosreg.mirror.holdings import Holdings
from pulumi_chaosreg.mirror.image import Image, read_image
from pulumi_chaosreg.mirror.one_algorithm import digest_like, stands_for
from pulumi_chaosreg.mirror.platforms import read_subset
from pulumi_chaosreg.mirror.progress import Counter, Listener
from pulumi_chaosreg.mirror.referrers_lists import ReferrersLists
from pulumi_chaosreg.mirror.removal import Removed, remove_tags
from pulumi_chaosreg.mirror.source import digest_now, pinned, read_source
from pulumi_chaosreg.mirror.untagging import deleting, untagging
from pulumi_chaosreg.mirror.wanted import ALL, Wanted
from pulumi_chaosreg.oci.host import Host
from pulumi_chaosreg.oci.manifest import Descriptor
from pulumi_chaosreg.oci.patience import Patience
from pulumi_chaosreg.oci.problems import RegistryError, problem
from pulumi_chaosreg.oci.registry import Registry
from pulumi_chaosreg.oci.store import Store

_LOG = logging.getLogger(__name__)
_SMALL_AT_ONCE = 24
"""Requests without much of a body, in all; each server has a limit of its own beside it (`Host`)."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy did."""

    digest: str
    wrote: bool = False
    """Whether the tag was written; False where it was right already."""
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
    """What the source has; None where the target's tags are right already."""
    stood: bool = False
    """Whether the target's own tag is right already: what may be missing is the unique one."""
    verify: SigningPolicy | None = None
    """Who has signed it: found at the source, and looked for again at the target before the tag is written."""
    wait_for_scan: int = 0
    """Seconds that may pass until the target gives it out."""
    kept_back: RegistryError | None = None
    """Why it does not, although its tag is right."""

    @property
    def is_right(self) -> bool:
        """Whether there is nothing to do: the target's tags stand for the image already."""
        return self.work is None

    @property
    def sizes(self) -> dict[str, int]:
        """Digest → size of each blob that the target's repository needs."""
        return {blob.digest: blob.size for blob in self.work.blobs} if self.work else {}


Stores = Callable[[str], Store]
"""Server → where its images are kept."""

Carried = Callable[[str], Store | None]
"""Server → where its images are kept on this side of an air gap; None for the server itself."""


class Mirror:
    """Copies images between registries, or from and to layouts; one object for all copies of a run.

    Threads may share it. It knows what is under way and what the targets hold, so that each unique blob crosses the
    wire once; at most `parallel` large blobs move at the same time. Connections and tokens are kept until `close`.
    """

    def __init__(
        self,
        *,
        stop: threading.Event | None = None,
        read_from: Carried | None = None,
        write_to: Stores | None = None,
        parallel: int = 12,
        patience: Patience | None = None,
    ) -> None:
        """`stop` ends all copies soon after it was set: they raise Cancelled. `read_from` and `write_to` stand in for
        the registries that references name: an OCI layout.
        """
        self._stop = stop or threading.Event()
        self._shared = Shared(Flights(_SMALL_AT_ONCE, parallel), Holdings(), ReferrersLists(), self._stop)
        self._tags: dict[Store, Tags] = {}
        self._patience = patience or Patience()
        self._kept_back: dict[Finding, None] = {}
        self._hosts: dict[str, Host] = {}
        self._registries: dict[tuple[str, LoginSource | None], Registry] = {}
        self._read_from, self._write_to = read_from, write_to
        self._removing: dict[tuple[str, str], threading.Lock] = {}
        self._guard = threading.Lock()

    def copy(
        self,
        source: Reference,
        target: Reference,
        wanted: Wanted = ALL,
        *,
        pull: LoginSource | None = None,
        push: LoginSource | None = None,
        progress: Listener | None = None,
    ) -> Copied:
        """Make the target's tag stand for what is wanted of the source's image, byte for byte.

        A tag that exists with other content is overwritten. `progress` is called by one thread at a time. Raises
        RegistryError, or Cancelled; the tag is then as it was before.
        """
        return self.carry_out(self.plan(source, target, wanted, pull=pull, push=push), progress=progress)

    def plan(
        self,
        source: Reference,
        target: Reference,
        wanted: Wanted = ALL,
        *,
        pull: LoginSource | None = None,
        push: LoginSource | None = None,
    ) -> Planned:
        """What a copy would have to do; nothing is written. The source's signatures are judged where that is wanted.

        One request for each tag that is right already: what was copied once is not verified again (`check_signed` does
        that).
        """
        source_store = self._source_store(source.server, pull)
        target_store = self._target_store(target.server, push)
        image, each = None, self._shared.flights.each
        if wanted.platforms and not wanted.digest:  # only the source can tell what its image becomes
            source = pinned(source_store, source)
            image = read_source(source_store, source, None, wanted, each)
        digest = image.root.digest if image else wanted.digest or source.digest or digest_now(source_store, source)
        also = (unique_tag(target.tag, digest),) if wanted.unique and target.tag else ()
        ends = Ends(source_store, source, target_store, target)
        stood, kept_back = _stands_for(target_store, target.repository, target.tag or digest, digest)
        if stood and all(_stands_for(target_store, target.repository, name, digest)[0] for name in also):
            _LOG.info("%s: stands for %s already", target.tagged, digest)
            return Planned(ends, digest, None, stood=True, wait_for_scan=wanted.wait_for_scan, kept_back=kept_back)
        if wanted.platforms:  # once: what is verified must be what is copied
            source = pinned(source_store, source)
        image = image or read_source(source_store, source, digest, wanted, each)
        companions, verify = self._judged(source_store, source, image, wanted)
        work = Work(image, tuple(companions), also)
        if source_store.server == target_store.server:
            for blob in work.blobs:
                self._shared.holdings.add(target_store.server, source.repository, blob.digest)
        planned = Planned(ends, digest, work, stood, verify, wanted.wait_for_scan)
        if _LOG.isEnabledFor(logging.INFO):
            size = sum(planned.sizes.values())
            _LOG.info("%s: to be %s of %s, %d bytes", target.tagged, digest, source.tagged, size)
        return planned

    def carry_out(self, planned: Planned, *, progress: Listener | None = None) -> Copied:
        """Do what was planned, and look whether it came true."""
        if planned.work is None:
            self._get_out(planned, planned.kept_back)
            return Copied(planned.digest)
        ends, target = planned.ends, planned.ends.target
        counter = Counter(target.tagged, planned.work.blobs, progress)
        image, verify = planned.work.image, planned.verify
        approve = partial(_check_signed, ends.target_store, target.repository, image, verify) if verify else None
        copy = Copy(ends, planned.work, self._shared, counter, approve)
        copy.run()
        kept_back = None
        for name in (target.tag or planned.digest, *planned.work.also):
            try:
                _verify(ends.target_store, target.repository, name, planned.digest)
            except RegistryError as refusal:
                if not refusal.is_gated:
                    raise
                kept_back = refusal  # the answer to the tag's own PUT has told its digest
        self._get_out(planned, kept_back)
        tally = copy.tally()
        ways, sent = (tally[Way.COPIED], tally[Way.MOUNTED], tally[Way.SKIPPED]), copy.bytes_copied()
        _LOG.info("%s: blobs: %d sent (%d bytes), %d mounted, %d there", target.tagged, ways[0], sent, *ways[1:])
        return Copied(planned.digest, not planned.stood, sent, *ways)

    def missing(self, reference: Reference, login: LoginSource | None = None) -> list[str]:
        """What a pull of this image would not find: the digests of manifests and blobs; asks for every one of them.

        A registry may have a tag and lack what it stands for: caches that never fetched it, blobs that were deleted.
        """
        store, repository = self._target_store(reference.server, login), reference.repository
        name = reference.digest or reference.tag or "latest"
        image = read_image(store, repository, name, keep_foreign=True, whole=False)
        lacking = [blob.digest for blob in image.blobs if not store.has_blob(repository, blob.digest)]
        return [*image.absent, *lacking]

    def check_signed(
        self, reference: Reference, policy: SigningPolicy, login: LoginSource | None = None, *, is_source: bool = False
    ) -> None:
        """Return where what the reference stands for is signed as the policy demands; RegistryError otherwise."""
        store = (
            self._source_store(reference.server, login) if is_source else self._target_store(reference.server, login)
        )
        name = reference.digest or reference.tag or "latest"
        image = read_image(store, reference.repository, name, keep_foreign=True)
        _check_signed(store, reference.repository, image, policy)

    def digest(self, reference: Reference, login: LoginSource | None = None, like: str | None = None) -> str | None:
        """What the reference's tag (or else its digest) stands for now, to be compared with the digest `like`; None
        where there is nothing.
        """
        name, store = reference.tag or reference.digest or "latest", self._target_store(reference.server, login)
        try:
            found = store.head_manifest(reference.repository, name)
        except RegistryError as refusal:
            behind = digest_behind(store, reference.repository, name) if refusal.is_gated else None
            if not behind:
                raise
            return behind
        _LOG.info("%s: stands for %s", reference, found.digest if found else "nothing")
        return digest_like(store, reference.repository, found, like) if found else None

    def image_tags(
        self, server: str, repository: str, login: LoginSource | None = None, expected: Collection[str] = ()
    ) -> list[str]:
        """The tags of a repository that stand for images: without those of signatures and of lists of referrers.

        RegistryError where one of the expected tags is there, and the list does not have it: it may lack others, too.
        """
        registry = self._registry(server, login)
        tags = registry.list_tags(repository)
        hidden = [tag for tag in sorted({*expected} - {*tags}) if registry.head_manifest(repository, tag)]
        if hidden:
            subject, cause = "the list of tags", f"it lacks `{hidden[0]}`, which exists"
            raise problem("CHR0423", server=server, repository=repository, subject=subject, cause=cause)
        return [tag for tag in tags if not COMPANION_TAG.fullmatch(tag)]

    def subset_digest(self, source: Reference, platforms: Sequence[str], login: LoginSource | None = None) -> str:
        """What the source's image becomes with these platforms only; a pull of one manifest."""
        source_store = self._source_store(source.server, login)
        return read_subset(
            source_store, source.repository, source.digest or digest_now(source_store, source), platforms
        ).digest

    def remove(
        self,
        server: str,
        repository: str,
        tags: Collection[str],
        login: LoginSource | None = None,
        keep: Collection[str] = (),
        *,
        named: str = "",
    ) -> Removed:
        """Take tags away with all that only they need; see `remove_tags`. One at a time for each repository.

        `named` is the setting that the login is from, where there is one: then nobody else's identity is used.
        """
        with self._guard:
            removing = self._removing.setdefault((server, repository), threading.Lock())
        with removing:
            registry = self._registry(server, login)
            if tags and not registry.was_asked:  # some kinds tell themselves in their first answer
                registry.head_manifest(repository, next(iter(tags)))
            untag = untagging(registry, login, named=named)
            return remove_tags(registry, repository, tags, keep, untag, deleting(registry, login, named=named))

    def findings(self) -> list[Finding]:
        """What registries did not do as they should, each once: worth a warning, as the copies went on without it."""
        with self._guard:
            sources: list[Registry | ReferrersLists] = [*self._registries.values(), self._shared.lists]
            kept_back = list(self._kept_back)
        return list(dict.fromkeys([*(finding for source in sources for finding in source.findings()), *kept_back]))

    def close(self) -> None:
        """End the threads."""
        self._shared.flights.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _get_out(self, planned: Planned, kept_back: RegistryError | None) -> None:
        """What is at the target shall be had by those who pull. Waits where that is wanted; a finding where it is kept
        back and nobody waits; RegistryError where a policy forbids it.
        """
        store, target = planned.ends.target_store, planned.ends.target
        if kept_back and kept_back.is_barred:
            raise kept_back
        if planned.wait_for_scan and isinstance(store, Registry):
            gate = Gate(store, planned.wait_for_scan, self._patience, self._stop)
            gate.wait(target.repository, target.tag or planned.digest)
        elif kept_back:
            with self._guard:
                self._kept_back |= {replace(one, severity="warning"): None for one in kept_back.findings}

    def _judged(
        self, source_store: Store, source: Reference, image: Image, wanted: Wanted
    ) -> tuple[list[Companion], SigningPolicy | None]:
        """What goes along with the image, once its signatures were found good at the source; and whose signatures to
        look for at the target, too. Raises RegistryError.
        """
        verify, each = wanted.verify, self._shared.flights.each
        if not verify and not wanted.signatures:
            return [], None
        companions = read_companions(source_store, source.repository, image, self._tags_of(source_store), each)
        if verify and wanted.platforms:  # upstream has signed its own index, and nobody the part of it that is ours
            assert source.digest
            whole = read_image(source_store, source.repository, source.digest, each=each, keep_foreign=True)
            _check_signed(source_store, source.repository, whole, verify)
            return companions, None
        if verify:
            _require_signed(source_store, source.repository, image, companions, verify)
        return companions, verify

    def _tags_of(self, store: Store) -> Tags:
        with self._guard:
            return self._tags.setdefault(store, Tags(store))

    def _source_store(self, server: str, login: LoginSource | None) -> Store:
        carried = self._read_from(server) if self._read_from else None
        return self._registry(server, login) if carried is None else carried

    def _target_store(self, server: str, login: LoginSource | None) -> Store:
        return self._write_to(server) if self._write_to else self._registry(server, login)

    def _registry(self, server: str, login: LoginSource | None) -> Registry:
        with self._guard:
            if (server, login) not in self._registries:
                host = self._hosts.setdefault(server, Host(self._patience, self._stop))
                self._registries[server, login] = Registry(server, login, host=host)
            return self._registries[server, login]


def _present(store: Store, repository: str, name: str) -> Descriptor | None:
    """What is there. Some registries forbid a look at what does not exist: whether we may write, the upload tells."""
    try:
        return store.head_manifest(repository, name)
    except RegistryError as refusal:
        if refusal.status == 403:
            return None
        raise


def _stands_for(store: Store, repository: str, name: str, wanted: str) -> tuple[bool, RegistryError | None]:
    """Whether the tag stands for that content, and why nobody may have it, where that is so.

    Of what is kept back the registry's own API may tell the digest. Where it does not, the tag is written once more.
    """
    try:
        return stands_for(store, repository, _present(store, repository, name), wanted), None
    except RegistryError as refusal:
        if not refusal.is_gated:
            raise
        return digest_behind(store, repository, name) == wanted, refusal


def _check_signed(store: Store, repository: str, image: Image, policy: SigningPolicy) -> None:
    companions = read_companions(store, repository, image, Tags(store))  # what was listed before is too old
    _require_signed(store, repository, image, companions, policy)


def _require_signed(
    store: Store, repository: str, image: Image, companions: Sequence[Companion], policy: SigningPolicy
) -> None:
    from pulumi_chaosreg.mirror.signatures import require_signed  # ten modules, and most runs verify nothing

    require_signed(store, repository, image, companions, policy)


def _verify(store: Store, repository: str, name: str, wanted: str) -> None:
    found = store.head_manifest(repository, name)
    if not found or not stands_for(store, repository, found, wanted):
        cause = f"it is {found.digest}, not {wanted}" if found else "it is gone"
        raise problem("CHR0419", server=store.server, repository=repository, subject=f"tag `{name}`", cause=cause)
