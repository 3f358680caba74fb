"""A layout as one tar. What is there is read in place; a change makes a new file, which takes the name at the end."""

import hashlib
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pulumi_chaosreg.oci.blob import proven
from pulumi_chaosreg.oci.layout.archive import Archive
from pulumi_chaosreg.oci.layout.files import (
    CONTENTS,
    INDEX,
    MARK,
    MARK_TEXT,
    SUMS,
    blob_name,
    check_writable,
    disk_errors,
    inode,
    sums_line,
)
from pulumi_chaosreg.oci.layout.growing_tar import GrowingTar
from pulumi_chaosreg.oci.layout.index import Index
from pulumi_chaosreg.oci.layout.tar_members import Member
from pulumi_chaosreg.oci.manifest import Descriptor
from pulumi_chaosreg.oci.problems import RegistryError, problem


class Tar:
    """One file; `Files` says what its verbs mean."""

    def __init__(self, path: Path, *, writing: bool) -> None:
        self.path = path
        self._partial = path.with_name(f"{path.name}.partial")
        self._writing = writing
        if writing:
            check_writable(path, path.parent)
        self._there = self._opened()
        self._index = self._there.index if self._there else Index()
        self._new: GrowingTar | None = None
        self._removed: set[str] = set()
        self._damaged: set[str] = set()
        self._changed = self._there is None
        self._guard = threading.RLock()

    def size(self, digest: str) -> int | None:
        if digest in self._removed:
            return None
        if member := self._kept(digest):
            return member.size
        if self._new is None and not (self._writing and self._partial.exists()):
            return None
        return self._growing().size(digest)

    @contextmanager
    def read(self, digest: str) -> Iterator[Iterator[bytes]]:
        member = self._kept(digest)
        if self._there and not member and self.size(digest) is None:  # found damaged meanwhile: whoever reads will see
            member = self._there.members.get(blob_name(digest))
        yield self._there.chunks(member) if self._there and member else self._growing().chunks(digest)

    def write(self, blob: Descriptor, chunks: Iterable[bytes]) -> None:
        self._removed.discard(blob.digest)
        if self._kept(blob.digest):
            return
        self._growing().write(blob, chunks)
        self._changed = True

    def disregard(self, digest: str) -> None:
        self._damaged.add(digest)

    def remove(self, digest: str) -> None:
        self._removed.add(digest)

    def index(self) -> Index:
        return self._index

    def change_index(self, change: Callable[[Index], Index]) -> None:
        with self._guard:
            before, self._index = self._index, change(self._index)
            self._changed |= before.entries != self._index.entries

    def finish(self, describe: Callable[[], bytes], reachable: Callable[[], Collection[str]]) -> bool:
        if not self._changed:
            return False
        new, needed = self._growing(), frozenset(reachable())
        self._take_over(new, needed)
        new.keep_only(needed)
        documents = {CONTENTS: describe(), INDEX: self._index.dump()}
        sums = {name: hashlib.sha256(content).hexdigest() for name, content in {**documents, MARK: MARK_TEXT}.items()}
        sums |= {blob_name(digest): new.sha256(digest) for digest in needed if new.size(digest) is not None}
        documents[SUMS] = b"".join(sums_line(*line) for line in sorted(sums.items()))
        new.complete(documents, self.path)
        self.close()
        self._there, self._changed, self._removed, self._damaged = Archive(self.path), False, set(), set()
        return True

    def close(self) -> None:
        with self._guard:
            for opened in (self._there, self._new):
                if opened:
                    opened.close()
            self._there = self._new = None

    # ---

    def _opened(self) -> Archive | None:
        if not self._writing:
            return Archive(self.path)
        with disk_errors(self.path, "written"):
            if not os.path.lexists(self.path):
                return None
        try:
            return Archive(self.path)
        except RegistryError as error:
            cause = "another file is there, not a complete layout"
            raise problem(
                "CHR0437", server=str(self.path), cause=cause, notes=[("it", error.findings[0].message)]
            ) from None

    def _kept(self, digest: str) -> Member | None:
        """Where a blob lies in the file that is there, unless it is damaged."""
        if self._there is None or digest in self._damaged:
            return None
        return self._there.members.get(blob_name(digest))

    def _growing(self) -> GrowingTar:
        """The new file, begun or gone on with."""
        with self._guard:
            if self._new is None:
                new = GrowingTar(self._partial)
                with disk_errors(self.path, "written"):
                    found = inode(self.path)
                if found != (self._there.inode if self._there else None):  # it would be lost
                    new.close()
                    raise problem("CHR0439", server=str(self.path))
                self._new = new
            return self._new

    def _take_over(self, new: GrowingTar, needed: Collection[str]) -> None:
        """Copy from the file that is there what the new one needs, proved once more."""
        if self._there is None:
            return
        for digest in sorted(needed):
            if member := self._kept(digest):
                blob = Descriptor("", digest, member.size)
                try:
                    new.write(blob, proven(self._there.chunks(member), blob, str(self.path), "", "CHR0433"))
                except RegistryError as failure:
                    if not failure.is_wrong_content:
                        raise
                    advice = "run again with --deep, or remove that file"
                    cause = f"blob `{digest}` in the file that is there is damaged; {advice}"
                    raise problem("CHR0437", server=str(self.path), cause=cause) from None
