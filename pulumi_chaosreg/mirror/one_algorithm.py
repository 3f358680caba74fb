"""Digests of two algorithms name the same content, perhaps: compared are those of one.

A registry names a tag's content by the algorithm of its own choice, most of them by sha256.
"""

from pulumi_chaosreg.images.reference import DIGEST
from pulumi_chaosreg.oci.manifest import Descriptor, algorithm_of, digest_of
from pulumi_chaosreg.oci.store import Store


def digest_like(store: Store, repository: str, found: Descriptor, like: str | None) -> str:
    """The digest of what was found, by the algorithm of `like`: read, and computed, only where it is another one."""
    if like is None or not DIGEST.match(like) or algorithm_of(like) == algorithm_of(found.digest):
        return found.digest
    return digest_of(store.get_manifest(repository, found.digest).raw, algorithm_of(like))


def stands_for(store: Store, repository: str, found: Descriptor | None, wanted: str) -> bool:
    """Whether that is the content which is wanted; None is nothing."""
    return found is not None and digest_like(store, repository, found, wanted) == wanted
