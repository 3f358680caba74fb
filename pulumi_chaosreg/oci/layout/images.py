"""What a layout holds, of whichever server: manifests and blobs that prove right, and what an index leads to."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from pulumi_chaosreg.images.reference import COMPANION_TAG
from pulumi_chaosreg.oci.blob import Source, proven
from pulumi_chaosreg.oci.host import Host
from pulumi_chaosreg.oci.layout.files import Files
from pulumi_chaosreg.oci.layout.index import Entry
from pulumi_chaosreg.oci.manifest import MANIFEST_LIMIT, Descriptor, MalformedManifest, Manifest
from pulumi_chaosreg.oci.problems import RegistryError, problem


class Images:
    """The images of all servers in one layout; threads may share it."""

    def __init__(self, files: Files, host: Host, *, writing: bool, prove: bool) -> None:
        self.path = files.path
        self.files = files
        self._writing, self._prove = writing, prove
        self._host = host
        self._subjects: dict[str, str | None] = {}
        self._proved: set[str] = set()
        self._whole: set[str] = set()
        self._added: set[str] = set()
        self._guard = threading.Lock()

    def names(self) -> Sequence[str]:
        """Of all images and companions that have one, sorted."""
        return sorted({entry.name for entry in self.files.index().entries if entry.name})

    def manifest(self, name: str, digest: str, media_type: str = "") -> Manifest:
        """The manifest of that digest, its bytes proved; `name` is what messages call the repository."""
        size = self.files.size(digest)
        if size is None:
            raise self.lacks("CHR0435", name, f"manifest `{digest}`")
        known = self.files.index().of_digest(digest)
        try:
            if size > MANIFEST_LIMIT:
                raise MalformedManifest("it is larger than 4 MiB")
            with self.files.read(digest) as chunks:
                raw = b"".join(self.proven(name, Descriptor("", digest, size), chunks))
            return Manifest.parse(raw, media_type or (known.media_type if known else ""), digest.partition(":")[0])
        except MalformedManifest as malformed:
            subject = f"manifest `{digest}`"
            raise problem(
                "CHR0433", server=str(self.path), repository=name, subject=subject, cause=str(malformed)
            ) from None

    def referrers(self, name: str, digest: str) -> tuple[Descriptor, ...]:
        """The manifests of the index whose subject is that one, named or not."""
        listed = {entry.descriptor.digest: entry for entry in self.files.index().entries}
        return tuple(entry.descriptor for entry in listed.values() if self._subject(name, entry) == digest)

    def has(self, name: str, digest: str) -> bool:
        """Whether the blob is there, and right where that is to be proved."""
        length = self.files.size(digest)
        if length is None or not self._prove or digest in self._proved:
            return length is not None
        try:
            with self.files.read(digest) as chunks:
                for _ in self._noted(digest, self.proven(name, Descriptor("", digest, length), chunks)):
                    pass
        except RegistryError as failure:
            if not failure.is_wrong_content:
                raise
            self._disregard(digest)
            return False
        return True

    def stands(self, name: str, reference: str, found: Descriptor) -> bool:
        """Whether what the index says of an image is true: where one writes, with all that the image needs.

        Its companions are needed, too, until this run has written the tag: what the source no longer has stays away.
        """
        if not self._writing:
            return self.files.size(found.digest) == found.size
        needed = [found]
        if f"{name}:{reference}" not in self._added:
            entries = self.files.index().entries
            needed += [entry.descriptor for entry in entries if not entry.name or _is_beside(entry.name, name)]
        broken = [each for each in needed if not self._is_whole(name, each)]  # all of them, to bring all at once
        return not broken

    def add(self, name: str, manifest: Manifest, tag: str | None) -> None:
        """Keep a manifest whose parts are there, under a tag, as a referrer, or as a part of what comes later."""
        absent = [child for child in manifest.children if self.files.size(child.digest) is None]
        absent += [blob for blob in manifest.blobs if blob.distributable and not self._has_all_bytes(blob)]
        if absent:
            raise self.lacks("CHR0434", name, f"blob `{absent[0].digest}`")
        with self._guard:
            self._subjects[manifest.digest] = manifest.subject
        self.put(name, Descriptor(manifest.media_type, manifest.digest, manifest.size), lambda: _once(manifest.raw))
        if tag:
            self._added.add(f"{name}:{tag}")
            self.files.change_index(lambda index: index.with_name(f"{name}:{tag}", manifest))
        elif manifest.subject:
            self.files.change_index(lambda index: index.with_referrer(manifest))

    def put(self, name: str, blob: Descriptor, source: Source) -> None:
        """Keep a blob, as often as patience allows: a source may break off."""

        def attempt() -> None:
            with source() as chunks:
                self.files.write(blob, self._noted(blob.digest, self.proven(name, blob, chunks)))

        self._host.persist(attempt, name)

    def proven(self, name: str, blob: Descriptor, chunks: Iterable[bytes], *, hashed: bool = True) -> Iterator[bytes]:
        """The chunks, the last one only after size and digest were proved."""
        return proven(chunks, blob, str(self.path), name, "CHR0433", hashed=hashed)

    def remove(self, name: str, digest: str) -> None:
        """Forget a manifest and its names in that repository; its bytes stay where another image needs them."""
        self.files.change_index(lambda index: index.without_digest(digest, f"{name}:"))
        self._whole.clear()
        if digest not in self.reachable():
            self.files.remove(digest)

    def lacks(self, code: str, name: str, subject: str) -> RegistryError:
        """The error of that code, with what the layout has instead."""
        tags = [tag for other in self.names() if (tag := other.removeprefix(f"{name}:")) != other]
        shown = [("the layout has", f"{name}:{tag}") for tag in tags if not COMPANION_TAG.fullmatch(tag)][:5]
        return problem(code, server=str(self.path), notes=shown, status=404, repository=name, subject=subject)

    def reachable(self) -> set[str]:
        """All manifests and blobs that the index leads to."""
        found: set[str] = set()
        seen: set[str] = set()
        waiting = [entry.descriptor for entry in self.files.index().entries]
        while waiting:
            entry = waiting.pop()
            if entry.digest not in seen and self.files.size(entry.digest) is not None:
                seen.add(entry.digest)
                manifest = self.manifest("", entry.digest, entry.media_type)
                found |= {manifest.digest, *(blob.digest for blob in manifest.blobs)}
                waiting += manifest.children
        return found

    def _is_whole(self, name: str, root: Descriptor) -> bool:
        """Whether all that a manifest leads to is there; what is damaged counts as absent from now on."""
        if root.digest in self._whole:
            return True
        whole, seen, waiting = True, {root.digest}, [root]
        while waiting:
            entry = waiting.pop()
            try:
                manifest = self.manifest(name, entry.digest, entry.media_type)
            except RegistryError as failure:
                if failure.is_wrong_content:
                    self._disregard(entry.digest)
                elif not failure.is_not_carried:
                    raise
                whole = False
                continue
            for blob in manifest.blobs:
                if blob.distributable:
                    whole &= self._has_all_bytes(blob) and self.has(name, blob.digest)
            waiting += [child for child in manifest.children if child.digest not in seen]
            seen |= {child.digest for child in manifest.children}
        if whole:
            self._whole.add(root.digest)
        return whole

    def _has_all_bytes(self, blob: Descriptor) -> bool:
        size = self.files.size(blob.digest)
        if size not in (None, blob.size):
            self._disregard(blob.digest)
        return size == blob.size

    def _disregard(self, digest: str) -> None:
        if self._writing:
            self.files.disregard(digest)

    def _noted(self, digest: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Chunks that end only where they prove right; that is not done twice."""
        yield from chunks
        self._proved.add(digest)

    def _subject(self, name: str, entry: Entry) -> str | None:
        """What an entry refers to. A damaged one without a name may be anybody's signature: nobody else will miss it.
        Whoever asks for a name will be told, and who writes brings damaged ones anew.
        """
        found = entry.descriptor
        with self._guard:
            if found.digest in self._subjects:
                return self._subjects[found.digest]
        try:
            subject = self.manifest(name, found.digest, found.media_type).subject
        except RegistryError:
            if not (entry.name or self._writing):
                raise
            subject = None
        with self._guard:
            return self._subjects.setdefault(found.digest, subject)


@contextmanager
def _once(raw: bytes) -> Iterator[Iterator[bytes]]:
    yield iter((raw,))


def _is_beside(tagged: str, name: str) -> bool:
    """Whether that is the tag of a companion in this repository."""
    repository, _, tag = tagged.rpartition(":")
    return repository == name and bool(COMPANION_TAG.fullmatch(tag))
