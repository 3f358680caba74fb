"""The image sets of the mirror's benchmark: made of seeds, incompressible, for several platforms; and what copying them
takes at least.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from lab.oci_image import Image, Index, Layer, image, index, layer
from lab.push import Pusher

MB = 1_000_000
CHAOS_IMAGES = (
    "chaos-ddcr",
    "chaos-ddcr-faults",
    "chaos-go-runner",
    "chaos-k8s-ifs",
    "chaos-log-watcher",
    "chaos-machine-ifs",
    "chaos-dashboard",
    "chaos-exporter",
    "chaos-operator",
    "chaos-runner",
    "chaos-subscriber",
    "service-discovery-collector",
)
PLATFORMS = ("amd64", "arm64")


@dataclass(frozen=True)
class Stored:
    """An image in a registry: what a plan has to know of it, without the bytes."""

    name: str
    tag: str
    digest: str
    manifests: tuple[str, ...]
    """Digests, the image's own one included."""
    blobs: Mapping[str, int] = field(repr=False)
    """Digest → size."""


@dataclass(frozen=True)
class Bound:
    """What no tool can do with less, when it knows the digests that it wants and nothing of the target."""

    bytes: int
    blobs: int
    mounts: int
    manifests: int
    source_requests: int
    target_requests: int

    def document(self) -> dict[str, int]:
        """For the results."""
        return asdict(self)


Recipe = Iterator[tuple[str, str, Index]]
"""Name, tag and image, one after the other: all of them at once would take much memory."""


def twelve(scale: float) -> Recipe:
    """12 images of 270 MB in all: three layers of 30 MB that all have, and 15 MB of their own, half per platform."""
    shared = [_layer(f"shared {number}", 30 * MB * scale) for number in range(3)]
    for name in CHAOS_IMAGES:
        layers = {arch: [*shared, _layer(f"{name} {arch}", 7.5 * MB * scale)] for arch in PLATFORMS}
        yield name, "1.94.0", _index(name, layers)


def one_large(scale: float) -> Recipe:
    """One image of five layers of 50 MB."""
    layers = [_layer(f"large {number}", 50 * MB * scale) for number in range(5)]
    yield "chaos-large", "1.94.0", _index("chaos-large", {"amd64": layers})


def two_hundred(scale: float) -> Recipe:
    """40 repositories with five releases each; the last release is new. 122 MB in all, 22 MB new."""
    shared = [_layer(f"base {number}", MB * scale) for number in range(2)]
    for number in range(40):
        name = f"chaos-fault-{number}"
        common = [*shared, _layer(name, MB * scale / 2)]
        for release in range(90, 95):
            tag = f"1.{release}.0"
            layers = {arch: [*common, _layer(f"{name}:{tag} {arch}", MB * scale / 4)] for arch in PLATFORMS}
            yield name, tag, _index(f"{name}:{tag}", layers)


def is_new(stored: Stored) -> bool:
    """Which of the two hundred the target does not have yet."""
    return stored.tag == "1.94.0"


def push_all(
    recipe: Recipe, host: str, prefix: str, wanted: Callable[[str, str], bool] = lambda _name, _tag: True
) -> list[Stored]:
    """Put those that are wanted into the registry, as `prefix/NAME:TAG`."""
    pusher, stored = Pusher(host), []
    for name, tag, made in recipe:
        if wanted(name, tag):
            pusher.push(f"{prefix}/{name}", tag, made)
            stored.append(_stored(name, tag, made))
    return stored


def bound(images: Sequence[Stored], present: Collection[Stored] = ()) -> Bound:
    """What copying these images takes at least where `present` is at the target already.

    At the source: each manifest and each blob once. At the target: one question per image, two requests for a blob
    that is sent (the upload is opened, then filled), one for each other repository that it is mounted into, and one
    for each manifest. No looking afterwards, no login.
    """
    in_repository = {(old.name, blob) for old in present for blob in old.blobs}
    in_repository |= {(old.name, manifest) for old in present for manifest in old.manifests}
    on_server = {digest for _, digest in in_repository}
    missing = [new for new in images if (new.name, new.digest) not in in_repository]
    sizes = {digest: size for new in missing for digest, size in new.blobs.items() if digest not in on_server}
    placed = {(new.name, digest) for new in missing for digest in new.blobs} - in_repository
    manifests = {(new.name, digest) for new in missing for digest in new.manifests} - in_repository
    mounts = len(placed) - len(sizes)
    return Bound(
        bytes=sum(sizes.values()),
        blobs=len(sizes),
        mounts=mounts,
        manifests=len(manifests),
        source_requests=len(manifests) + len(sizes),
        target_requests=len(images) + 2 * len(sizes) + mounts + len(manifests),
    )


def _index(seed: str, layers: Mapping[str, Sequence[Layer]]) -> Index:
    labels = {"Labels": {"org.opencontainers.image.title": seed}}
    images = [image(architecture, own, labels) for architecture, own in layers.items()]
    return index(images, {"org.opencontainers.image.title": seed})


def _layer(seed: str, size: float) -> Layer:
    # The stored blocks of its gzip stream are noise: nothing to gain for a tool that compresses, nothing lost either.
    return layer({"/usr/share/chaos/data": hashlib.shake_128(seed.encode()).digest(max(1, int(size)))})


def _stored(name: str, tag: str, made: Index) -> Stored:
    blobs = {digest: size for one in made.images for digest, size in _sizes(one)}
    return Stored(name, tag, made.blob.digest, (*(one.manifest.digest for one in made.images), made.blob.digest), blobs)


def _sizes(one: Image) -> Iterator[tuple[str, int]]:
    for blob in one.blobs:
        yield blob.digest, len(blob.data)
