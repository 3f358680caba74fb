"""Folders that are made once: all of it or nothing, by one process at a time."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from lab.console import detail
from lab.locks import locked
from lab.places import cache_folder


def made_once(name: str, make: Callable[[Path], None], *, cache: Path | None = None) -> Path:
    """The folder `name` of the cache; where it is missing, `make(folder)` fills it first.

    `make` gets a temporary folder beside the final one, which is renamed at the end: whoever is killed in the middle
    leaves nothing that looks finished. One lock for all: two builds at a time are slower than one after the other.
    """
    root = cache or cache_folder()
    final = root / name
    if final.is_dir():
        return final
    with locked(root / "build.lock", lambda holder: detail(f"waiting for another build (pid {holder})")):
        if final.is_dir():
            return final
        final.parent.mkdir(parents=True, exist_ok=True)
        for abandoned in final.parent.glob(".unfinished-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=final.parent))
        try:
            make(unfinished)
            unfinished.chmod(0o755)
            unfinished.rename(final)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return final
