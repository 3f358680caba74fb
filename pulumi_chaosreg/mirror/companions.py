"""What goes along with an image: referrers (OCI 1.1) and cosign's tags, of the image and of each of its children.

Most tools that copy images leave these behind, and nothing fails until somebody verifies.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from pulumi_chaosreg.mirror.image import Image, read_image
from pulumi_chaosreg.oci.manifest import Manifest, index_of_referrers, referrers_tag
from pulumi_chaosreg.oci.problems import RegistryError
from pulumi_chaosreg.oci.registry import Registry

_SUFFIXES = (".sig", ".att", ".sbom")
"""Of the tags that cosign 2 puts beside an image: `sha256-<hex>.sig`."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A signature, attestation or SBOM, which is an image of its own."""

    image: Image
    tag: str | None
    """The tag that it is found by; None for a referrer, which its subject leads to."""


def read_companions(registry: Registry, repository: str, image: Image, tags: "Tags") -> list[Companion]:
    """All of them, those of companions too: signatures of attestations."""
    companions: list[Companion] = []
    wanted = [(manifest.digest, {child.digest for child in manifest.children}) for manifest in image.manifests]
    seen = {manifest.digest for manifest in image.manifests}
    for digest, children in wanted:
        # a registry may take the tag of the fallback list for the digest, and an index's own children for referrers
        referring = (name for name in _referring(registry, repository, digest, tags) if name not in children)
        found: list[tuple[str, str | None]] = [(name, None) for name in referring]
        beside = (referrers_tag(digest) + suffix for suffix in _SUFFIXES)
        found += [(tag, tag) for tag in beside if tags.has(repository, tag)]
        for name, tag in found:
            companion = Companion(read_image(registry, repository, name), tag)
            root = companion.image.root
            if root.digest not in seen or tag:
                companions.append(companion)
            if root.digest not in seen:
                seen.add(root.digest)
                wanted.append((root.digest, {child.digest for child in root.children}))
    return companions


def _referring(registry: Registry, repository: str, digest: str, tags: "Tags") -> Iterator[str]:
    listed = registry.referrers(repository, digest)
    if listed is None:
        tag = referrers_tag(digest)
        listed = registry.get_manifest(repository, tag).children if tags.has(repository, tag) else ()
    for descriptor in listed:
        yield descriptor.digest


class Tags:
    """Which tags a registry's repositories have; each repository is asked once, whatever shares this object."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._listed: dict[str, frozenset[str] | None] = {}
        self._guard = threading.Lock()

    def has(self, repository: str, tag: str) -> bool:
        """Whether the repository has the tag. Where tags cannot be listed, this one is asked for."""
        with self._guard:
            if repository not in self._listed:
                self._listed[repository] = self._list(repository)
            listed = self._listed[repository]
        return tag in listed if listed is not None else self._registry.head_manifest(repository, tag) is not None

    def _list(self, repository: str) -> frozenset[str] | None:
        try:
            return frozenset(self._registry.list_tags(repository))
        except RegistryError as failure:
            if failure.status is None:
                raise
            return None


@dataclass(slots=True)
class ReferrersTags:
    """Keeps the lists of referrers on targets without the API: read, add, write, one at a time in this process."""

    _guard: threading.Lock = field(default_factory=threading.Lock)

    def add(self, registry: Registry, repository: str, manifest: Manifest) -> None:
        """Name the manifest in its subject's list."""
        if manifest.subject is None:
            return
        tag = referrers_tag(manifest.subject)
        with self._guard:
            there = registry.head_manifest(repository, tag)
            entries = json.loads(registry.get_manifest(repository, tag).raw).get("manifests", []) if there else []
            if all(entry.get("digest") != manifest.digest for entry in entries):
                registry.put_manifest(repository, index_of_referrers([*entries, manifest.as_referrer()]), tag)
