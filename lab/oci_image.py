"""Container images made from nothing, byte for byte the same on every machine; no registry is needed for it."""

import hashlib
import io
import json
import struct
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"

_BLOCK = 0xFFFF
# mtime 0, operating system 255 (unknown): Python's own header differs between versions.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


@dataclass(frozen=True)
class Blob:
    """Some bytes of an image and what they are."""

    media_type: str
    data: bytes

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.data).hexdigest()

    def descriptor(self, **more: object) -> dict[str, object]:
        """How another blob refers to this one."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data), **more}


@dataclass(frozen=True)
class Layer(Blob):
    """A compressed layer; `diff_id` is the digest of the uncompressed one, which the configuration names."""

    diff_id: str


@dataclass(frozen=True)
class Image:
    """The image for one platform."""

    manifest: Blob
    blobs: tuple[Blob, ...]
    architecture: str


@dataclass(frozen=True)
class Index:
    """Images of the same thing for several platforms."""

    blob: Blob
    images: tuple[Image, ...]


def layer(files: Mapping[str, bytes], *, mode: int = 0o644) -> Layer:
    """A layer with these files (absolute paths) and the folders above them."""
    folders = {str(parent) for path in files for parent in PurePosixPath(path).parents} - {"/"}
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted([*folders, *files]):
            entry = tarfile.TarInfo(path.lstrip("/"))  # time, owner and group are 0 unless set
            if path in files:
                entry.size, entry.mode = len(files[path]), mode
                tar.addfile(entry, io.BytesIO(files[path]))
            else:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
    return _layer(output.getvalue())


def folder_layer(folder: Path, *, without: str = "") -> Layer:
    """A layer with all that is in the folder: files, programs and links; owner and times are 0.

    `without` is a folder in it that is left out.
    """
    left_out = folder / without
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(folder.rglob("*")):
            if without and path.is_relative_to(left_out):
                continue
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.mode = 0o755 if path.is_dir() or path.stat(follow_symlinks=False).st_mode & 0o100 else 0o644
            if path.is_symlink():
                entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
                tar.addfile(entry)
            elif path.is_dir():
                entry.type = tarfile.DIRTYPE
                tar.addfile(entry)
            else:
                entry.size = path.stat().st_size
                with path.open("rb") as content:
                    tar.addfile(entry, content)
    return _layer(output.getvalue())


def _layer(plain: bytes) -> Layer:
    return Layer(LAYER, _gzip(plain), "sha256:" + hashlib.sha256(plain).hexdigest())


def image(architecture: str, layers: Sequence[Layer], config: Mapping[str, object]) -> Image:
    """An image for linux on this architecture; `config` has the keys of the OCI image configuration's `config`."""
    configuration = _json(
        CONFIG,
        {
            "architecture": architecture,
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [each.diff_id for each in layers]},
        },
    )
    manifest = _json(
        MANIFEST,
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": configuration.descriptor(),
            "layers": [each.descriptor() for each in layers],
        },
    )
    return Image(manifest, (*layers, configuration), architecture)


def index(images: Sequence[Image], annotations: Mapping[str, str]) -> Index:
    """The index over images of one thing for several architectures."""
    manifests = [
        each.manifest.descriptor(platform={"architecture": each.architecture, "os": "linux"}) for each in images
    ]
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests, "annotations": annotations}
    return Index(_json(INDEX, document), tuple(images))


def archive(one: Image, name: str) -> bytes:
    """The image as an OCI layout in a tar, as `ctr images import` reads it."""
    listed = one.manifest.descriptor(annotations={"io.containerd.image.name": name})
    files = {
        "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
        "index.json": json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [listed]}).encode(),
    }
    for blob in (one.manifest, *one.blobs):
        files["blobs/sha256/" + blob.digest.removeprefix("sha256:")] = blob.data
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as tar:
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return output.getvalue()


def _json(media_type: str, document: object) -> Blob:
    return Blob(media_type, json.dumps(document, sort_keys=True, separators=(",", ":")).encode())


def _gzip(data: bytes) -> bytes:
    """A gzip stream of stored blocks: each implementation of zlib compresses in its own way, and digests must not."""
    blocks = []
    for start in range(0, len(data), _BLOCK):
        block = data[start : start + _BLOCK]
        last = start + _BLOCK >= len(data)
        blocks.append(struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block)
    return _GZIP_HEADER + b"".join(blocks) + struct.pack("<II", zlib.crc32(data), len(data))
