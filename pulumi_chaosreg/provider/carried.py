"""A layout in the place of the sources, for `pulumi up` behind an air gap: `CHAOSREG_MIRROR_FROM` is its path.

A variable and not a setting: where the file lies is this machine's business, and says nothing about an image.
"""

import os
import threading
from pathlib import Path

from pulumi_chaosreg.oci.host import Host
from pulumi_chaosreg.oci.layout import Layout
from pulumi_chaosreg.oci.store import Store

VARIABLE = "CHAOSREG_MIRROR_FROM"


class Carried:
    """Opened when the first image is asked for; it stays open as long as the plugin's process lives. Threads may share
    it.
    """

    def __init__(self, path: Path, stop: threading.Event) -> None:
        self._path, self._stop = path, stop
        self._layout: Layout | None = None
        self._servers: frozenset[str] = frozenset()
        self._guard = threading.Lock()

    @classmethod
    def by_the_environment(cls, stop: threading.Event) -> "Carried | None":
        """The layout that the variable names."""
        path = os.environ.get(VARIABLE)
        return cls(Path(path), stop) if path else None

    def holding(self, server: str) -> Store | None:
        """The server's images in the layout; None where it has none of them: that source is on this side of the gap.
        ChaosregError (CHR043x) where the path is no layout.
        """
        with self._guard:
            if self._layout is None:
                self._layout = Layout.open(self._path, host=Host(stop=self._stop))
                self._servers = frozenset(name.partition("/")[0] for name in self._layout.names())
        return self._layout.holding(server) if server in self._servers else None
