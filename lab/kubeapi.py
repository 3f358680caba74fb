"""A few calls to the lab's API server, for the lab itself, its tests and the demo; no kubectl is needed."""

import base64
import json
import ssl
import urllib.error
import urllib.request
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lab.errors import LabError
from lab.state import KubernetesState


class ApiError(LabError):
    """The API server refused; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


def call(
    cluster: KubernetesState,
    method: str,
    path: str,
    body: object = None,
    content_type: str = "application/json",
) -> dict[str, Any]:
    """One request; the answer as JSON. ApiError for a refusal, OSError where nobody answers."""
    return call_and_warnings(cluster, method, path, body, content_type)[0]


def call_and_warnings(
    cluster: KubernetesState,
    method: str,
    path: str,
    body: object = None,
    content_type: str = "application/json",
) -> tuple[dict[str, Any], list[str]]:
    """The same with what the API server warns of, as `kubectl` shows it."""
    token, trust = _access(cluster.kubeconfig)
    request = urllib.request.Request(
        cluster.server + path,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={"Authorization": f"Bearer {token}", "Content-Type": content_type},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    try:
        with opener.open(request, timeout=20) as answer:
            warnings = [text.split(" ", 2)[2].strip('"') for text in answer.headers.get_all("Warning", [])]
            return json.loads(answer.read()), warnings
    except urllib.error.HTTPError as refused:
        text = refused.read().decode("utf-8", "replace")
        raise ApiError(refused.code, text) from None


def get(cluster: KubernetesState, path: str) -> dict[str, Any] | None:
    """The object; None where there is none."""
    try:
        return call(cluster, "GET", path)
    except ApiError as error:
        if error.status == 404:
            return None
        raise


def apply(cluster: KubernetesState, thing: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
    """What `kubectl apply --server-side` does with one object, in strict validation; its state afterwards."""
    plural = f"{thing['kind'].lower()}s"
    group = "/api/v1" if thing["apiVersion"] == "v1" else f"/apis/{thing['apiVersion']}"
    about = thing["metadata"]
    query = "?fieldManager=lab&fieldValidation=Strict" + ("&dryRun=All" if dry_run else "")
    path = f"{group}/namespaces/{about['namespace']}/{plural}/{about['name']}{query}"
    return call(cluster, "PATCH", path, thing, "application/apply-patch+yaml")


@cache
def _access(kubeconfig: str) -> tuple[str, ssl.SSLContext]:
    """The token, and the trust in exactly this server's certificate."""
    document = yaml.safe_load(Path(kubeconfig).read_text("utf-8"))
    authority = base64.b64decode(document["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    return document["users"][0]["user"]["token"], ssl.create_default_context(cadata=authority)
