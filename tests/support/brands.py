"""The registries that can be had here. Where Debian's differs from the lab's, a test runs on both."""

import os
import shutil
from pathlib import Path

import pytest

DISTRIBUTION_3 = None
"""The lab's own, which RegistryServer starts by default."""

_DEBIANS = shutil.which("docker-registry")
"""From `apt-get install --no-install-recommends docker-registry`; tests/conftest.py says where it is missing."""

BRANDS = [pytest.param(DISTRIBUTION_3, id="distribution 3")]
if _DEBIANS:
    BRANDS.append(pytest.param(Path(_DEBIANS), id="docker-registry 2.8"))


def on_a_small_disk(folder: Path, binary: Path | None, megabytes: int) -> Path:
    """A program that runs the registry with a real file system of that size where its storage is.

    It is mounted in a mount namespace of its own, so that nothing is left of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    namespaces = "--mount" if os.geteuid() == 0 else "--user --map-root-user --mount"
    script = folder / "registry-on-a-small-disk"
    mount = f"mount -t tmpfs -o size={megabytes}m none '{folder / 'storage'}'"
    registry = binary or shutil.which("registry")
    script.write_text(f"#!/bin/sh\nexec unshare {namespaces} sh -c \"{mount} && exec '{registry}' $*\"\n")
    script.chmod(0o755)
    return script
