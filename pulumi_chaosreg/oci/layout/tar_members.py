"""The headers of a tar: written so that every tar reads them, and read without a look at what lies between.

Stricter than `tarfile`: an archive that comes over an air gap may be hostile, so links, devices, sparse files and
headers without end are refused and not interpreted.
"""

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = 512
END = bytes(2 * BLOCK)
_MAX_FILES = 1_000_000
"""Members; one for each blob."""
_MAX_HEADER = 64 << 10
"""Bytes of an extended header."""
_DIGITS = 20
"""Of a size: more than any file system takes."""
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ": "xz",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
}
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_KEYS = ("path", "size")
_KINDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}


class TarFault(ValueError):  # noqa: N818
    """The bytes are no tar that we read; the text says why, `code` which error that is."""

    def __init__(self, code: str, cause: str) -> None:
        super().__init__(cause)
        self.code = code


@dataclass(frozen=True, slots=True)
class Member:
    """A plain file in a tar: where its header begins, and its content."""

    name: str
    header: int
    start: int
    size: int

    @property
    def end(self) -> int:
        """Where the next header may begin."""
        return self.start + -(-self.size // BLOCK) * BLOCK


def header(name: str, size: int) -> bytes:
    """The header of a file: no time and no owner, so that equal content makes equal archives.

    GNU's form, in which sizes over 8 GiB stand in base 256: one block for every blob whose name fits.
    """
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def members(descriptor: int) -> Iterator[Member]:
    """The files of an open tar, in their order; TarFault at what is no tar, or is cut off, or may not be there."""
    length = os.fstat(descriptor).st_size
    first = os.pread(descriptor, 8, 0)
    for magic, name in _COMPRESSED.items():
        if first.startswith(magic):
            raise TarFault("CHR0430", f"it is compressed ({name}): unpack it first, to a plain `.tar`")
    begin = at = count = 0
    extended: dict[str, str] = {}
    while True:
        block = os.pread(descriptor, BLOCK, at)
        if len(block) < BLOCK:
            raise TarFault("CHR0432", "it has no end mark") if at else TarFault("CHR0430", "it is not a tar")
        if not any(block):
            return
        info = _parsed(block, at)
        start = at + BLOCK
        size = int(extended.get("size", info.size))
        if not 0 <= size <= length - start:
            raise TarFault("CHR0432", f"`{info.name}` should have {size} bytes, but {length - start} are left")
        at = start + -(-size // BLOCK) * BLOCK
        if info.type in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME):
            extended |= _extension(info, os.pread(descriptor, min(size, _MAX_HEADER + 1), start))
            continue
        count += 1
        if count > _MAX_FILES:
            raise TarFault("CHR0431", f"more than {_MAX_FILES} files")
        name = _checked(extended.get("path", info.name))
        if info.type in _PLAIN:
            yield Member(name, begin, start, size)
        elif not info.isdir():
            raise TarFault("CHR0431", f"`{name}` is {_KINDS.get(info.type, 'not a regular file')}")
        begin, extended = at, {}


def _parsed(block: bytes, at: int) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "backslashreplace")
    except tarfile.HeaderError:
        if at == 0:
            raise TarFault("CHR0430", "it is not a tar") from None
        raise TarFault("CHR0431", f"something that is not a header at byte {at}") from None


def _extension(info: tarfile.TarInfo, raw: bytes) -> dict[str, str]:
    """What a header says about the one that follows: a long name, a size (pax)."""
    if len(raw) > _MAX_HEADER:
        raise TarFault("CHR0431", f"an extended header of {info.size} bytes")
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": raw.partition(b"\0")[0].decode("utf-8", "backslashreplace")}
    records = dict(_records(raw))
    if any(key.startswith("GNU.sparse") for key in records):
        raise TarFault("CHR0431", "a sparse file")
    size = records.get("size", "0")
    if not (size.isascii() and size.isdecimal() and len(size) <= _DIGITS):
        raise TarFault("CHR0431", "a size that is not a number")
    said: dict[str, str] = {key: records[key] for key in _KEYS if key in records}
    if said and info.type == tarfile.XGLTYPE:
        raise TarFault("CHR0431", "one name or size for all files")
    return said


def _records(raw: bytes) -> Iterator[tuple[str, str]]:
    """`LENGTH KEY=VALUE\\n`, one after the other (POSIX.1-2001, pax)."""
    while raw:
        length = raw.partition(b" ")[0]
        if not (length.isdigit() and len(length) < 9 and len(length) + 1 < int(length) <= len(raw)):
            raise TarFault("CHR0431", "an extended header that cannot be read")
        record, raw = raw[len(length) + 1 : int(length)], raw[int(length) :]
        key, _, value = record.rstrip(b"\n").partition(b"=")
        yield key.decode("utf-8", "backslashreplace"), value.decode("utf-8", "backslashreplace")


def _checked(name: str) -> str:
    """The name without a leading `./`."""
    if name.startswith("/") or ".." in name.split("/"):
        raise TarFault("CHR0431", f"the path `{name}` leads out of it")
    return name.removeprefix("./")
