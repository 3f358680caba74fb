"""Putting the lab's images into a registry; not the product's mirror, so that neither tests the other."""

from urllib.parse import urljoin

import urllib3

from lab.errors import LabError
from lab.oci_image import Blob, Index


class Pusher:
    """Pushes to one registry over plain http; blobs that another repository has already are mounted from there."""

    def __init__(self, host: str, login: tuple[str, str] | None = None) -> None:
        self._base = f"http://{host}"
        self._pool = urllib3.PoolManager()
        self._headers = dict(urllib3.make_headers(basic_auth=":".join(login)) if login else {})
        self._homes: dict[str, str] = {}

    def push(self, repository: str, tag: str, index: Index) -> None:
        """Blobs first, then the manifests, the tag last."""
        for image in index.images:
            for blob in image.blobs:
                self._push_blob(repository, blob)
            self._put_manifest(repository, image.manifest.digest, image.manifest)
        self._put_manifest(repository, tag, index.blob)

    def _push_blob(self, repository: str, blob: Blob) -> None:
        home = self._homes.get(blob.digest)
        if home == repository:
            return
        query = f"?mount={blob.digest}&from={home}" if home else ""
        answer = self._request("POST", f"{self._base}/v2/{repository}/blobs/uploads/{query}")
        if answer.status == 202:
            place = urljoin(self._base, answer.headers["Location"])
            target = f"{place}{'&' if '?' in place else '?'}digest={blob.digest}"
            answer = self._request("PUT", target, blob.data, "application/octet-stream")
        _expect_created(answer)
        self._homes.setdefault(blob.digest, repository)

    def _put_manifest(self, repository: str, reference: str, manifest: Blob) -> None:
        url = f"{self._base}/v2/{repository}/manifests/{reference}"
        _expect_created(self._request("PUT", url, manifest.data, manifest.media_type))

    def _request(
        self, method: str, url: str, body: bytes | None = None, kind: str | None = None
    ) -> urllib3.BaseHTTPResponse:
        headers = {**self._headers, **({"Content-Type": kind} if kind else {})}
        return self._pool.request(method, url, body=body, headers=headers)


def _expect_created(answer: urllib3.BaseHTTPResponse) -> None:
    if answer.status != 201:
        raise LabError(f"a push to the lab's registry was answered with {answer.status}: {answer.data[:300]!r}")
