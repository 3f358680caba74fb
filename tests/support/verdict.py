"""The judge: asks a registry for everything behind its tags, with nothing of the client under test."""

import json
from collections.abc import Iterator

import urllib3

from pulumi_chaosreg.credentials.login import Login
from tests.support.builder import digest_of

_ACCEPT = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.index.v1",
        "oci.image.manifest.v1",
        "docker.distribution.manifest.list.v2",
        "docker.distribution.manifest.v2",
    )
)


def whole_tags(
    host: str, repository: str, login: Login | None = None, proved: set[str] | None = None
) -> dict[str, str]:
    """Tag → digest of all tags of the repository, each of them proved: every manifest and every blob below is there
    and has the digest that it is asked for by. AssertionError where something is missing or wrong. What is in `proved`
    was proved before in this repository, and is added to.
    """
    headers = {"Accept": _ACCEPT} | ({"Authorization": f"Basic {login.basic}"} if login else {})
    pool = urllib3.PoolManager(headers=headers, retries=False)
    base = f"http://{host}/v2/{repository}"
    listed = pool.request("GET", f"{base}/tags/list")
    if listed.status == 404:
        return {}
    assert listed.status == 200, listed.data
    proved = set() if proved is None else proved
    return {tag: _prove(pool, base, tag, proved) for tag in listed.json()["tags"] or ()}


def _prove(pool: urllib3.PoolManager, base: str, name: str, proved: set[str]) -> str:
    raw = _body(pool, f"{base}/manifests/{name}")
    digest = digest_of(raw)
    assert digest == name or ":" not in name, f"{base}: {name} has the content of {digest}"
    document = json.loads(raw)
    for child in document.get("manifests") or ():
        if child["digest"] not in proved:
            _prove(pool, base, child["digest"], proved)
    for blob in set(_blobs(document)) - proved:
        found = digest_of(_body(pool, f"{base}/blobs/{blob}"))
        assert found == blob, f"{base}: {blob} has the content of {found}"
        proved.add(blob)
    proved.add(digest)
    return digest


def _blobs(document: dict[str, object]) -> Iterator[str]:
    config = document.get("config")
    for entry in [*([config] if config else []), *(document.get("layers") or [])]:
        yield entry["digest"]


def _body(pool: urllib3.PoolManager, url: str) -> bytes:
    answer = pool.request("GET", url)
    assert answer.status == 200, f"{url}: {answer.status} {answer.data[:200]!r}"
    return answer.data
