"""A layout's images, server by server. Blobs are shared by all of them; names are `server/repository:tag`."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pulumi_chaosreg.oci.host import Host
from pulumi_chaosreg.oci.layout import locks
from pulumi_chaosreg.oci.layout.files import Files
from pulumi_chaosreg.oci.layout.folder import Folder
from pulumi_chaosreg.oci.layout.holding import Holding
from pulumi_chaosreg.oci.layout.images import Images
from pulumi_chaosreg.oci.layout.tar import Tar
from pulumi_chaosreg.oci.problems import problem
from pulumi_chaosreg.oci.store import Store

_COMPRESSED = (".gz", ".tgz", ".zst", ".xz", ".bz2", ".zip")


class Layout:
    """A layout that is read, or made and added to; a context manager.

    `finish` makes what was written complete. Without it a folder lacks its checksums, and a tar stays `….partial`,
    with which the next run goes on.
    """

    def __init__(self, files: Files, host: Host | None = None, *, writing: bool = False, prove: bool = False) -> None:
        self.path = files.path
        self.files = files
        self._images = Images(files, host or Host(), writing=writing, prove=prove)
        self._holdings: dict[str, Holding] = {}
        self._guard = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, writing: bool = False, prove: bool = False, host: Host | None = None) -> Self:
        """The layout at that path: a tar where there is a file or its name ends in `.tar`, else a folder.

        For writing it may be missing, and nothing is made before the first write. With `prove` a blob is there only
        if its digest is right. `host` has the patience with sources that break off, and the event that ends all
        waiting. Raises ChaosregError (CHR043x).
        """
        if not locks.are_there():
            cause = "Windows has no locks as layouts need them; run the command in WSL"
            raise problem("CHR0438", server=str(path), doing="opened", cause=cause)
        if writing and path.suffix.lower() in _COMPRESSED:
            cause = "layers are already compressed, so name it `*.tar`"
            raise problem("CHR0437", server=str(path), cause=cause)
        kind = Tar if path.suffix.lower() == ".tar" or path.is_file() else Folder
        return cls(kind(path, writing=writing), host, writing=writing, prove=prove)

    def holding(self, server: str) -> Store:
        """The images of one server."""
        with self._guard:
            return self._holdings.setdefault(server, Holding(self._images, server))

    def names(self) -> Sequence[str]:
        """Of all images and companions that have one, sorted."""
        return self._images.names()

    def finish(self, describe: Callable[[], bytes]) -> bool:
        """Make it complete, with what `describe` says as contents.json; False where nothing had changed."""
        return self.files.finish(describe, self._images.reachable)

    def close(self) -> None:
        """Give up what is open."""
        self.files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
