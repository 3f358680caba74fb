"""Put the stand-in where the engine looks for the official plugin of that exact version."""

from __future__ import annotations

import shlex
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[3]


def install(home: Path, version: str, python: Path) -> None:
    """Write `HOME/plugins/resource-kubernetes-vVERSION/pulumi-resource-kubernetes`, run by `python` from this checkout.

    A folder of that name without a `.partial` file beside it is a finished installation to the engine: it asks the
    network for nothing and warns of nothing, which it does about plugins on PATH.
    """
    folder = home / "plugins" / f"resource-kubernetes-v{version}"
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "pulumi-resource-kubernetes"
    # Not a `#!` with the path of python: the kernel cuts such a line, and it may hold a space. `-P` keeps the folder
    # of the user's program, which is the working directory, from shadowing our modules.
    command = [str(python), "-P", "-m", "lab.plugins.kubernetes", "--version", version, "--runs", str(folder / "runs")]
    partial = folder / f"{script.name}.new"
    partial.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(_CHECKOUT))} exec {shlex.join(command)} "$@"\n', encoding="utf-8"
    )
    partial.chmod(0o755)
    partial.replace(script)
