"""Where the lab keeps things: what is built once (the cache) and what lives as long as one start (the state)."""

import hashlib
import os
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
"""The folder that holds this package; each checkout has a lab of its own."""

MODULES = CHECKOUT / "lab" / "modules"
"""The Go modules that parts are built from."""


def cache_folder() -> Path:
    """What is built or downloaded once per machine and user."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "chaosreg-lab"


def lab_name() -> str:
    """A short name of this checkout's lab, unique on the machine: also the name of its cgroup.

    LAB_INSTANCE makes it another one: the lab's own tests start labs beside the one that they run in.
    """
    owner = f"{os.geteuid()}:{CHECKOUT}:{os.environ.get('LAB_INSTANCE', '')}"
    return "chaosreg-lab-" + hashlib.sha256(owner.encode()).hexdigest()[:8]


def supervisor_lock(folder: Path) -> Path:
    """Locked by the supervisor of the lab in this folder until its very end, when the folder is gone already."""
    return cache_folder() / "locks" / f"{folder.name}.supervisor"


def state_folder() -> Path:
    """Sockets, data and logs of a started lab. Short on purpose: a socket's path may have 108 characters."""
    return Path("/tmp" if Path("/tmp").is_dir() else tempfile.gettempdir()) / lab_name()
