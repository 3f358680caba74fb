"""One server's images in a layout: the verbs of a store, as a registry has them."""

from collections.abc import Iterator
from contextlib import contextmanager

from pulumi_chaosreg.images.reference import DIGEST
from pulumi_chaosreg.oci.blob import Source, Upload
from pulumi_chaosreg.oci.layout.images import Images
from pulumi_chaosreg.oci.manifest import MANIFEST_LIMIT, Descriptor, Manifest


class Holding:
    """One server's images in a layout; `Store` says what its verbs mean."""

    proves_blobs = False
    """It refuses wrong bytes, too, but cannot tell whose fault they are."""

    def __init__(self, images: Images, server: str) -> None:
        self.server = str(images.path)
        self._images = images
        self._of = server

    def get_manifest(self, repository: str, reference: str, *, media_type: str = "") -> Manifest:
        name = self._name(repository)
        if DIGEST.match(reference):
            return self._images.manifest(name, reference, media_type)
        found = self._images.files.index().named(f"{name}:{reference}")
        if not found:
            raise self._images.lacks("CHR0435", name, f"tag `{reference}`")
        return self._images.manifest(name, found.digest, found.media_type)

    def head_manifest(self, repository: str, reference: str) -> Descriptor | None:
        name, found = self._name(repository), self._listed(repository, reference)
        if found:
            return found if self._images.stands(name, reference, found) else None
        is_digest = bool(DIGEST.match(reference))
        size = self._images.files.size(reference) if is_digest else None
        if size is None or size > MANIFEST_LIMIT:
            return None
        manifest = self._images.manifest(name, reference)
        return Descriptor(manifest.media_type, manifest.digest, manifest.size)

    def put_manifest(self, repository: str, manifest: Manifest, tag: str | None = None) -> bool:
        self._images.add(self._name(repository), manifest, tag)
        return True

    @property
    def lacks_referrers(self) -> bool:
        return False

    def referrers(self, repository: str, digest: str) -> tuple[Descriptor, ...]:
        return self._images.referrers(self._name(repository), digest)

    def delete_manifest(self, repository: str, reference: str) -> bool:
        if not (self._listed(repository, reference) or self.head_manifest(repository, reference)):
            return False
        name = self._name(repository)
        if DIGEST.match(reference):
            self._images.remove(name, reference)
        else:
            self._images.files.change_index(lambda index: index.without([f"{name}:{reference}"]))
        return True

    def list_tags(self, repository: str) -> list[str]:
        prefix = f"{self._name(repository)}:"
        return [name.removeprefix(prefix) for name in self._images.names() if name.startswith(prefix)]

    def has_blob(self, repository: str, digest: str) -> bool:
        return self._images.has(self._name(repository), digest)

    @contextmanager
    def open_blob(self, repository: str, blob: Descriptor, *, hashed: bool = True) -> Iterator[Iterator[bytes]]:
        name = self._name(repository)
        if self._images.files.size(blob.digest) is None:
            raise self._images.lacks("CHR0434", name, f"blob `{blob.digest}`")
        with self._images.files.read(blob.digest) as chunks:
            yield self._images.proven(name, blob, chunks, hashed=hashed)

    def mount_blob(self, repository: str, digest: str, source: str) -> Upload | None:
        return None if self.has_blob(repository, digest) else Upload("")

    def cancel_upload(self, repository: str, upload: Upload) -> None:
        """Nothing is open before the first byte."""

    def put_blob(self, repository: str, blob: Descriptor, source: Source, upload: Upload | None = None) -> None:
        self._images.put(self._name(repository), blob, source)

    def _listed(self, repository: str, reference: str) -> Descriptor | None:
        index = self._images.files.index()
        is_digest = DIGEST.match(reference)
        return index.of_digest(reference) if is_digest else index.named(f"{self._name(repository)}:{reference}")

    def _name(self, repository: str) -> str:
        return f"{self._of}/{repository}"
