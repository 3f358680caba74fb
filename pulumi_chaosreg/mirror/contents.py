"""A layout's contents.json: what was put into it, for the people who carry it and those who let it in."""

import json
from collections.abc import Iterable
from typing import Any

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import COMPANION_TAG, Reference
from pulumi_chaosreg.mirror.companions import Companion, Tags, read_companions
from pulumi_chaosreg.mirror.image import Image, read_image
from pulumi_chaosreg.mirror.platforms import platform_text, read_config
from pulumi_chaosreg.oci.layout import Layout
from pulumi_chaosreg.oci.store import Store


def describe(layout: Layout) -> bytes:
    """For each image its source, digest, platforms, size, and the signatures and other companions that go along."""
    images: list[dict[str, Any]] = []
    sizes: dict[str, int] = {}
    tags: dict[str, Tags] = {}
    for name in layout.names():
        reference = _reference(name)
        if reference is None or not reference.tag or COMPANION_TAG.fullmatch(reference.tag):
            continue
        store, repository = layout.holding(reference.server), reference.repository
        if not store.head_manifest(repository, reference.tag):  # another tool's, which may leave things out
            continue
        image = read_image(store, repository, reference.tag, keep_foreign=True)
        beside = tags.setdefault(reference.server, Tags(store))
        companions = read_companions(store, repository, image, beside)
        parts = _sizes([image, *(companion.image for companion in companions)])
        sizes |= parts
        images.append(
            {
                "image": name,
                "digest": image.root.digest,
                "mediaType": image.root.media_type,
                "platforms": sorted(set(_platforms(store, repository, image))),
                "bytes": sum(parts.values()),
                "companions": [_companion(companion) for companion in companions],
            }
        )
    document = {"images": images, "bytes": sum(sizes.values()), "blobs": len(sizes)}
    return json.dumps(document, indent=1).encode() + b"\n"


def _reference(name: str) -> Reference | None:
    """What the name says; None for another tool's."""
    try:
        reference = Reference.parse(name)
    except ChaosregError:
        return None
    return reference if reference.tagged == name else None


def _companion(companion: Companion) -> dict[str, Any]:
    root = companion.image.root
    described = {"digest": root.digest, "mediaType": root.media_type, "of": root.subject, "tag": companion.tag}
    kind = root.as_referrer().get("artifactType")
    return {key: value for key, value in {**described, "artifactType": kind}.items() if value}


def _sizes(images: Iterable[Image]) -> dict[str, int]:
    """Digest → bytes of every manifest and blob."""
    found: dict[str, int] = {}
    for image in images:
        found |= {manifest.digest: manifest.size for manifest in image.manifests}
        found |= {blob.digest: blob.size for blob in image.blobs}
    return found


def _platforms(store: Store, repository: str, image: Image) -> Iterable[str]:
    """`linux/arm64/v8`, as the index says; where it says nothing, as the image's config says."""
    said: dict[str, Any] = {}
    for index in image.manifests:
        if index.children:
            said |= {entry["digest"]: entry.get("platform") for entry in json.loads(index.raw)["manifests"]}
    for manifest in image.manifests:
        if not manifest.children and manifest.blobs:
            told = said.get(manifest.digest) or read_config(store, repository, manifest.blobs[0])
            yield from filter(None, [platform_text(told)])
