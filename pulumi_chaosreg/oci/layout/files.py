"""What a folder and a tar have in common, and how the errors of this machine's disk are told."""

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from pulumi_chaosreg.oci.layout.index import Index
from pulumi_chaosreg.oci.manifest import Descriptor
from pulumi_chaosreg.oci.problems import RegistryError, problem

MARK, INDEX, CONTENTS, SUMS = "oci-layout", "index.json", "contents.json", "SHA256SUMS"
MARK_TEXT = b'{"imageLayoutVersion": "1.0.0"}\n'
DOCUMENT_LIMIT = 16 << 20
"""Bytes of index.json and contents.json: some 40,000 images."""
SUMS_LIMIT = 64 << 20

_FULL = {
    errno.ENOSPC: "no space is left",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "its file system cannot hold such large files (FAT32 ends at 4 GiB)",
}


def write_all(descriptor: int, chunk: bytes, at: int) -> int:
    """Write the chunk at that position, however often the system stops in the middle; where it ends."""
    view = memoryview(chunk)
    while view:
        written = os.pwrite(descriptor, view, at)
        view, at = view[written:], at + written
    return at


class Files(Protocol):
    """Where the blobs and documents of one layout lie. Threads may share it; all verbs raise RegistryError."""

    path: Path

    def size(self, digest: str) -> int | None:
        """Bytes of a blob; None where it is not there, or not completely."""
        ...

    def read(self, digest: str) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes of a blob that is there, unproved."""
        ...

    def write(self, blob: Descriptor, chunks: Iterable[bytes]) -> None:
        """Keep the blob; `chunks` raise before their end if they are not what the digest says."""
        ...

    def disregard(self, digest: str) -> None:
        """The blob is damaged, and counts as absent until it is written again; nothing changes on the disk."""
        ...

    def remove(self, digest: str) -> None:
        """The blob is no longer there."""
        ...

    def index(self) -> Index:
        """What index.json says now."""
        ...

    def change_index(self, change: Callable[[Index], Index]) -> None:
        """Replace it; nobody else changes it meanwhile."""
        ...

    def finish(self, describe: Callable[[], bytes], reachable: Callable[[], Collection[str]]) -> bool:
        """Write contents.json (which `describe` makes) and SHA256SUMS; False where nothing had changed.

        What makes a new file takes only what is `reachable` from the index; a folder keeps what it has.
        """
        ...

    def close(self) -> None:
        """Give up what is open. What was not finished stays, so that the next run can go on with it."""
        ...


def blob_name(digest: str) -> str:
    """`blobs/sha256/<hex>`."""
    return f"blobs/{digest.replace(':', '/', 1)}"


def inode(path: Path) -> int | None:
    """Which file has that name now; None where none has."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def sums_line(name: str, hexadecimal: str) -> bytes:
    """As `sha256sum` writes it."""
    return f"{hexadecimal}  {name}\n".encode()


@contextmanager
def disk_errors(path: Path, doing: str) -> Iterator[None]:
    """Tell an OSError as one of ours: CHR0436 where there is no room, else CHR0438.

    An offset beyond what the system's calls take is an OverflowError in Python, and no room either.
    """
    try:
        yield
    except (OSError, OverflowError) as error:
        number = (error.errno or 0) if isinstance(error, OSError) else errno.EFBIG
        if number in _FULL:
            raise problem("CHR0436", server=str(path), cause=_FULL[number]) from None
        cause = os.strerror(number).lower() if number else str(error)
        raise problem("CHR0438", server=str(path), doing=doing, cause=cause) from None


def check_writable(path: Path, folder: Path) -> None:
    """ChaosregError (CHR0438) unless this layout's files can be made in that folder; none is made to find out."""
    with disk_errors(path, "written"):
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "")
        if not os.access(folder, os.W_OK | os.X_OK):
            is_read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
            raise OSError(errno.EROFS if is_read_only else errno.EACCES, "")


def not_a_layout(path: Path, cause: str) -> RegistryError:
    """CHR0430."""
    return problem("CHR0430", server=str(path), cause=cause)


def unsafe(path: Path, cause: str) -> RegistryError:
    """CHR0431."""
    return problem("CHR0431", server=str(path), cause=cause)
