"""What may be signatures of a manifest, among the companions of its image, with the bytes that are needed; bounded."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_chaosreg.mirror.companions import Companion
from pulumi_chaosreg.mirror.signatures.bundle import MEDIA_TYPE
from pulumi_chaosreg.mirror.signatures.refusal import Refused, Why
from pulumi_chaosreg.oci.manifest import Descriptor, referrers_tag
from pulumi_chaosreg.oci.store import Store

MAX_CANDIDATES = 64
"""Candidates that are looked at for one manifest: attestations count too, and each costs a request."""
MAX_SIZE = 1 << 20
"""Bytes of one candidate. Signatures have a few thousand."""

_SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One layer of a companion: a classic signature or a bundle."""

    place: str
    """Where it was found, as a message says it."""
    layer: Descriptor
    annotations: Mapping[str, str] = field(default_factory=dict)
    is_bundle: bool = False

    def content(self, store: Store, repository: str) -> bytes:
        """Its bytes, which have the digest that its manifest says; Refused where it is too large."""
        if self.layer.size > MAX_SIZE:
            raise Refused(Why.UNREADABLE, f"it has {self.layer.size} bytes, but a signature at most {MAX_SIZE}")
        with store.open_blob(repository, self.layer) as chunks:
            return b"".join(chunks)


def candidates(digest: str, companions: Iterable[Companion]) -> Iterator[Candidate]:
    """Those of the manifest with that digest: its `.sig` tag, and referrers of the same two forms."""
    classic = f"{referrers_tag(digest)}.sig"
    for companion in companions:
        root = companion.image.root
        if companion.tag != classic and root.subject != digest:
            continue
        place = f"tag `{companion.tag}`" if companion.tag else f"referrer `{root.digest}`"
        for entry in json.loads(root.raw).get("layers") or ():
            kind = str(entry.get("mediaType", ""))
            if kind == _SIMPLE_SIGNING or kind.startswith(MEDIA_TYPE):
                yield Candidate(
                    place, Descriptor.parse(entry), _texts(entry.get("annotations")), kind != _SIMPLE_SIGNING
                )


def _texts(annotations: Any) -> dict[str, str]:
    entries = annotations.items() if isinstance(annotations, dict) else ()
    return {key: value for key, value in entries if isinstance(value, str)}
