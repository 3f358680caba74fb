"""An image as a tree of manifests, read from its source before anything is written."""

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_chaosreg.oci.manifest import Descriptor, Manifest
from pulumi_chaosreg.oci.problems import RegistryError, problem
from pulumi_chaosreg.oci.store import Store

_DEEPEST = 8
"""Levels of nested indexes; a digest cannot be part of itself, so this is against malice only."""


@dataclass(frozen=True, slots=True)
class Image:
    """All manifests of an image, children before parents, the image itself last; each digest once."""

    manifests: tuple[Manifest, ...]

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


def read_image(
    registry: Store,
    repository: str,
    name: str,
    lacking: list[str] | None = None,
    *,
    root: Manifest | None = None,
    keep_foreign: bool = False,
) -> Image:
    """The image of that digest or tag: every platform and attestation, and children of kinds that we do not know.

    `root` is its manifest where that is known already. Children that are not there are an error, or with `lacking` are
    added to that. Foreign layers are an error, or with `keep_foreign` stay where their vendor has them.
    """
    found: dict[str, Manifest] = {}
    for manifest in _walk(registry, repository, Descriptor("", name, 0), found, 0, lacking, root):
        found[manifest.digest] = manifest
        for blob in manifest.blobs:
            if not blob.distributable and not keep_foreign:
                cause = f"blob `{blob.digest}` is a `{blob.media_type}`"
                raise problem("CHR0416", server=registry.server, repository=repository, cause=cause)
    return Image(tuple(found.values()))


def _walk(
    registry: Store,
    repository: str,
    entry: Descriptor,
    found: dict[str, Manifest],
    depth: int,
    lacking: list[str] | None = None,
    read: Manifest | None = None,
) -> Iterator[Manifest]:
    if entry.digest in found:
        return
    subject = f"manifest `{entry.digest}`"
    if depth > _DEEPEST:
        cause = f"its indexes are nested more than {_DEEPEST} deep"
        raise problem("CHR0415", server=registry.server, repository=repository, subject=subject, cause=cause)
    try:
        manifest = read or registry.get_manifest(repository, entry.digest, media_type=entry.media_type)
    except RegistryError as failure:
        if lacking is None or depth == 0 or failure.status != 404:
            raise
        lacking.append(entry.digest)
        return
    for child in manifest.children:
        yield from _walk(registry, repository, child, found, depth + 1, lacking)
    yield manifest
