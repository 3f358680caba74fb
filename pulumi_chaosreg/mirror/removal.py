"""Taking tags away, and with them what no other tag of the repository needs: manifests, signatures, attestations.

Blobs are left to the registry's garbage collection, which knows what other repositories use.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from pulumi_chaosreg.errors import Cause, ChaosregError
from pulumi_chaosreg.images.reference import COMPANION_TAG
from pulumi_chaosreg.mirror.companions import SUFFIXES
from pulumi_chaosreg.mirror.gate import digest_behind
from pulumi_chaosreg.mirror.untagging.protocol import Delete, KeptError, Untag
from pulumi_chaosreg.oci.manifest import Manifest, referrers_tag
from pulumi_chaosreg.oci.problems import RegistryError, problem
from pulumi_chaosreg.oci.store import Store

_LOG = logging.getLogger(__name__)
_MAX_STAYING = 500
"""Tags up to which a repository is read to find out what they use; in a larger one only tags are removed."""
_GONE = 404
_BY_DIGEST_ONLY = (400, 405)
_REFUSED = (400, 403, 404, 405)
"""A registry that keeps a manifest: a parent needs it, or nobody may delete. Untagged, it does no harm."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What is gone."""

    tags: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    """Digests."""


def remove_tags(
    store: Store,
    repository: str,
    tags: Collection[str],
    keep: Collection[str] = (),
    untag: Untag | None = None,
    delete: Delete | None = None,
) -> Removed:
    """Remove these tags, then the manifests and companions that only they needed; what is not there is fine.

    `keep` are digests that stay with all that they need, whatever tag they have. Another writer's tag that comes in
    between is not seen: nobody can lock a registry. Registries that delete by digest only lose a tag by `untag`, which
    is tried first, or if no other one stands for the same image: ChaosregError (CHR0420, or that one's) otherwise.
    Manifests go by `delete` where there is one. Of what the registry keeps back only tags are removed, by `untag`.
    """
    roots = {tag: digest for tag in tags if (digest := _digest(store, repository, tag))}
    _LOG.info("%s/%s: removes %s", store.server, repository, ", ".join(roots) or "nothing: no such tag is there")
    if not roots:
        return Removed()
    family = _Family(store, repository)
    staying = family.staying(roots)
    used, going = None, list[str]()
    try:
        if staying is not None:
            used, going = family.used_by(staying, keep), list(family.of(roots))
    except RegistryError as refusal:
        if not refusal.is_gated or not untag:
            raise
        used = None
    place = {digest: number for number, digest in enumerate(going)}  # parents first: some registries demand it
    for tag in sorted(roots, key=lambda tag: place.get(roots[tag], 0)):
        _untag(store, repository, tag, lambda digest, own: family.other_tag(digest, own, roots), untag)
    if used is None:
        return Removed(tuple(roots))
    removed = [digest for digest in going if digest not in used]
    beside = family.companions_of(removed, staying or ())
    leaving = {*roots, *beside.tags}
    gone = [tag for tag in beside.tags if _is_untagged(store, repository, tag, family, leaving, untag)]
    removed += [digest for digest in beside.manifests if digest not in used]
    return Removed((*roots, *gone), tuple(one for one in removed if _delete(store, repository, one, delete)))


class _Family:
    """Which manifests belong together in one repository."""

    def __init__(self, store: Store, repository: str) -> None:
        self._store, self._repository = store, repository

    def staying(self, roots: Collection[str]) -> list[str] | None:
        """All other tags; None where they cannot be known, or are too many to read."""
        try:
            tags = self._store.list_tags(self._repository)
        except RegistryError as failure:
            if failure.status is None:
                raise
            return None
        if not set(roots) <= set(tags):  # it lacks what is there: what else?
            return None
        staying = [tag for tag in tags if tag not in roots]
        return staying if len(staying) <= _MAX_STAYING else None

    def of(self, names: Iterable[str]) -> dict[str, None]:
        """The digests of all manifests that these tags or digests lead to, parents before children."""
        children_first: list[str] = []
        seen: set[str] = set()
        path: list[tuple[str, Iterator[str]]] = [("", iter(names))]
        while path:
            digest, below = path[-1]
            for name in below:
                manifest = None if name in seen else self._manifest(name)
                if manifest and manifest.digest not in seen:
                    seen.add(manifest.digest)
                    path.append((manifest.digest, iter([child.digest for child in manifest.children])))
                    break
            else:
                path.pop()
                children_first += [digest] if digest else []
        return dict.fromkeys(reversed(children_first))

    def used_by(self, staying: Collection[str], keep: Collection[str]) -> dict[str, None]:
        """What the tags that stay and those digests need, the companions of these images too."""
        used = self.of([*(tag for tag in staying if not COMPANION_TAG.fullmatch(tag)), *keep])
        stems = {referrers_tag(digest) for digest in used}
        return used | self.of(tag for tag in staying if tag.partition(".")[0] in stems)

    def companions_of(self, digests: Iterable[str], staying: Collection[str]) -> Removed:
        """The tags and manifests that only make sense beside these images, companions of companions too."""
        tags: list[str] = []
        manifests: dict[str, None] = {}
        waiting, there = list(digests), frozenset(staying)
        while waiting:
            digest = waiting.pop(0)
            stem = referrers_tag(digest)
            beside = [
                tag for tag in (stem, *(stem + suffix for suffix in SUFFIXES)) if tag in there and tag not in tags
            ]
            tags += beside
            listed = self._store.referrers(self._repository, digest) or ()
            found = [one for one in self.of([*beside, *(one.digest for one in listed)]) if one not in manifests]
            manifests |= dict.fromkeys(found)
            waiting += found
        return Removed(tuple(tags), tuple(manifests))

    def other_tag(self, digest: str, own: str, roots: Collection[str]) -> str | None:
        """Another tag than its own one that stands for this manifest. RegistryError where the list of tags has not
        even that one, which is there.
        """
        tags = self._store.list_tags(self._repository)
        if own not in tags:
            raise _only_by_digest(self._store, self._repository, own, "its list of tags is incomplete")
        for tag in tags:
            found = self._store.head_manifest(self._repository, tag) if tag not in roots else None
            if found and found.digest == digest:
                return tag
        return None

    def _manifest(self, name: str) -> Manifest | None:
        try:
            return self._store.get_manifest(self._repository, name)
        except RegistryError as failure:
            if failure.status != _GONE:
                raise
            return None


def _untag(
    store: Store, repository: str, tag: str, other_tag: Callable[[str, str], str | None], untag: Untag | None
) -> None:
    refused: ChaosregError | None = None
    try:
        if untag:
            untag(repository, [tag])
            return
    except KeptError:
        raise
    except ChaosregError as refusal:
        refused = refusal  # no harm where the tag is the image's only one
    try:
        store.delete_manifest(repository, tag)
    except RegistryError as failure:
        if failure.status not in _BY_DIGEST_ONLY:
            if refused and failure.is_denied:
                raise refused from None  # neither way is open, and this one says what the kind's own would need
            raise
        found = store.head_manifest(repository, tag)
        if not found:
            return  # it went with another one of the same digest
        if other := other_tag(found.digest, tag):
            cause = f"tag `{other}` stands for the same image"
            raise _alone(refused, repository, tag, cause) or _only_by_digest(store, repository, tag, cause) from None
        store.delete_manifest(repository, found.digest)


def _only_by_digest(store: Store, repository: str, tag: str, cause: str) -> RegistryError:
    return problem("CHR0420", server=store.server, repository=repository, subject=f"tag `{tag}`", cause=cause)


def _alone(refused: ChaosregError | None, repository: str, tag: str, cause: str) -> ChaosregError | None:
    """Why the other way was not to be had, with the tag that needs it."""
    if refused is None:
        return None
    first, *more = refused.findings
    note = ("tag", f"`{tag}` of `{repository}`: {cause}")
    return ChaosregError([replace(first, notes=(note, *first.notes), cause=Cause.SHARED), *more])


def _is_untagged(
    store: Store, repository: str, tag: str, family: _Family, leaving: Collection[str], untag: Untag | None
) -> bool:
    """Whether a companion's tag could go; one that shares its digest with others stays on registries of that kind."""
    try:
        _untag(store, repository, tag, lambda digest, own: family.other_tag(digest, own, leaving), untag)
    except ChaosregError as refusal:
        if not refusal.is_shared:
            raise
        return False
    return True


def _digest(store: Store, repository: str, tag: str) -> str | None:
    """What the tag stands for, also where nobody may have it; None where it is not there."""
    try:
        found = store.head_manifest(repository, tag)
    except RegistryError as refusal:
        behind = digest_behind(store, repository, tag) if refusal.is_gated else None
        if not behind:
            raise
        return behind
    return found.digest if found else None


def _delete(store: Store, repository: str, digest: str, delete: Delete | None) -> bool:
    """Whether it is gone, now or with its last tag."""
    if delete and delete(repository, digest):
        return True
    try:
        store.delete_manifest(repository, digest)
    except RegistryError as failure:
        if failure.status not in _REFUSED and not (delete and failure.is_denied):
            raise
        return False
    return True
