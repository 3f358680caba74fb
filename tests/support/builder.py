"""Images made of seeds, and a plain way to push them: independent of the client under test."""

import hashlib
import json
import random
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urljoin

import urllib3

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker.distribution.manifest."
LAYER = OCI + "layer.v1.tar+gzip"


@dataclass(frozen=True)
class Tree:
    """A manifest, what it needs, and its bytes, which are never written again."""

    media_type: str
    raw: bytes
    blobs: tuple[bytes, ...] = ()
    children: tuple["Tree", ...] = ()

    @property
    def digest(self) -> str:
        return digest_of(self.raw)

    def everything(self) -> Iterator["Tree"]:
        """Children before parents."""
        for child in self.children:
            yield from child.everything()
        yield self

    def blob_digests(self) -> set[str]:
        return {digest_of(blob) for tree in self.everything() for blob in tree.blobs}


def digest_of(raw: bytes) -> str:
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


@cache
def layer(seed: str, size: int = 100_000) -> bytes:
    """Incompressible bytes, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def image(
    *layers: bytes, docker: bool = False, layer_type: str = LAYER, urls: Sequence[str] = (), **config: str
) -> Tree:
    """An image manifest; `config` makes its config unique. Written with blanks, as some builders do."""
    settings = json.dumps({"os": "linux", "architecture": "amd64", **config}).encode()
    entries = [{**_entry(layer_type, raw), **({"urls": list(urls)} if urls else {})} for raw in layers]
    document = {
        "schemaVersion": 2,
        "mediaType": DOCKER + "v2+json" if docker else OCI + "manifest.v1+json",
        "config": _entry(OCI + "config.v1+json", settings),
        "layers": entries,
    }
    return Tree(str(document["mediaType"]), json.dumps(document, indent=3).encode(), (settings, *layers))


def index(*children: Tree, docker: bool = False, **annotations: str) -> Tree:
    """An index over images or other indexes."""
    media_type = DOCKER + "list.v2+json" if docker else OCI + "index.v1+json"
    manifests = [_entry(child.media_type, child.raw) for child in children]
    document = {"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}
    if annotations:
        document["annotations"] = annotations
    return Tree(media_type, json.dumps(document, indent=1).encode(), (), children)


def platform_index(children: Mapping[str, Tree], *, docker: bool = False) -> Tree:
    """An index as BuildKit writes it: platform → image, and behind them an attestation about each."""
    described, about = [], []
    for platform, child in children.items():
        system, architecture, *variant = platform.split("/")
        said = {"architecture": architecture, "os": system, **({"variant": variant[0]} if variant else {})}
        described.append({**_entry(child.media_type, child.raw), "platform": said})
        statement = layer(f"statement about {child.digest}", 500)
        attestation = image(statement, layer_type="application/vnd.in-toto+json", architecture="unknown", os="unknown")
        annotations = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": child.digest}
        unknown = {"architecture": "unknown", "os": "unknown"}
        entry = {**_entry(attestation.media_type, attestation.raw), "annotations": annotations, "platform": unknown}
        about.append((attestation, entry))
    media_type = DOCKER + "list.v2+json" if docker else OCI + "index.v1+json"
    manifests = [*described, *(entry for _, entry in about)]
    document = {"schemaVersion": 2, "mediaType": media_type, "manifests": manifests, "annotations": {"made": "here"}}
    return Tree(media_type, json.dumps(document, indent=2).encode(), (), (*children.values(), *(a for a, _ in about)))


def referring(
    subject: Tree,
    payload: bytes,
    kind: str = "application/vnd.example.signature",
    layer_type: str = "application/octet-stream",
) -> Tree:
    """A manifest that refers to another one, as a signature does."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI + "manifest.v1+json",
        "artifactType": kind,
        "config": _entry("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [_entry(layer_type, payload)],
        "subject": _entry(subject.media_type, subject.raw),
        "annotations": {"of": subject.digest},
    }
    return Tree(str(document["mediaType"]), json.dumps(document, indent=2).encode(), (b"{}", payload))


def push(host: str, repository: str, tag: str, tree: Tree, login: tuple[str, str] | None = None) -> Tree:
    """Write everything of the tree, the tag last; returns the tree."""
    headers = {"Authorization": f"Basic {b64encode(':'.join(login).encode()).decode()}"} if login else {}
    pool = urllib3.PoolManager(headers=headers)
    base = f"http://{host}/v2/{repository}"
    for part in tree.everything():
        for blob in part.blobs:
            push_blob(pool, base, blob)
        name = tag if part is tree else part.digest
        content = {**headers, "Content-Type": part.media_type}
        _created(pool.request("PUT", f"{base}/manifests/{name}", body=part.raw, headers=content))
    return tree


def push_blob(pool: urllib3.PoolManager, base: str, blob: bytes) -> None:
    """One POST and one PUT."""
    url = f"{base}/blobs/uploads/"
    location = urljoin(url, pool.request("POST", url).headers["Location"])  # relative, from olareg
    mark = "&" if "?" in location else "?"
    _created(pool.request("PUT", f"{location}{mark}digest={digest_of(blob)}", body=blob))


def _entry(media_type: str, raw: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(raw), "size": len(raw)}


def _created(answer: urllib3.BaseHTTPResponse) -> None:
    assert answer.status == 201, answer.data
