"""What images are kept in: the few verbs that a registry and an OCI layout both have.

The mirror speaks these and never asks which of the two it has.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from pulumi_chaosreg.oci.blob import Source, Upload
from pulumi_chaosreg.oci.manifest import Descriptor, Manifest


class Store(Protocol):
    """Threads may share one. All verbs raise RegistryError."""

    @property
    def server(self) -> str:
        """What messages call it, and what holds its blobs together: a registry's host, a layout's path."""
        ...

    @property
    def proves_blobs(self) -> bool:
        """Whether it refuses a blob that is not what its digest says, as registries must: then nobody else needs to."""
        ...

    # --- manifests

    def get_manifest(self, repository: str, reference: str, *, media_type: str = "") -> Manifest:
        """The manifest of a tag or digest, its bytes proved; `media_type` is what an index says about a child."""
        ...

    def head_manifest(self, repository: str, reference: str) -> Descriptor | None:
        """What a tag or digest stands for; None where there is none."""
        ...

    def put_manifest(self, repository: str, manifest: Manifest, tag: str | None = None) -> bool:
        """Write it byte for byte under its digest, or under a tag too; all that is in it must be there.

        Whether the store says that it lists it among its subject's referrers by itself.
        """
        ...

    def referrers(self, repository: str, digest: str) -> tuple[Descriptor, ...] | None:
        """What refers to a manifest; None where the store cannot tell."""
        ...

    @property
    def lacks_referrers(self) -> bool:
        """Whether it is known that the store never can."""
        ...

    def delete_manifest(self, repository: str, reference: str) -> bool:
        """Delete a tag (not what it stands for), or a manifest by digest with all its tags; False if not there."""
        ...

    def list_tags(self, repository: str) -> list[str]:
        """All tags of a repository; none where it does not exist."""
        ...

    # --- blobs

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the repository can give out the blob."""
        ...

    def open_blob(
        self, repository: str, blob: Descriptor, *, hashed: bool = True
    ) -> AbstractContextManager[Iterator[bytes]]:
        """The content in chunks, the last of which comes only after size and digest were proved.

        Without `hashed` the digest is not: for whoever hands the bytes to a store that proves them.
        """
        ...

    def mount_blob(self, repository: str, digest: str, source: str) -> Upload | None:
        """Take the blob over from a repository, the same one too; None when done, else an upload to go on with."""
        ...

    def cancel_upload(self, repository: str, upload: Upload) -> None:
        """Close a session that is not needed."""
        ...

    def put_blob(self, repository: str, blob: Descriptor, source: Source, upload: Upload | None = None) -> None:
        """Write the whole content; the source is opened once for each try."""
        ...
