"""Empty folders in memory over those of the machine that a node's programs write to whatever one configures.

Only the lab's own mount namespace sees them. A folder that had to be made to mount there is removed afterwards.
"""

import subprocess
from contextlib import suppress
from pathlib import Path

from lab.errors import LabError

FOLDERS = ("/run", "/var/log", "/var/lib/cni", "/var/lib/kubelet")
_RECORD = "made-folders"
_SOURCE = "chaosreg-lab"


def cover(room: Path) -> None:
    """Mount an empty folder over each; what had to be made for it is recorded in the part's room."""
    made = [folder for folder in FOLDERS if not Path(folder).exists()]
    with (room / _RECORD).open("a") as record:
        record.writelines(f"{folder}\n" for folder in made)
    for folder in FOLDERS:
        Path(folder).mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", "mode=755", _SOURCE, folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")


def uncover(room: Path) -> None:
    """Take away what `cover` has put there."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines()]
    for words in reversed(mounts):  # … point options - type source options
        if words[4] in FOLDERS and words[-2] == _SOURCE:
            subprocess.run(["umount", "--lazy", words[4]], capture_output=True, check=False)
    forget(room)


def forget(room: Path) -> None:
    """Remove the folders that were made; also after a crash, when the mounts are gone already."""
    with suppress(FileNotFoundError):
        for folder in set((room / _RECORD).read_text("utf-8").splitlines()) & set(FOLDERS):
            with suppress(OSError):  # not empty: somebody else uses it now
                Path(folder).rmdir()
        (room / _RECORD).unlink()
