"""The image of the Job that `chaosreg mirror-job` prints, made by the scripts of `examples/mirror-job`.

Its Dockerfile runs the same scripts. Here they fill folders, and the lab packs those as layers.
"""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lab.cache import made_once
from lab.network import Network
from lab.oci_image import folder_layer, image, index
from lab.parts.debian_python import RECIPE, architecture, key_of, python_root, run
from lab.places import CHECKOUT
from lab.push import Pusher
from lab.site import Site
from lab.state import MirrorImageState, UpstreamState

_REPOSITORY, _TAG = "chaosreg/mirror", "lab"


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
        made = index([image(architecture(), layers, image_config())], {})
        Pusher(upstream.host).push(_REPOSITORY, _TAG, made)
        return MirrorImageState(f"{upstream.host}/{_REPOSITORY}:{_TAG}@{made.blob.digest}")

    def stop(self, site: Site) -> None:
        """Nothing: it lies in the registry."""

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""


def _layers() -> tuple[Path, Path]:
    """The folders of Python and of our command."""
    python = python_root()
    sources = [path for path in (CHECKOUT / "pulumi_chaosreg").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    parts = [RECIPE / "chaosreg.sh", CHECKOUT / "pyproject.toml", CHECKOUT / "docs/errors.md", *sources]
    return python, made_once(f"mirror-image/chaosreg-{key_of(parts)}", _make_chaosreg)


def _make_chaosreg(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as wheels:
        options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation")
        run(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", wheels, CHECKOUT)
        run("sh", RECIPE / "chaosreg.sh", folder, next(Path(wheels).glob("*.whl")))


def image_config() -> dict[str, object]:
    """What the Dockerfile says too."""
    environment = ["PATH=/usr/bin", "PYTHONDONTWRITEBYTECODE=1", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"]
    return {"Env": environment, "User": "65532:65532", "Entrypoint": ["chaosreg"]}
