"""A layout in the place of the sources, for `pulumi up` behind an air gap: `CHAOSREG_MIRROR_FROM` is its path.

A variable and not a setting: where the file lies is this machine's business, and says nothing about an image. The
engine starts a plugin in the project's folder, wherever its user is: a relative path counts from there, for everybody.
"""

import os
import threading
from pathlib import Path

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.oci.host import Host
from pulumi_chaosreg.oci.layout import Layout
from pulumi_chaosreg.oci.store import Store
from pulumi_chaosreg.stacks.project_file import find_project

VARIABLE = "CHAOSREG_MIRROR_FROM"


class Carried:
    """Opened when the first image is asked for; it stays open as long as the plugin's process lives. Threads may share
    it.
    """

    def __init__(self, path: Path, stop: threading.Event) -> None:
        self._path, self._stop = path, stop
        self._layout: Layout | None = None
        self._servers: frozenset[str] = frozenset()
        self._is_looked_for = False
        self._guard = threading.Lock()

    @classmethod
    def by_the_environment(cls, stop: threading.Event) -> "Carried | None":
        """The layout that the variable names."""
        path = os.environ.get(VARIABLE)
        return cls(_project() / path, stop) if path else None

    def look(self) -> None:
        """ChaosregError (CHR0430) where there is nothing at the path: once, and not for each image."""
        with self._guard:
            if self._is_looked_for:
                return
            self._is_looked_for = True
        if not self._path.exists():
            raise ChaosregError.of(
                "CHR0430",
                f"`{self._path}` is not an OCI image layout: there is no such file",
                notes=(("it is named by", VARIABLE),),
                help="give an absolute path: a relative one counts from the folder of Pulumi.yaml, wherever you are",
            )

    def holding(self, server: str) -> Store | None:
        """The server's images in the layout; None where it has none of them: that source is on this side of the gap.
        ChaosregError (CHR043x) where the path is no layout.
        """
        with self._guard:
            if self._layout is None:
                self._layout = Layout.open(self._path, host=Host(stop=self._stop))
                self._servers = frozenset(name.partition("/")[0] for name in self._layout.names())
        return self._layout.holding(server) if server in self._servers else None


def _project() -> Path:
    """The folder of Pulumi.yaml; this one where there is none."""
    here = Path.cwd()
    try:
        return find_project(here)
    except ChaosregError:
        return here
