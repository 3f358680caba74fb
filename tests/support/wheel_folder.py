"""Wheels for a `pip install` without network, as in the lab's namespace.

Ours is built from this checkout. The others are a stand-in for a package index: the packages of this environment,
packed into wheels again.
"""

import importlib.metadata
import importlib.util
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_CHECKOUT = Path(__file__).resolve().parents[2]
_OURS = "pulumi-chaosreg"
_LEFT_OUT = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json")
"""Files of a .dist-info that pip writes when it installs."""


def fill(folder: Path, extra: str = "") -> None:
    """Write a wheel of our package and of everything that it needs, with that extra if one is named."""
    folder.mkdir()
    warnings.warn("stand-in: the package index is a folder of this environment's packages", stacklevel=2)
    for name in _needed(_OURS, extra):
        _pack(name, _installed_files(name), folder)
    if importlib.util.find_spec("hatchling"):
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        subprocess.run([*command, "--wheel-dir", folder, _CHECKOUT], check=True)
    else:
        warnings.warn("stand-in: our wheel is packed by the test, because hatchling is not installed", stacklevel=2)
        source = {
            str(path.relative_to(_CHECKOUT)): path
            for path in (_CHECKOUT / "pulumi_chaosreg").rglob("*")
            if path.is_file() and path.suffix != ".pyc"
        }
        source["pulumi_chaosreg/errors.md"] = _CHECKOUT / "docs/errors.md"
        _pack(_OURS, _about(_OURS) | source, folder)


def _needed(name: str, extra: str) -> set[str]:
    """The names of all distributions that this one needs, without itself."""
    found: set[str] = set()
    waiting = [(name, ("", extra))]
    while waiting:
        of, extras = waiting.pop()
        for text in importlib.metadata.requires(of) or ():
            requirement = Requirement(text)
            wanted = requirement.marker is None or any(requirement.marker.evaluate({"extra": one}) for one in extras)
            if wanted and (other := canonicalize_name(requirement.name)) not in found:
                found.add(other)
                waiting.append((other, ("", *requirement.extras)))
    return found


def _installed_files(name: str) -> Mapping[str, Path]:
    """Without programs, which pip makes anew."""
    files = importlib.metadata.distribution(name).files or ()
    kept = (one for one in files if not str(one).startswith("..") and one.suffix != ".pyc")
    return {str(one): Path(str(one.locate())) for one in kept if one.name not in _LEFT_OUT}


def _about(name: str) -> dict[str, Path]:
    return {path: place for path, place in _installed_files(name).items() if ".dist-info/" in path}


def _pack(name: str, files: Mapping[str, Path], folder: Path) -> None:
    about = next(path.partition("/")[0] for path in files if ".dist-info/" in path)
    wheel = files[f"{about}/WHEEL"].read_text("utf-8")
    tags = (line.removeprefix("Tag: ") for line in wheel.splitlines() if line.startswith("Tag: "))
    tag = next(tag for tag in tags if not tag.startswith("py2"))  # one for both Pythons has a line for each
    file = folder / f"{about.removesuffix('.dist-info')}-{tag}.whl"
    with zipfile.ZipFile(file, "w") as packed:
        for path, place in files.items():
            packed.write(place, path)
        packed.writestr(f"{about}/RECORD", "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"]))
