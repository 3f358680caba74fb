"""Locks of files that are open, which end with the process. Windows has none like them, and no layouts therefore."""

import sys


def are_there() -> bool:
    """Whether this system has what layouts are read and written with."""
    return sys.platform != "win32"


def lock(descriptor: int, *, shared: bool = False, wait: bool = True) -> None:
    """Take the lock, or change how it is held; OSError where somebody else has it, or the file system has none."""
    import fcntl

    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
