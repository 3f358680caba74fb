"""What moto knows of ECR's repositories, as a registry must know it: which there are, and their images."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.ecr.models import Image, ecr_backends


@dataclass(frozen=True)
class Registry:
    """One account's registry in one region: what a host name of ECR means."""

    account: str
    region: str


class Repository:
    """One repository. Its images are moto's, so that all of ECR's API sees them."""

    _writing = threading.RLock()

    def __init__(self, found: Any, account: str) -> None:
        self._found = found
        self._account = account

    @property
    def name(self) -> str:
        return str(self._found.name)

    def digest_of(self, reference: str) -> str | None:
        """The digest behind a tag, or a digest itself; None where there is no such image."""
        return next((image.get_image_digest() for image in self._images() if _is(image, reference)), None)

    def tags(self) -> list[str]:
        return sorted({tag for image in self._images() for tag in image.image_tags})

    def frozen(self, tag: str) -> bool:
        """Whether the tag may not be moved from one image to another."""
        filters = [each["filter"] for each in self._found.image_tag_mutability_exclusion_filters or ()]
        excluded = any(_matches(pattern, tag) for pattern in filters)
        return str(self._found.image_tag_mutability.removesuffix("_WITH_EXCLUSION")) == (
            "MUTABLE" if excluded else "IMMUTABLE"
        )

    def add(self, reference: str, digest: str, manifest: str, media_type: str) -> None:
        """An image that was pushed, by its digest or with a tag, which leaves the image that had it."""
        tag = None if ":" in reference else reference
        with self._writing:
            for image in self._images():
                if image.get_image_digest() != digest:
                    image.remove_tag(tag)
            known = next((image for image in self._images() if image.get_image_digest() == digest), None)
            if known is None:
                known = Image(self._account, tag, manifest, self.name, media_type, digest)
                self._found.images.append(known)
            elif tag:
                known.update_tag(tag)

    def remove(self, digest: str) -> None:
        with self._writing:
            self._found.images[:] = [image for image in self._images() if image.get_image_digest() != digest]

    def referrers(self, digest: str) -> list[dict[str, Any]]:
        """Descriptors of the images whose subject this is."""
        return [descriptor for image in self._images() for descriptor in _referring(image, digest)]

    def _images(self) -> list[Any]:
        return list(self._found.images)


def find(registry: Registry, name: str) -> Repository | None:
    """The repository of that name, if ECR's API has made it."""
    found = ecr_backends[registry.account][registry.region].repositories.get(name)
    return Repository(found, registry.account) if found else None


def names(registry: Registry) -> list[str]:
    return sorted(ecr_backends[registry.account][registry.region].repositories)


def _is(image: Any, reference: str) -> bool:
    return bool(image.get_image_digest() == reference if ":" in reference else reference in image.image_tags)


def _matches(pattern: str, tag: str) -> bool:
    """A filter of the type WILDCARD: `*` is anything, and nothing else is special."""
    return re.fullmatch(".*".join(re.escape(piece) for piece in pattern.split("*")), tag) is not None


def _referring(image: Any, digest: str) -> Iterator[dict[str, Any]]:
    manifest = json.loads(image.image_manifest)
    if (manifest.get("subject") or {}).get("digest") != digest:
        return
    yield {
        "mediaType": image.image_manifest_media_type,
        "digest": image.get_image_digest(),
        "size": len(image.image_manifest.encode()),
        "artifactType": manifest.get("artifactType") or (manifest.get("config") or {}).get("mediaType"),
        **({"annotations": manifest["annotations"]} if manifest.get("annotations") else {}),
    }
