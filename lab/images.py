"""Stand-ins for Harness's images: real names and tags, several platforms, and a program that runs, but not Harness's.

Every one says so, in its labels and in the line that it prints at its start.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.cache import made_once
from lab.console import say
from lab.oci_image import Index, Layer, image, index, layer
from lab.programs import program
from lab.push import Pusher
from lab.registry import RegistryServer

ARCHITECTURES = ("amd64", "arm64")
STAND_IN_LABEL = "io.chaosreg.stand-in"

_OS_RELEASE = b'ID=chaosreg-stand-in\nPRETTY_NAME="Stand-in of the chaosreg lab"\n'
_CERTIFICATES = b"# A stand-in has no certificates: this file only makes the layer look like a real base image.\n"


def fill(
    host: str,
    images: Iterable[tuple[str, str]],
    *,
    account: str = "harness",
    program: Mapping[str, Path],
    login: tuple[str, str] | None = None,
) -> dict[str, str]:
    """Push a stand-in for every (name, tag) below `account`; `program` has one static binary per architecture.

    Returns `name:tag` → digest of the image index.
    """
    pusher = Pusher(host, login)
    base = base_layer()
    programs = {
        architecture: layer({"/stand-in": path.read_bytes()}, mode=0o755) for architecture, path in program.items()
    }
    digests = {}
    for name, tag in images:
        made = stand_in(f"{account}/{name}", tag, base, programs)
        pusher.push(f"{account}/{name}", tag, made)
        digests[f"{name}:{tag}"] = made.blob.digest
    return digests


def stand_in(name: str, tag: str, base: Layer, programs: Mapping[str, Layer]) -> Index:
    """The image index of one stand-in: shared base layer, program layer per architecture, a layer of its own."""
    own = layer(
        {"/etc/chaos-image": f"{name} {tag}\n".encode(), "/usr/share/chaos/data": noise(f"{name}:{tag}", 100_000)}
    )
    labels = {
        STAND_IN_LABEL: "true",
        "org.opencontainers.image.title": f"{name}:{tag} (stand-in)",
        "org.opencontainers.image.description": "A stand-in of the chaosreg lab. Not made by Harness.",
    }
    config = {
        "Entrypoint": ["/stand-in"],
        "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", f"CHAOS_IMAGE={name}:{tag}"],
        "User": "65532",
        "WorkingDir": "/",
        "Labels": labels,
    }
    platforms = [image(architecture, [base, layer, own], config) for architecture, layer in programs.items()]
    return index(platforms, {STAND_IN_LABEL: "true"})


def base_layer() -> Layer:
    """What all stand-ins share, about 2 MB that do not compress."""
    return layer(
        {
            "/etc/os-release": _OS_RELEASE,
            "/etc/ssl/certs/ca-certificates.crt": _CERTIFICATES,
            "/usr/share/chaos/base": noise("base", 2_000_000),
        }
    )


def noise(seed: str, size: int) -> bytes:
    """Bytes that do not compress and are the same on every machine."""
    return hashlib.shake_256(seed.encode()).digest(size)


def default_images() -> list[tuple[str, str]]:
    """The (name, tag) of the releases that the example company uses, and of one newer release to upgrade to."""
    from pulumi_chaosreg.images.catalogue import load_catalogue  # late: most of the lab works without the product

    catalogue = load_catalogue()
    wanted = [("1.93.0", "ddcr"), ("1.53.1", "dedicated"), (catalogue.newest, "ddcr")]
    needed = (catalogue.release(version).images(kind) for version, kind in wanted)
    return sorted({(name, tag) for images in needed for name, tags in images.items() for tag in tags})


def filled_storage(binary: Path) -> Path:
    """A registry's storage folder with all default images, from the cache; `digests.json` beside it lists them."""
    programs = {architecture: program("stand-in", architecture) for architecture in ARCHITECTURES}
    images = default_images()
    recipe = [Path(__file__).read_bytes(), Path(__file__).with_name("oci_image.py").read_bytes()]
    key = hashlib.sha256(b"".join([*recipe, *(path.read_bytes() for path in programs.values())]))
    key.update(json.dumps(images).encode())

    def make(folder: Path) -> None:
        say(f"making {len(images)} stand-in images (once)")
        with RegistryServer(folder, binary=binary) as server:
            digests = fill(server.host, images, program=programs)
        (folder / "digests.json").write_text(json.dumps(digests, indent=1), "utf-8")

    return made_once(f"images/{key.hexdigest()[:8]}", make) / "storage"


def copy_storage(source: Path, target: Path) -> None:
    """A copy, not links: what a running registry does to its files must not reach the cache."""
    shutil.copytree(source, target, dirs_exist_ok=True)
