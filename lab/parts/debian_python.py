"""A root file system with Python and little else, from Debian's packages, by the script of `examples/mirror-job`."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from lab.cache import made_once
from lab.console import say
from lab.parts.part import UnavailableError
from lab.places import CHECKOUT

RECIPE = CHECKOUT / "examples" / "mirror-job"
_PATIENCE = 60.0


def python_root() -> Path:
    """The folder, made with the machine's network where it is not in the cache yet."""
    if _distribution() != ("debian", "12"):
        raise UnavailableError("it is made from the packages of Debian 12, and this is another system")
    recipe = [RECIPE / name for name in ("python.sh", "requirements.txt")]
    return made_once(f"mirror-image/python-{key_of(recipe)}", make_python)


def make_python(folder: Path) -> None:
    say("making the image of Python from Debian's packages (10 MB, once)")
    try:
        run("sh", RECIPE / "python.sh", folder)
    except UnavailableError:
        if os.geteuid() != 0:
            raise
        run("apt-get", "update", "--quiet")  # its lists may name versions that the mirrors no longer have
        shutil.rmtree(folder)
        run("sh", RECIPE / "python.sh", folder)


def run(*command: str | Path) -> None:
    """One step of a recipe; UnavailableError with its last words when it fails."""
    words = [str(word) for word in command]
    environment = {**os.environ, "PYTHON": sys.executable}
    try:
        subprocess.run(
            words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=True
        )
    except subprocess.CalledProcessError as failed:
        said = failed.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UnavailableError(f"`{' '.join(words)}` failed: {said[-1] if said else failed.returncode}") from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"`{' '.join(words)}` was not done after {_PATIENCE:.0f} s") from None


def key_of(files: Iterable[Path]) -> str:
    """A name for what these files of the checkout make."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(CHECKOUT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:8]


def architecture() -> str:
    """What the packages are for, in the word of images."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def _distribution() -> tuple[str, str]:
    about = platform.freedesktop_os_release() if shutil.which("apt-get") else {}
    return about.get("ID", ""), about.get("VERSION_ID", "")
