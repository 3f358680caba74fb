"""An image as a tree of manifests, read from its source before anything is written."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pulumi_chaosreg.oci.manifest import Descriptor, Manifest
from pulumi_chaosreg.oci.problems import RegistryError, problem
from pulumi_chaosreg.oci.store import Store

_MAX_DEPTH = 8
"""Levels of nested indexes; a digest cannot be part of itself, so this is against malice only."""

_MAX_MANIFESTS, _MAX_BYTES = 2_000, 64 << 20
"""Manifests of an image; large ones have some hundred. One index of 4 MiB can name tens of thousands, of 4 MiB each."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Image:
    """All manifests of an image, children before parents, the image itself last; each digest once."""

    manifests: tuple[Manifest, ...]
    absent: tuple[str, ...] = ()
    """Digests of children that its registry lacks."""

    @property
    def root(self) -> Manifest:
        """What the tag stands for."""
        return self.manifests[-1]

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """All configs and layers of all platforms, each digest once, the largest first (it takes longest).

        Without foreign layers: registries do not have them.
        """
        unique = {blob.digest: blob for manifest in self.manifests for blob in manifest.blobs if blob.distributable}
        return tuple(sorted(unique.values(), key=lambda blob: -blob.size))


class Each(Protocol):
    """Does the same for each item, and may do it for several at once: `Flights.each`."""

    def __call__(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """The results in order."""
        ...


def one_by_one(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """The plain `Each`."""
    return [work(item) for item in items]


def read_image(
    store: Store,
    repository: str,
    name: str,
    each: Each = one_by_one,
    *,
    root: Manifest | None = None,
    keep_foreign: bool = False,
    whole: bool = True,
) -> Image:
    """The image of that digest or tag: every platform and attestation, and children of kinds that we do not know.

    `root` is its manifest where that is known already. Children that are not there are an error, or without `whole` are
    `absent` in the result. Foreign layers are an error, or with `keep_foreign` stay where their vendor has them.
    """
    levels: list[list[Manifest]] = []
    found: dict[str, Manifest | None] = {name: root} if root else {}
    lengths: list[int] = []

    def endless(cause: str) -> RegistryError:
        subject = f"image `{name}`"
        return problem("CHR0415", server=store.server, repository=repository, subject=subject, cause=cause)

    def read(entry: Descriptor) -> Manifest | None:
        if sum(lengths) > _MAX_BYTES:
            raise endless(f"its manifests exceed {_MAX_BYTES >> 20} MiB in total")
        try:
            manifest = store.get_manifest(repository, entry.digest, media_type=entry.media_type)
        except RegistryError as failure:
            if whole or not levels or failure.status != 404:
                raise
            return None
        lengths.append(manifest.size)  # by several threads: so nothing is added up here
        return manifest

    entries = {name: Descriptor("", name, 0)}
    while entries:
        if len(levels) > _MAX_DEPTH:
            cause = f"its indexes are nested more than {_MAX_DEPTH} deep"
            subject = f"manifest `{next(iter(entries))}`"
            raise problem("CHR0415", server=store.server, repository=repository, subject=subject, cause=cause)
        new = [entry for entry in entries.values() if entry.digest not in found]
        if len(found) + len(new) > _MAX_MANIFESTS:
            raise endless(f"it has more than {_MAX_MANIFESTS:,} manifests")
        found |= zip((entry.digest for entry in new), each(read, new), strict=True)
        level = [manifest for digest in entries if (manifest := found[digest])]
        levels.append(level)
        entries = {child.digest: child for manifest in level for child in manifest.children}
    manifests = {manifest.digest: manifest for level in reversed(levels) for manifest in level}
    for blob in (blob for manifest in manifests.values() for blob in manifest.blobs):
        if not blob.distributable and not keep_foreign:
            cause = f"blob `{blob.digest}` is a `{blob.media_type}`"
            raise problem("CHR0416", server=store.server, repository=repository, cause=cause)
    return Image(tuple(manifests.values()), tuple(digest for digest, manifest in found.items() if not manifest))
