"""Say once per run that this is a stand-in, although every Provider instance of a run is a process of its own."""

import os
from pathlib import Path


def is_first(folder: Path, engine_address: str) -> bool:
    """Whether no other process of this run said it yet. The first to make the run's marker in `folder` is it."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        (folder / _run(engine_address)).open("x").close()
    except FileExistsError:
        return False
    return True


def _run(engine_address: str) -> str:
    """A name for this run of `pulumi`: the engine is our parent, and a pid with its start time is never used twice.

    Its address alone will not do: preview and update of one `pulumi up` have an address each. It must do where there
    is no /proc.
    """
    engine = os.getppid()
    try:
        started = Path(f"/proc/{engine}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return engine_address.replace(":", "-")
    return f"{engine}-{started}"
