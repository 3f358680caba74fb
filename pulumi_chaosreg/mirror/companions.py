"""What goes along with an image: referrers (OCI 1.1) and cosign's tags, of the image and of each of its children.

Most tools that copy images leave these behind, and nothing fails until somebody verifies.
"""

import threading
from collections import defaultdict
from dataclasses import dataclass
from functools import partial

from pulumi_chaosreg.mirror.image import Each, Image, one_by_one, read_image
from pulumi_chaosreg.oci.manifest import Descriptor, Manifest, referrers_tag
from pulumi_chaosreg.oci.problems import RegistryError, problem
from pulumi_chaosreg.oci.store import Store

SUFFIXES = (".sig", ".att", ".sbom")
"""Of the tags that cosign 2 puts beside an image: `sha256-<hex>.sig`."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A signature, attestation or SBOM, which is an image of its own."""

    image: Image
    tag: str | None
    """The tag that it is found by; None for a referrer, which its subject leads to."""


def read_companions(
    store: Store, repository: str, image: Image, tags: "Tags", each: Each = one_by_one
) -> list[Companion]:
    """All of them, those of companions too: signatures of attestations."""
    companions: list[Companion] = []
    # a registry may take the tag of the fallback list for the digest, and an index's own children for referrers
    seen = {manifest.digest for manifest in image.manifests}
    wanted = [manifest.digest for manifest in image.manifests]
    while wanted:
        found = {name: tag for beside in each(partial(tags.beside, repository), wanted) for name, tag in beside}
        new = {name: tag for name, tag in found.items() if name not in seen}
        read = each(partial(read_image, store, repository), new)
        wanted = []
        for (name, tag), companion in zip(new.items(), read, strict=True):
            if name in seen:
                continue
            companions.append(Companion(companion, tag))
            if companion.root.digest not in seen:
                wanted.append(companion.root.digest)
            seen |= {manifest.digest for manifest in companion.manifests}
    return companions


class Tags:
    """What a registry has beside images: its repositories' tags, each asked for once whatever shares this object, and
    whether it has the referrers API.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listed: dict[str, frozenset[str] | None] = {}
        self._is_known = False
        """Whether it is known if there is an API. A refusal leaves it open: another repository may have one."""
        self._refusing: set[str] = set()
        self._guard = threading.Lock()
        self._asking: dict[str | None, threading.Lock] = defaultdict(threading.Lock)

    def beside(self, repository: str, digest: str) -> list[tuple[str, str | None]]:
        """What belongs to a manifest: (digest, None) of its referrers, (tag, tag) of what cosign put beside it."""
        referrers: list[tuple[str, str | None]] = [(one.digest, None) for one in self.referrers(repository, digest)]
        named = (referrers_tag(digest) + suffix for suffix in SUFFIXES)
        return referrers + [(tag, tag) for tag in named if self.has(repository, tag)]

    def has(self, repository: str, tag: str) -> bool:
        """Whether the repository has the tag. Where tags cannot be listed, this one is asked for."""
        with self._lock(repository):  # other repositories are asked at the same time
            if repository not in self._listed:
                self._listed[repository] = self._list(repository)
            listed = self._listed[repository]
        return tag in listed if listed is not None else self._store.head_manifest(repository, tag) is not None

    def referrers(self, repository: str, digest: str) -> tuple[Descriptor, ...]:
        """What refers to a manifest, by the API or, on registries without it, by the tag that stands in for it."""
        listed = self._by_api(repository, digest)
        if listed is not None:
            return listed
        tag = referrers_tag(digest)
        return list_under(self._store, repository, tag).children if self.has(repository, tag) else ()

    def _by_api(self, repository: str, digest: str) -> tuple[Descriptor, ...] | None:
        """None where the registry has no API, which is found out once, or refuses it for this repository."""
        if not self._is_known:
            with self._lock(None):  # the first to come finds out; the others wait for that
                if not self._is_known:
                    listed = self._asked(repository, digest)
                    self._is_known = listed is not None or self._store.lacks_referrers
                    return listed
        return self._asked(repository, digest)

    def _asked(self, repository: str, digest: str) -> tuple[Descriptor, ...] | None:
        if self._store.lacks_referrers or repository in self._refusing:
            return None
        listed = self._store.referrers(repository, digest)
        if listed is None:
            self._refusing.add(repository)
        return listed

    def _lock(self, repository: str | None) -> threading.Lock:
        with self._guard:
            return self._asking[repository]

    def _list(self, repository: str) -> frozenset[str] | None:
        """The tags; None where they cannot be listed, and where there should be some (the image's) and are none."""
        try:
            return frozenset(self._store.list_tags(repository)) or None
        except RegistryError as failure:
            if failure.status is None:
                raise
            return None


def list_under(store: Store, repository: str, tag: str) -> Manifest:
    """The list of referrers that stands under that tag. Another image there would read as an empty list, and be lost
    when the next referrer is written.
    """
    found = store.get_manifest(repository, tag)
    if not found.is_index:
        subject, cause = f"the list of referrers `{tag}`", "another image has this tag"
        raise problem("CHR0423", server=store.server, repository=repository, subject=subject, cause=cause)
    return found
