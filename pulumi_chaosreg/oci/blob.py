"""Moving blobs: proving what comes down, and uploads that start again as a whole."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from pulumi_chaosreg.oci.manifest import Descriptor
from pulumi_chaosreg.oci.problems import problem

CHUNK = 1 << 20
"""Bytes read and written at once: large enough that the interpreter does not count, small enough to hold many."""

Source = Callable[[], AbstractContextManager[Iterable[bytes]]]
"""Opens the content of a blob; called once more for each further try."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A session that a registry opened for one blob. Its location is secret: it may be signed."""

    location: str = field(repr=False)


def proven(
    chunks: Iterable[bytes],
    blob: Descriptor,
    server: str,
    repository: str,
    code: str = "CHR0407",
    *,
    hashed: bool = True,
) -> Iterator[bytes]:
    """The chunks, the last one only when size and digest of the whole are right; without `hashed` the size alone.

    So what was sent to a target with the promised length stays incomplete there, and is never stored, unless it is
    what the manifest says. Raises ChaosregError with that code.
    """
    algorithm, _, wanted = blob.digest.partition(":")
    hasher, size, held = hashlib.new(algorithm) if hashed else None, 0, b""
    for chunk in chunks:
        size += len(chunk)
        if size > blob.size:
            break
        if hasher:
            hasher.update(chunk)
        if held:
            yield held
        held = chunk
    if size != blob.size:
        cause = f"{'more than ' if size > blob.size else ''}{min(size, blob.size)} bytes instead of {blob.size}"
    elif hasher and hasher.hexdigest() != wanted:
        cause = f"its digest is {algorithm}:{hasher.hexdigest()}"
    else:
        if held:
            yield held
        return
    raise problem(code, server=server, repository=repository, subject=f"blob `{blob.digest}`", cause=cause)
