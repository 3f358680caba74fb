"""A tar that is read in place: its headers once, its blobs where they lie, never unpacked."""

import os
from collections.abc import Iterator
from pathlib import Path

from pulumi_chaosreg.oci.blob import CHUNK
from pulumi_chaosreg.oci.layout.documents import check_mark, check_sums, read_index
from pulumi_chaosreg.oci.layout.files import disk_errors, not_a_layout
from pulumi_chaosreg.oci.layout.tar_members import Member, TarFault, members
from pulumi_chaosreg.oci.problems import problem


class Archive:
    """A complete layout in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with disk_errors(path, "read"):
            if path.is_dir():
                raise not_a_layout(path, "it is a folder with a name that ends in `.tar`")
            if not path.is_file():
                raise not_a_layout(path, "there is no such file")
            self._descriptor = os.open(path, os.O_RDONLY)
        try:
            self.members = self._members()
            check_mark(path, self._document)
            check_sums(path, self._document)
            index = read_index(path, self._document)
            if index is None:
                raise not_a_layout(path, "it has no index.json")
            self.index = index
        except BaseException:
            self.close()
            raise

    @property
    def inode(self) -> int:
        """Which file this is, whatever its name is by now."""
        return os.fstat(self._descriptor).st_ino

    def chunks(self, member: Member) -> Iterator[bytes]:
        """The content of one file."""
        with disk_errors(self.path, "read"):
            yield from read_range(self._descriptor, member.start, member.start + member.size)

    def close(self) -> None:
        """Give up the file."""
        os.close(self._descriptor)

    def _members(self) -> dict[str, Member]:
        found: dict[str, Member] = {}
        try:
            with disk_errors(self.path, "read"):
                for member in members(self._descriptor):
                    if found.setdefault(member.name, member) is not member:
                        raise TarFault("CHR0431", f"`{member.name}` twice")
        except TarFault as fault:
            raise problem(fault.code, server=str(self.path), cause=str(fault)) from None
        return found

    def _document(self, name: str, limit: int) -> bytes | None:
        member = self.members.get(name)
        if member is None:
            return None
        with disk_errors(self.path, "read"):
            return os.pread(self._descriptor, min(member.size, limit + 1), member.start)


def read_range(descriptor: int, start: int, end: int) -> Iterator[bytes]:
    """The bytes of an open file from `start` up to `end`, or up to where they end."""
    while start < end and (chunk := os.pread(descriptor, min(CHUNK, end - start), start)):
        yield chunk
        start += len(chunk)
