"""The image of the Job that `chaosreg mirror --as-job` prints, made by the scripts of `examples/mirror-job`.

Its Dockerfile runs the same scripts. Here they fill folders, and the lab packs those as layers.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lab.cache import made_once
from lab.console import say
from lab.network import Network
from lab.oci_image import folder_layer, image, index
from lab.parts.part import UnavailableError
from lab.places import CHECKOUT
from lab.push import Pusher
from lab.site import Site
from lab.state import MirrorImageState, UpstreamState

RECIPE = CHECKOUT / "examples" / "mirror-job"
_REPOSITORY, _TAG = "chaosreg/mirror", "lab"
_PATIENCE = 60.0


class MirrorImage:
    name = "mirror-image"
    needs: tuple[str, ...] = ("upstream",)

    def describe(self) -> str:
        return "the image of mirror Jobs, in the upstream registry"

    def build(self, network: Network) -> Mapping[str, Path]:
        _layers()
        return {}

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        room = folder / self.name
        room.mkdir(mode=0o700)
        for number, path in enumerate(_layers()):
            (room / f"layer-{number}").symlink_to(path)

    def start(self, site: Site) -> MirrorImageState:
        upstream = site.sections["upstream"]
        assert isinstance(upstream, UpstreamState)
        layers = [folder_layer(path.resolve()) for path in sorted(site.room(self.name).glob("layer-*"))]
        made = index([image(_architecture(), layers, image_config())], {})
        Pusher(upstream.host).push(_REPOSITORY, _TAG, made)
        return MirrorImageState(f"{upstream.host}/{_REPOSITORY}:{_TAG}@{made.blob.digest}")

    def stop(self, site: Site) -> None:
        """Nothing: it lies in the registry."""

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""


def _layers() -> tuple[Path, Path]:
    """The folders of Python and of our command, the first with the machine's network where it is not there yet."""
    if _distribution() != ("debian", "12"):
        raise UnavailableError("it is made from the packages of Debian 12, and this is another system")
    recipe = [RECIPE / name for name in ("python.sh", "requirements.txt")]
    python = made_once(f"mirror-image/python-{_key(recipe)}", _make_python)
    sources = [path for path in (CHECKOUT / "pulumi_chaosreg").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    parts = [RECIPE / "chaosreg.sh", CHECKOUT / "pyproject.toml", CHECKOUT / "docs/errors.md", *sources]
    return python, made_once(f"mirror-image/chaosreg-{_key(parts)}", _make_chaosreg)


def _make_python(folder: Path) -> None:
    say("making the image of mirror Jobs from Debian's packages (10 MB, once)")
    try:
        _run("sh", RECIPE / "python.sh", folder)
    except UnavailableError:
        if os.geteuid() != 0:
            raise
        _run("apt-get", "update", "--quiet")  # its lists may name versions that the mirrors no longer have
        shutil.rmtree(folder)
        _run("sh", RECIPE / "python.sh", folder)


def _make_chaosreg(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as wheels:
        options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation")
        _run(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", wheels, CHECKOUT)
        _run("sh", RECIPE / "chaosreg.sh", folder, next(Path(wheels).glob("*.whl")))


def _run(*command: str | Path) -> None:
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


def _key(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.relative_to(CHECKOUT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:8]


def _distribution() -> tuple[str, str]:
    about = platform.freedesktop_os_release() if shutil.which("apt-get") else {}
    return about.get("ID", ""), about.get("VERSION_ID", "")


def _architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def image_config() -> dict[str, object]:
    """What the Dockerfile says too."""
    environment = ["PATH=/usr/bin", "PYTHONDONTWRITEBYTECODE=1", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"]
    return {"Env": environment, "User": "65532:65532", "Entrypoint": ["chaosreg"]}
