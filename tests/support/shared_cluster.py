"""The lab's one cluster, for tests that run side by side."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path


@contextmanager
def cluster(*, alone: bool) -> Iterator[None]:
    """Hold it together with others, or alone: who starts controllers, or removes the node's images."""
    lab = sha256(os.environ["LAB_STATE"].encode()).hexdigest()[:12]
    with (Path(tempfile.gettempdir()) / f"chaosreg-cluster-{lab}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
