"""The few requests to the Kubernetes API that the stand-in needs. Nothing here knows Pulumi."""

import json
import os
import ssl
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lab.plugins.kubernetes.errors import ApiError, UnreachableError
from lab.plugins.kubernetes.kinds import Kind
from lab.plugins.kubernetes.kubeconfig import Access
from lab.plugins.protocol.values import Object

if TYPE_CHECKING:
    import urllib3

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 30.0


class Api:
    """One API server. Safe to share between threads."""

    def __init__(self, access: Access) -> None:
        self.namespace = access.namespace
        self._server = access.server
        self._headers = {"Accept": "application/json", "User-Agent": "pulumi-kubernetes-stand-in"}
        if access.token:
            self._headers["Authorization"] = f"Bearer {access.token}"
        self._pool = _pool(access)

    def probe(self) -> None:
        """Raise `UnreachableError` unless the server answers and lets us in."""
        try:
            self._request("GET", "/api/v1")
        except ApiError as error:
            raise UnreachableError(f"unable to load schema information from the API server: {error}") from None

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        return self._request("GET", _path(kind, namespace, name))

    def pods_of(self, namespace: str, job: str) -> list[Object]:
        """The Pods that the controller of Jobs has made for this one."""
        path = f"/api/v1/namespaces/{namespace}/pods?labelSelector=batch.kubernetes.io%2Fjob-name%3D{job}"
        return list(self._request("GET", path).get("items") or [])

    def create(self, kind: Kind, body: Object, manager: str, *, dry_run: bool) -> Object:
        query = _query(fieldManager=manager, dryRun="All" if dry_run else None)
        return self._request("POST", _path(kind, body["metadata"].get("namespace", "")) + query, body)

    def apply(self, kind: Kind, body: Object, manager: str, *, dry_run: bool = False, force: bool = False) -> Object:
        """Server-side apply: `manager` owns exactly the fields in `body` afterwards."""
        metadata = body["metadata"]
        query = _query(fieldManager=manager, force=str(force).lower(), dryRun="All" if dry_run else None)
        path = _path(kind, metadata.get("namespace", ""), metadata["name"])
        return self._request("PATCH", path + query, body, "application/apply-patch+yaml")  # JSON is YAML

    def set_managers(self, kind: Kind, live: Object, managers: list[Object]) -> Object:
        """Write `metadata.managedFields`; refused when the object changed since `live` was read."""
        metadata = live["metadata"]
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": managers},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata["resourceVersion"]},
        ]
        path = _path(kind, metadata.get("namespace", ""), metadata["name"])
        return self._request("PATCH", path, patch, "application/json-patch+json")

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """In the foreground: the object is there until the garbage collector has removed what depends on it."""
        self._request("DELETE", _path(kind, namespace, name), {"propagationPolicy": "Foreground"})

    def _request(
        self, method: str, path: str, body: Object | list[Object] | None = None, content_type: str = "application/json"
    ) -> Object:
        from urllib3.exceptions import HTTPError

        headers = self._headers | ({"Content-Type": content_type} if body is not None else {})
        try:
            response = self._pool.request(
                method, self._server + path, body=None if body is None else json.dumps(body), headers=headers
            )
        except (HTTPError, OSError) as error:
            raise UnreachableError(f"no answer from {self._server}: {_cause(error)}") from None
        try:
            answer = json.loads(response.data)
        except ValueError:
            answer = {}
        if response.status < 400:
            return dict(answer)
        raise ApiError(
            code=response.status,
            reason=answer.get("reason", ""),
            message=answer.get("message") or f"HTTP {response.status} from {self._server}",
            about=(answer.get("details") or {}).get("kind", ""),
        )


def _path(kind: Kind, namespace: str, name: str = "") -> str:
    scope = f"/namespaces/{namespace}" if kind.namespaced else ""
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    return f"{root}{scope}/{kind.plural}" + (f"/{name}" if name else "")


def _query(**parameters: str | None) -> str:
    return "?" + "&".join(f"{key}={value}" for key, value in parameters.items() if value is not None)


def _cause(error: BaseException) -> str:
    """The innermost reason: urllib3 wraps `Connection refused` three times."""
    inner = getattr(error, "reason", None) or error.__cause__ or error.__context__
    return _cause(inner) if isinstance(inner, BaseException) else str(error)


def _pool(access: Access) -> "urllib3.PoolManager":
    import urllib3

    context = ssl.create_default_context(cadata=access.ca)
    if not access.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    if access.certificate and access.key:
        _load_certificate(context, access.certificate, access.key)
    return urllib3.PoolManager(
        maxsize=8,
        retries=False,
        timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
        ssl_context=context,
    )


def _load_certificate(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """OpenSSL reads client certificates from files only; ours lives as short as possible, and mkstemp makes it 0600."""
    handle, name = tempfile.mkstemp(prefix="pulumi-kubernetes-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(certificate + b"\n" + key)
        context.load_cert_chain(name)
    except ssl.SSLError as error:
        raise UnreachableError(f"the client certificate of the kubeconfig cannot be used: {error.reason}") from None
    finally:
        Path(name).unlink()
