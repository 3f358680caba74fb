"""Put a stand-in where the engine looks for the official plugin of that exact version."""

import shlex
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[3]


def folder_of(home: Path, name: str, version: str) -> Path:
    """Where in this PULUMI_HOME the engine looks for the plugin.

    A folder of that name without a `.partial` file beside it is a finished installation to the engine: it asks the
    network for nothing and warns of nothing, which it does about plugins on PATH.
    """
    return home / "plugins" / f"resource-{name}-v{version}"


def install(home: Path, name: str, version: str, python: Path) -> None:
    """Write `HOME/plugins/resource-NAME-vVERSION/pulumi-resource-NAME`: `lab.plugins.NAME` of this checkout, with `_`
    for `-`.
    """
    folder = folder_of(home, name, version)
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / f"pulumi-resource-{name}"
    # Not a `#!` with the path of python: the kernel cuts such a line, and it may hold a space. `-P` keeps the folder
    # of the user's program, which is the working directory, from shadowing our modules.
    module = f"lab.plugins.{name.replace('-', '_')}"
    command = [str(python), "-P", "-m", module, "--version", version, "--runs", str(folder / "runs")]
    partial = folder / f"{script.name}.new"
    partial.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(_CHECKOUT))} exec {shlex.join(command)} "$@"\n', encoding="utf-8"
    )
    partial.chmod(0o755)
    partial.replace(script)
