"""A tar while it is being written. Each blob's region is reserved when its size is known, and all are filled at the
same time.

The file is `NAME.partial` until it is complete. After an interruption the regions are still there: those whose digest
proves right are kept, the others are filled again or, in the end, closed.
"""

import hashlib
import os
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pulumi_chaosreg.images.reference import DIGEST
from pulumi_chaosreg.oci.layout.archive import read_range
from pulumi_chaosreg.oci.layout.files import MARK, MARK_TEXT, blob_name, disk_errors, inode, write_all
from pulumi_chaosreg.oci.layout.locks import lock
from pulumi_chaosreg.oci.layout.tar_members import BLOCK, END, Member, TarFault, header, members
from pulumi_chaosreg.oci.manifest import Descriptor
from pulumi_chaosreg.oci.problems import problem

_RECORD = 20 * BLOCK
"""What tars are a multiple of."""


@dataclass(eq=False, slots=True)
class _Region:
    """Room for one blob. Who holds the guard reads or writes it."""

    member: Member
    right: bool | None = False
    """Whether the blob is there; None where nobody has looked since an interruption."""
    guard: threading.Lock = field(default_factory=threading.Lock)


class GrowingTar:
    """The unfinished file; one process at a time, any number of threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._regions: dict[str, _Region] = {}
        self._guard = threading.Lock()
        self._completed = False
        with disk_errors(path, "written"):
            self._descriptor = self._locked()
        try:
            with disk_errors(path, "written"):
                self._go_on()
        except BaseException:
            os.close(self._descriptor)
            raise

    def size(self, digest: str) -> int | None:
        """Bytes of a blob that is there; a region of an interrupted run is proved now."""
        region = self._regions.get(digest)
        if region is None:
            return None
        if region.right is None:
            with region.guard:
                self._look(digest, region)
        return region.member.size if region.right else None

    def chunks(self, digest: str) -> Iterator[bytes]:
        """The content of a blob that is there."""
        member = self._regions[digest].member
        with disk_errors(self.path, "read"):
            yield from read_range(self._descriptor, member.start, member.start + member.size)

    def write(self, blob: Descriptor, chunks: Iterable[bytes]) -> None:
        """Fill the blob's region, unless it is right already."""
        with disk_errors(self.path, "written"):
            region = self._reserved(blob)
            with region.guard:
                self._look(blob.digest, region)
                if region.right:
                    return
                at = region.member.start
                for chunk in chunks:
                    at = write_all(self._descriptor, chunk, at)
                region.right = True

    def forget(self, digest: str) -> None:
        """The blob is not needed."""
        with self._guard:
            self._regions.pop(digest, None)

    def keep_only(self, digests: Collection[str]) -> None:
        """Forget all other blobs, and move those that stay together. Nobody writes meanwhile."""
        for digest in [*self._regions]:
            if digest not in digests or self.size(digest) is None:
                self.forget(digest)
        with disk_errors(self.path, "written"):
            at = len(self._mark())
            for region in sorted(self._regions.values(), key=lambda region: region.member.header):
                region.member = self._moved(region.member, at)
                at = region.member.end
            os.ftruncate(self._descriptor, at)
        self._end = at

    def complete(self, documents: Mapping[str, bytes], name: Path) -> None:
        """Write the documents, end the archive, and give it its name."""
        with disk_errors(self.path, "written"):
            at = self._end
            for document, content in documents.items():
                block = header(document, len(content)) + content
                write_all(self._descriptor, block, at)
                at += -(-len(block) // BLOCK) * BLOCK
            os.ftruncate(self._descriptor, -(-(at + len(END)) // _RECORD) * _RECORD)
            os.fsync(self._descriptor)
            self.path.replace(name)
            self._completed = True
        with suppress(OSError):  # not every file system of a stick can do this for a folder
            folder = os.open(name.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def sha256(self, digest: str) -> str:
        """The blob's SHA-256 in hex, for a checksum file."""
        algorithm, _, hexadecimal = digest.partition(":")
        return hexadecimal if algorithm == "sha256" else self._hash(self._regions[digest].member, "sha256")

    def close(self) -> None:
        """Give up the file; what was not completed stays, unless it is nothing."""
        with disk_errors(self.path, "written"):
            if not self._regions and not self._completed:
                self.path.unlink(missing_ok=True)
            os.close(self._descriptor)

    # ---

    def _locked(self) -> int:
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            try:
                lock(descriptor, wait=False)
            except OSError:
                os.close(descriptor)
                raise problem("CHR0439", server=str(self.path.with_suffix(""))) from None
            # Another run may have completed the file between our two calls: it then has another name.
            if inode(self.path) == os.fstat(descriptor).st_ino:
                return descriptor
            os.close(descriptor)

    def _go_on(self) -> None:
        """Take over what an interrupted run has left: every region up to the first document or damage."""
        mark = self._mark()
        self._end = len(mark)
        found = os.pread(self._descriptor, len(mark), 0)
        if found == mark:
            try:
                for member in members(self._descriptor):
                    digest = member.name.removeprefix("blobs/").replace("/", ":")
                    if member.name == MARK:
                        continue
                    if not DIGEST.match(digest):
                        break
                    self._regions.setdefault(digest, _Region(member, right=None))
                    self._end = member.end
            except TarFault:  # it has no end yet; what lies behind is written again
                pass
        elif any(found) and not mark.startswith(found):
            raise problem("CHR0437", server=str(self.path), cause="something else is there")
        write_all(self._descriptor, mark, 0)
        os.ftruncate(self._descriptor, self._end)

    @staticmethod
    def _mark() -> bytes:
        """The file `oci-layout`, which comes first."""
        return header(MARK, len(MARK_TEXT)) + MARK_TEXT.ljust(BLOCK, b"\0")

    def _reserved(self, blob: Descriptor) -> _Region:
        with self._guard:
            region = self._regions.get(blob.digest)
            if region and region.member.size == blob.size:
                return region
            block = header(blob_name(blob.digest), blob.size)
            member = Member(blob_name(blob.digest), self._end, self._end + len(block), blob.size)
            write_all(self._descriptor, block, member.header)
            os.ftruncate(self._descriptor, member.end)
            self._end = member.end
            region = self._regions[blob.digest] = _Region(member)
            return region

    def _look(self, digest: str, region: _Region) -> None:
        if region.right is None:
            algorithm, _, wanted = digest.partition(":")
            region.right = self._hash(region.member, algorithm) == wanted

    def _hash(self, member: Member, algorithm: str) -> str:
        hasher = hashlib.new(algorithm)
        with disk_errors(self.path, "read"):
            for chunk in read_range(self._descriptor, member.start, member.start + member.size):
                hasher.update(chunk)
        return hasher.hexdigest()

    def _moved(self, member: Member, to: int) -> Member:
        if member.header == to:
            return member
        at = to
        for chunk in read_range(self._descriptor, member.header, member.end):
            at = write_all(self._descriptor, chunk, at)
        return Member(member.name, to, to + member.start - member.header, member.size)
