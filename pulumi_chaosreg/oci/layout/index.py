"""A layout's index.json: the names of its images, and what has no name but refers to an image.

Names are whole references, `server/repository:tag`, because a layout keeps images of several servers. skopeo and
podman ask for them by `org.opencontainers.image.ref.name`, containerd by its own annotation; `ctr export` and
`docker save` write the tag alone into the first and the whole name into the second, so both are read.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pulumi_chaosreg.oci.manifest import OCI_INDEX, Descriptor, MalformedManifest, Manifest

_REF_NAME = "org.opencontainers.image.ref.name"
_CONTAINERD_NAME = "io.containerd.image.name"


@dataclass(frozen=True, slots=True)
class Entry:
    """One manifest that the index names, or lists without a name."""

    descriptor: Descriptor
    name: str | None
    document: Mapping[str, Any] = field(repr=False)
    """As it stood in the file: what other tools wrote stays as it was."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Read one entry; MalformedManifest where it is none."""
        annotations = document.get("annotations") if isinstance(document, Mapping) else None
        annotations = annotations if isinstance(annotations, Mapping) else {}
        name, whole = annotations.get(_REF_NAME), annotations.get(_CONTAINERD_NAME)
        if whole and "/" not in str(name or ""):
            name = whole
        return cls(Descriptor.parse(document), str(name) if name else None, document)


@dataclass(frozen=True, slots=True)
class Index:
    """The entries of index.json."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the file; MalformedManifest where it is not an index."""
        try:
            document = json.loads(raw)
        except (ValueError, RecursionError):
            document = None
        listed = document.get("manifests") if isinstance(document, dict) else None
        if not isinstance(listed, list):
            raise MalformedManifest("its index.json is not an image index")
        index = cls(tuple(map(Entry.of, listed)))
        digests: dict[str, str] = {}
        for entry in index.entries:
            if entry.name and digests.setdefault(entry.name, entry.descriptor.digest) != entry.descriptor.digest:
                raise MalformedManifest(f"its index.json has two different entries for `{entry.name}`")
        return index

    def dump(self) -> bytes:
        """The file; the same bytes for the same entries, in whatever order they came."""
        ordered = sorted(
            self.entries, key=lambda entry: (entry.name is None, entry.name or "", entry.descriptor.digest)
        )
        lines = ",\n  ".join(json.dumps(entry.document) for entry in ordered)
        head = f'{{"schemaVersion": 2, "mediaType": "{OCI_INDEX}", "manifests": ['
        return f"{head}\n  {lines}\n]}}\n".encode()

    def named(self, name: str) -> Descriptor | None:
        """What the name stands for."""
        return next((entry.descriptor for entry in self.entries if entry.name == name), None)

    def of_digest(self, digest: str) -> Descriptor | None:
        """An entry's own words about that manifest."""
        return next((entry.descriptor for entry in self.entries if entry.descriptor.digest == digest), None)

    def with_name(self, name: str, manifest: Manifest) -> "Index":
        """The name stands for that manifest."""
        described = {"mediaType": manifest.media_type, "digest": manifest.digest, "size": manifest.size}
        annotations = {_REF_NAME: name, _CONTAINERD_NAME: name}
        return self.without([name]).with_entry(Entry.of({**described, "annotations": annotations}))

    def with_referrer(self, manifest: Manifest) -> "Index":
        """The manifest is listed; what it refers to stands in itself."""
        return self if self.of_digest(manifest.digest) else self.with_entry(Entry.of(manifest.as_referrer()))

    def with_entry(self, entry: Entry) -> "Index":
        """One entry more."""
        return Index((*self.entries, entry))

    def without(self, names: Iterable[str]) -> "Index":
        """Those names stand for nothing."""
        gone = frozenset(names)
        return Index(tuple(entry for entry in self.entries if entry.name not in gone))

    def without_digest(self, digest: str, prefix: str) -> "Index":
        """Not that manifest, neither unnamed nor under a name that begins so."""
        return Index(
            tuple(
                entry
                for entry in self.entries
                if entry.descriptor.digest != digest or (entry.name and not entry.name.startswith(prefix))
            )
        )
