"""A layout as a folder. Several processes may write the same one: blobs come by rename, index.json under a lock."""

import os
import stat
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import file_digest, sha256
from pathlib import Path

from pulumi_chaosreg.oci.blob import CHUNK
from pulumi_chaosreg.oci.layout.documents import check_mark, check_sums, read_index
from pulumi_chaosreg.oci.layout.files import (
    CONTENTS,
    INDEX,
    MARK,
    MARK_TEXT,
    SUMS,
    blob_name,
    check_writable,
    disk_errors,
    not_a_layout,
    sums_line,
    unsafe,
    write_all,
)
from pulumi_chaosreg.oci.layout.index import Index
from pulumi_chaosreg.oci.layout.locks import lock
from pulumi_chaosreg.oci.manifest import Descriptor
from pulumi_chaosreg.oci.problems import RegistryError, problem

_UNFINISHED = ".partial"
_HEX = {"sha256": 64, "sha512": 128}


class Folder:
    """One folder; `Files` says what its verbs mean."""

    def __init__(self, path: Path, *, writing: bool) -> None:
        self.path = path
        self._guard = threading.RLock()
        self._read: tuple[tuple[int, ...], Index] | None = None
        self._session: int | None = None
        self._changed = False
        self._damaged: set[str] = set()
        with disk_errors(path, "read"):
            if not writing and not path.is_dir():
                raise not_a_layout(path, "there is no such folder or file")
            if writing and os.path.lexists(path) and not path.is_dir():
                raise problem("CHR0437", server=str(path), cause="a file is in the way")
            if writing:  # folders above it are made, too
                check_writable(path, next(above for above in (path, *path.parents) if os.path.lexists(above)))
            if writing and not (path / MARK).exists():
                # another process may begin it at this moment: its mark comes first, and under another name for a while
                holds = path.exists() and any(not one.name.startswith(f".{MARK}.") for one in path.iterdir())
                if holds and not (path / MARK).exists():
                    raise problem("CHR0437", server=str(path), cause="the folder holds something else")
                return
            check_mark(path, self._document)
            try:
                check_sums(path, self._document)
            except RegistryError:
                if not writing:
                    raise
                self._changed = True  # by another tool: the checksums are to be written anew
            if not writing and read_index(path, self._document) is None:
                raise not_a_layout(path, "it has no index.json")

    def size(self, digest: str) -> int | None:
        if digest in self._damaged:
            return None
        with disk_errors(self.path, "read"):
            try:
                found = (self.path / blob_name(digest)).lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
            return found.st_size if stat.S_ISREG(found.st_mode) else None

    @contextmanager
    def read(self, digest: str) -> Iterator[Iterator[bytes]]:
        descriptor = self._open(blob_name(digest))
        if descriptor is None:
            raise problem("CHR0438", server=str(self.path), doing="read", cause="a blob went away")
        try:
            yield self._chunks(descriptor)
        finally:
            os.close(descriptor)

    def write(self, blob: Descriptor, chunks: Iterable[bytes]) -> None:
        self._begin()
        target = self.path / blob_name(blob.digest)
        scratch = target.with_name(f".{uuid.uuid4().hex}{_UNFINISHED}")
        with disk_errors(self.path, "written"):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                at = 0
                with scratch.open("xb", buffering=0) as file:
                    for chunk in chunks:
                        at = write_all(file.fileno(), chunk, at)
                    os.fsync(file.fileno())  # or a crash could leave the name without the content
                scratch.replace(target)
            finally:
                scratch.unlink(missing_ok=True)
        self._damaged.discard(blob.digest)
        self._changed = True  # the checksums may have been written without it

    def disregard(self, digest: str) -> None:
        self._damaged.add(digest)

    def remove(self, digest: str) -> None:
        with disk_errors(self.path, "written"):
            (self.path / blob_name(digest)).unlink(missing_ok=True)

    def index(self) -> Index:
        with self._guard, disk_errors(self.path, "read"):
            try:
                mark = self._mark()
            except FileNotFoundError:
                return Index()
            if self._read is None or self._read[0] != mark:
                self._read = mark, read_index(self.path, self._document) or Index()
            return self._read[1]

    def change_index(self, change: Callable[[Index], Index]) -> None:
        self._begin()
        with self._guard, self._locked():
            before = self.index()
            after = change(before)
            if after.entries == before.entries:
                return
            self._changed = True
            for name in (SUMS, CONTENTS):  # they were about the index as it was
                (self.path / name).unlink(missing_ok=True)
            self._replace(INDEX, after.dump())
            self._read = self._mark(), after

    def finish(self, describe: Callable[[], bytes], reachable: Callable[[], Collection[str]]) -> bool:
        if not self._changed and (self.path / SUMS).exists():
            return False
        self._begin()
        with self._guard, self._locked():
            if not (self.path / INDEX).exists():
                self._replace(INDEX, Index().dump())
            self._remove_leftovers()
            self._replace(CONTENTS, describe())
            lines = sorted(self._sums())
            self._replace(SUMS, b"".join(sums_line(name, digest) for name, digest in lines))
        self._changed = False
        return True

    def close(self) -> None:
        with self._guard:
            if self._session is not None:
                os.close(self._session)
                self._session = None

    # ---

    def _begin(self) -> None:
        """Make the folder a layout, and say to other processes that it is being written."""
        with self._guard, disk_errors(self.path, "written"):
            if self._session is not None:
                return
            self.path.mkdir(parents=True, exist_ok=True)
            if not (self.path / MARK).exists():
                self._replace(MARK, MARK_TEXT)  # before all else, so that nobody takes it for something else
            (self.path / "blobs/sha256").mkdir(parents=True, exist_ok=True)
            self._session = os.open(self.path / "blobs", os.O_RDONLY | os.O_DIRECTORY)
            with suppress(OSError):
                lock(self._session, shared=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """No other process changes the documents meanwhile. The folder itself is the lock, so none is left behind."""
        with disk_errors(self.path, "written"):
            descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                with suppress(OSError):  # NFS locks only what is open for writing: there, one process at a time
                    lock(descriptor)
                yield
            finally:
                os.close(descriptor)

    def _mark(self) -> tuple[int, ...]:
        """What is another one when somebody has replaced the index."""
        found = (self.path / INDEX).stat()
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _remove_leftovers(self) -> None:
        """What killed runs have left; not while another process writes."""
        assert self._session is not None
        try:
            lock(self._session, wait=False)
        except OSError:
            return
        for scratch in (self.path / "blobs").glob(f"*/.*{_UNFINISHED}"):
            scratch.unlink(missing_ok=True)
        lock(self._session, shared=True)

    def _sums(self) -> Iterator[tuple[str, str]]:
        for algorithm, length in _HEX.items():
            for file in (self.path / "blobs" / algorithm).glob("[0-9a-f]*"):
                if len(file.name) == length:
                    yield f"blobs/{algorithm}/{file.name}", file.name if algorithm == "sha256" else _sha256(file)
        for name in (CONTENTS, INDEX, MARK):
            yield name, sha256((self.path / name).read_bytes()).hexdigest()

    def _replace(self, name: str, content: bytes) -> None:
        scratch = self.path / f".{name}.{uuid.uuid4().hex}"
        try:
            with scratch.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(self.path / name)
        finally:
            scratch.unlink(missing_ok=True)

    def _document(self, name: str, limit: int) -> bytes | None:
        descriptor = self._open(name)
        if descriptor is None:
            return None
        with os.fdopen(descriptor, "rb") as file:
            return file.read(limit + 1)

    def _open(self, name: str) -> int | None:
        """A plain file of the layout; never a link or a pipe, which could lead or hang elsewhere."""
        with disk_errors(self.path, "read"):
            try:
                kind = (self.path / name).lstat().st_mode
                if not stat.S_ISREG(kind):
                    raise unsafe(self.path, f"`{name}` is not a regular file")
                return os.open(self.path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def _chunks(self, descriptor: int) -> Iterator[bytes]:
        with disk_errors(self.path, "read"):
            while chunk := os.read(descriptor, CHUNK):
                yield chunk


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()
