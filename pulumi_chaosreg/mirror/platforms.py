"""A subset of an image's platforms: its index, written again with the kept children only.

The digest of that index is another one than upstream's, so signatures of upstream's index do not apply to it; those of
the children do. Leaving children out and keeping the index's bytes is no way: registries refuse an index whose
children they lack (distribution, any version: 400 MANIFEST_BLOB_UNKNOWN).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.platform import fits
from pulumi_chaosreg.oci.manifest import MANIFEST_LIMIT, Descriptor, MalformedManifest, Manifest
from pulumi_chaosreg.oci.problems import RegistryError, problem
from pulumi_chaosreg.oci.store import Store

_OF_ANOTHER = "vnd.docker.reference.digest"
"""The annotation by which an attestation's entry names the child that it is about (BuildKit)."""
_CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")


class LackedPlatformsError(ValueError):
    """The image lacks platforms that are to be kept."""

    def __init__(self, lacked: Sequence[str], has: Sequence[str]) -> None:
        super().__init__(", ".join(lacked))
        self.lacked, self.has = tuple(lacked), tuple(has)


def subset(index: Manifest, platforms: Sequence[str]) -> Manifest:
    """The index with these platforms only: the same bytes for the same index and platforms, on every machine.

    Attestations stay with the child that they are about. An entry that says no platform (an artifact, a nested index)
    stays. Where nothing has to go, the index stays as it is, byte for byte. Raises LackedPlatformsError, and
    MalformedManifest where what is left is larger than 4 MiB: what is not ASCII takes more bytes than before.
    """
    document = json.loads(index.raw)
    entries: list[Any] = document["manifests"] or []
    images = [entry for entry in entries if about(entry) is None]
    known = sorted(set(filter(None, (platform_text(entry.get("platform")) for entry in images))))
    lacked = [wanted for wanted in platforms if not any(fits(platform, wanted) for platform in known)]
    if lacked:
        raise LackedPlatformsError(lacked, known)

    def stays(entry: Any) -> bool:
        platform = platform_text(entry.get("platform"))
        return not platform or any(fits(platform, wanted) for wanted in platforms)

    kept = {entry["digest"] for entry in images if stays(entry)}
    left = [entry for entry in entries if (stays(entry) if about(entry) is None else about(entry) in kept)]
    if len(left) == len(entries):
        return index
    raw = json.dumps({**document, "manifests": left}, separators=(",", ":")).encode()
    return Manifest.parse(raw, index.media_type)


def read_subset(store: Store, repository: str, digest: str, platforms: Sequence[str]) -> Manifest:
    """What an image of the source becomes with these platforms only. Writes nothing.

    An image that is no index stays as it is, if it is for one of them. Raises RegistryError (CHR0332 for platforms that
    the image lacks).
    """
    root = store.get_manifest(repository, digest)
    try:
        return subset(root, platforms) if root.is_index else _single(store, repository, root, platforms)
    except LackedPlatformsError as lacks:
        finding = Finding(
            "CHR0332",
            f"`{store.server}/{repository}@{digest}` has no {' and no '.join(f'`{one}`' for one in lacks.lacked)}",
            notes=(("has", ", ".join(lacks.has) or "none that it lists"),),
            help="correct `mirror.platforms`, or write `platforms: all`",
        )
        raise RegistryError(finding) from None
    except MalformedManifest as malformed:
        cause = f"with these platforms only, {malformed}"
        subject = f"manifest `{digest}`"
        raise problem("CHR0415", server=store.server, repository=repository, subject=subject, cause=cause) from None


def _single(store: Store, repository: str, image: Manifest, platforms: Sequence[str]) -> Manifest:
    """The image itself, if its config says one of the platforms, or none at all."""
    entry = json.loads(image.raw).get("config")
    config = Descriptor.parse(entry) if entry else None
    if config is None or config.media_type not in _CONFIGS:
        return image
    platform = platform_text(read_config(store, repository, config))
    if platform and not any(fits(platform, wanted) for wanted in platforms):
        raise LackedPlatformsError(platforms, [platform])
    return image


def read_config(store: Store, repository: str, blob: Descriptor) -> Any:
    """The JSON of an image's config; None where it is none: an artifact's may be anything, of any size."""
    if blob.size > MANIFEST_LIMIT:
        return None
    with store.open_blob(repository, blob) as chunks:
        raw = b"".join(chunks)
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def platform_text(said: Any) -> str:
    """`linux/arm64`, of an index's entry or a config; empty where it does not say it, or that it does not know."""
    if not isinstance(said, dict):
        return ""
    parts = [str(said.get(key) or "") for key in ("os", "architecture", "variant")]
    return "/".join(filter(None, parts)) if parts[0] and parts[1] and "unknown" not in parts else ""


def attestations(index: Manifest) -> frozenset[str]:
    """The digests of its children that are statements about other children, for no platform (BuildKit)."""
    entries: list[Any] = json.loads(index.raw).get("manifests") or []
    return frozenset(entry["digest"] for entry in entries if about(entry) is not None or _is_for_none(entry))


def _is_for_none(entry: Mapping[str, Any]) -> bool:
    said = entry.get("platform")
    return isinstance(said, dict) and said.get("os") == said.get("architecture") == "unknown"


def about(entry: Mapping[str, Any]) -> str | None:
    """The digest of the child that an attestation is about; None for what is none."""
    annotations = entry.get("annotations")
    if not isinstance(annotations, dict) or _OF_ANOTHER not in annotations:
        return None
    return str(annotations[_OF_ANOTHER])
