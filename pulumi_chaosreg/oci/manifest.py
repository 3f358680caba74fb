"""Descriptors and manifests. The bytes as they came are kept beside what was read from them: writing the JSON
again would change the digest.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_chaosreg.images.reference import DIGEST

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
READABLE = (OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST)
"""What we ask for. Without an Accept header distribution answers 404."""

MANIFEST_LIMIT = 4 << 20
"""Bytes; the size that every registry must accept by the distribution spec."""

_MAX_SIZE = 1 << 60
"""Bytes of a blob, 1 EiB: a size above is no size, and overflows where a file is to get it."""
_MAX_DEPTH = 100
"""Python's own limit depends on who calls: what was read here could not be read or written again further down."""
_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+"
_GENERIC = ("", "application/json", "application/octet-stream", "text/plain")


class MalformedManifest(ValueError):  # noqa: N818
    """The bytes are not a manifest that we can copy; the text says why."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a manifest says about a blob or another manifest."""

    media_type: str
    digest: str
    size: int
    urls: tuple[str, ...] = ()

    @classmethod
    def parse(cls, entry: Any) -> "Descriptor":
        """Read one entry of `manifests` or `layers`; MalformedManifest where it is none."""
        match entry:
            case {"digest": str(digest), "size": int(size)} if (
                DIGEST.match(digest) and not isinstance(size, bool) and 0 <= size <= _MAX_SIZE
            ):
                return cls(_text(entry, "mediaType"), digest, size, _texts(entry.get("urls")))
        raise MalformedManifest("one of its descriptors has no valid digest and size")

    @property
    def distributable(self) -> bool:
        """False for layers that only their vendor may hand out, from addresses of his own."""
        return not self.urls and "foreign" not in self.media_type and "nondistributable" not in self.media_type


@dataclass(frozen=True, slots=True)
class Manifest:
    """An image manifest, an index, or a manifest of a kind that we do not know but keep byte for byte."""

    raw: bytes = field(repr=False)
    media_type: str
    digest: str
    children: tuple[Descriptor, ...] = ()
    """The manifests of an index, for all platforms, attestations too."""
    blobs: tuple[Descriptor, ...] = ()
    """Config and layers, in the order of the manifest; the same blob may stand there twice."""
    subject: str | None = None
    """The digest of the manifest that this one refers to: a signature's image."""
    is_index: bool = False
    """Whether it lists manifests, if only none."""

    @classmethod
    def parse(cls, raw: bytes, content_type: str = "", algorithm: str = "sha256") -> "Manifest":
        """Read the bytes of a manifest; MalformedManifest where they are none. The digest is computed, not believed."""
        if len(raw) > MANIFEST_LIMIT:
            raise MalformedManifest("it is larger than 4 MiB")
        media_type = content_type.partition(";")[0].strip()
        if media_type.startswith(_SCHEMA_1):
            raise MalformedManifest("it is of Docker's schema 1, which has no digests of its layers' content")
        try:
            document = json.loads(raw)
        except (ValueError, RecursionError):  # a thousand brackets are no manifest either
            document = None
        if not isinstance(document, dict):
            raise MalformedManifest("it is not JSON")
        if _nests_deeper(document, _MAX_DEPTH):
            raise MalformedManifest(f"it is nested more than {_MAX_DEPTH} deep")
        return cls(
            raw,
            _media_type(media_type, document),
            digest_of(raw, algorithm),
            tuple(map(Descriptor.parse, _entries(document, "manifests"))),
            tuple(map(Descriptor.parse, _blob_entries(document))),
            Descriptor.parse(document["subject"]).digest if document.get("subject") is not None else None,
            "manifests" in document,
        )

    def as_referrer(self) -> dict[str, Any]:
        """The descriptor by which a list of referrers names this manifest (distribution spec 1.1)."""
        document = json.loads(self.raw)
        config = document.get("config")
        kind = document.get("artifactType") or (config.get("mediaType") if isinstance(config, dict) else None)
        more = {"artifactType": kind, "annotations": document.get("annotations")}
        described = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        return described | {key: value for key, value in more.items() if value}

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.raw)


def index_of_referrers(entries: Iterable[Mapping[str, Any]]) -> Manifest:
    """The index that stands in for the referrers API under the tag of `referrers_tag`."""
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)}
    return Manifest.parse(json.dumps(document, separators=(",", ":")).encode(), OCI_INDEX)


def referrers_tag(digest: str) -> str:
    """The tag that lists a manifest's referrers on registries without the referrers API: `sha256-<hex>`.

    Of a longer digest it has 64 digits only (distribution specification 1.1): tags end at 128 characters.
    """
    algorithm, _, digits = digest.partition(":")
    return f"{algorithm}-{digits[:64]}"


def algorithm_of(digest: str) -> str:
    """`sha256`, or what else is before the colon."""
    return digest.partition(":")[0]


def digest_of(raw: bytes, algorithm: str = "sha256") -> str:
    """`sha256:<hex>` of the bytes."""
    return f"{algorithm}:{hashlib.new(algorithm, raw).hexdigest()}"


def _nests_deeper(document: Any, most: int) -> bool:
    level = [document]
    for _ in range(most):
        level = [inner for one in level if isinstance(one, dict | list) for inner in _inside(one)]
    return any(isinstance(one, dict | list) for one in level)


def _inside(one: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return one.values() if isinstance(one, dict) else one


def _text(entry: Mapping[str, Any], key: str) -> str:
    text = entry.get(key)
    if text is not None and not isinstance(text, str):
        raise MalformedManifest(f"the `{key}` of one of its descriptors is not a string")
    return text or ""


def _texts(listed: Any) -> tuple[str, ...]:
    """The addresses of a layer that only its vendor hands out: unread, it would be handed out by us."""
    if listed is not None and not (isinstance(listed, list) and all(isinstance(text, str) for text in listed)):
        raise MalformedManifest("the `urls` of one of its descriptors are not a list of strings")
    return tuple(listed or ())


def _media_type(header: str, document: Mapping[str, Any]) -> str:
    """The type to push with. Header and body must agree: else two readers see two images (CVE-2021-41190)."""
    own = str(document.get("mediaType") or "")
    if document.get("schemaVersion") == 1:
        raise MalformedManifest("it is of Docker's schema 1, which has no digests of its layers' content")
    if "manifests" in document and ("layers" in document or "config" in document):
        raise MalformedManifest("it is both an index and an image")
    if header in _GENERIC:
        return own or (OCI_INDEX if "manifests" in document else OCI_MANIFEST)
    if own and own != header:
        raise MalformedManifest(f"it calls itself `{own}` but was served as `{header}`")
    return header


def _blob_entries(document: Mapping[str, Any]) -> list[Any]:
    config = document.get("config")
    return [*([config] if config is not None else []), *_entries(document, "layers"), *_entries(document, "blobs")]


def _entries(document: Mapping[str, Any], key: str) -> list[Any]:
    """None is how Go writes an empty list; another type is none."""
    entries = document.get(key)
    if entries is not None and not isinstance(entries, list):
        raise MalformedManifest(f"its `{key}` is not a list")
    return entries or []
