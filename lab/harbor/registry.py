"""Harbor before the registry: who may, which artifacts there are, and what a project's policies forbid."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlencode

from lab.harbor import policies
from lab.harbor.answers import Answer, Refused, refused, said
from lab.harbor.artifacts import remove
from lab.harbor.callers import Caller
from lab.harbor.records import Artifact, Project, Records
from lab.harbor.tokens import SERVICE

_PATH: Final = re.compile(r"/v2/(?P<name>.+)/(?P<noun>manifests|blobs|tags|referrers)/(?P<rest>.*)")
_ACTIONS: Final = {"GET": "pull", "HEAD": "pull", "POST": "push", "PATCH": "push", "PUT": "push", "DELETE": "delete"}
_SCOPES: Final = {"pull": "pull", "push": "pull,push", "delete": "delete"}
_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_COSIGN_TAG: Final = re.compile(r"sha256-([0-9a-f]{64})\.sig")
_VERSION: Final = {"Docker-Distribution-Api-Version": "registry/2.0"}


@dataclass(frozen=True)
class Request:
    """What the client asks; `body` is read for manifests only, everything else streams."""

    method: str
    origin: str
    """Scheme and host, as the client knows us."""
    path: str
    query: str
    authorization: str
    media_type: str = ""
    length: int = 0
    """Of a body that streams."""
    body: bytes = b""

    @property
    def parameters(self) -> dict[str, list[str]]:
        return parse_qs(self.query)


@dataclass(frozen=True)
class Passed:
    """The request goes on to the registry behind, as this; `then` is what is remembered once it was done."""

    path: str
    keeps: Request | None = None
    """A manifest to remember."""
    upload: str = ""
    """The upload that its bytes belong to."""


class HarborRegistry:
    """Decides about requests; it sends nothing itself."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def decide(self, request: Request, caller: Caller) -> Answer | Passed:
        """The answer, or where the request goes."""
        with self._records.guard:
            try:
                return self._decide(request, caller)
            except Refused as error:
                return error.answer

    def keep(self, request: Request) -> str:
        """A manifest lies in the registry behind: remember it. The digest of what it refers to, where it does."""
        asked = _PATH.fullmatch(request.path)
        assert asked
        with self._records.guard:
            name, reference, digest = asked["name"], asked["rest"], digest_of(request.body)
            project = self._records.named(name.partition("/")[0])
            assert project
            project.repositories.setdefault(name, self._records.new_id())
            artifact = project.artifacts.get((name, digest))
            if artifact is None:
                manifest = json.loads(request.body)
                artifact = Artifact(
                    self._records.new_id(), name, digest, request.media_type, manifest, len(request.body)
                )
                project.artifacts[name, digest] = artifact
            if ":" not in reference:
                for other in project.of(name):
                    other.tags.pop(reference, None)
                artifact.tags[reference] = self._records.new_id()
            if project.is_on("auto_scan") and not artifact.report:
                policies.scan(project, artifact, self._records.scanner)
            return str(artifact.manifest.get("subject", {}).get("digest", ""))

    def arrived(self, upload: str, count: int) -> None:
        """So many bytes more of an upload."""
        with self._records.guard:
            self._records.uploads[upload] = self._records.uploads.get(upload, 0) + count

    def _decide(self, request: Request, caller: Caller) -> Answer | Passed:
        if request.path.rstrip("/") == "/v2":
            return said({}) if caller.is_known else _unauthorized(request, "unauthorized")
        if request.path == "/v2/_catalog":
            if not caller.is_admin:
                return _unauthorized(request, "unauthorized to list catalog")
            names = [name for project in self._records.projects.values() for name in project.repositories]
            return said({"repositories": sorted(names)})
        asked = _PATH.fullmatch(request.path)
        if not asked:
            return Answer(404)
        name, noun, rest = asked["name"], asked["noun"], asked["rest"]
        if request.method == "HEAD" and not request.authorization:
            return _unauthorized(request, "authorize header needed to send HEAD to repository", name)
        project = self._allowed(request, caller, name, _ACTIONS[request.method])
        if isinstance(project, Answer):
            return project
        if noun == "manifests":
            return self._manifest(request, project, name, rest)
        if noun == "tags":
            return _tags(request, project, name)
        if noun == "referrers":
            return _referrers(request, project, name, rest)
        return self._blob(request, caller, project, rest)

    def _allowed(self, request: Request, caller: Caller, name: str, action: str) -> Project | Answer:
        """The project of the repository; or what Harbor says, with 401 in every case."""
        project = self._records.named(name.partition("/")[0])
        if project is None:  # and no challenge then
            message = f"project {name.partition('/')[0]} not found"
            return refused("UNAUTHORIZED", message, {**_VERSION, "Www-Authenticate": ""})
        if not caller.may_in_registry(project, name, action):
            return _unauthorized(request, f"unauthorized to access repository: {name}, action: {action}", name)
        return project

    def _manifest(self, request: Request, project: Project, name: str, reference: str) -> Answer | Passed:
        known = project.find(name, reference)
        if request.method == "PUT":
            if ":" not in reference and known and policies.is_immutable(project, name, reference):
                short = name.partition("/")[2]
                why = f"Failed to process request due to '{short}:{reference}' configured as immutable."
                raise Refused("PRECONDITION", why)
            if (signed := _COSIGN_TAG.fullmatch(reference)) and not project.find(name, f"sha256:{signed[1]}"):
                raise Refused("NOT_FOUND", f"artifact {name}@sha256:{signed[1]} not found")
            policies.require_room(project, _parts(request.body))
            return Passed(request.path, keeps=request)
        if request.method == "DELETE" and ":" not in reference:
            raise Refused("UNSUPPORTED", f"unsupported digest {reference}: invalid checksum digest format")
        if known is None:
            sign = "@" if ":" in reference else ":"
            raise Refused("NOT_FOUND", f"artifact {name}{sign}{reference} not found")
        if request.method == "DELETE":
            remove(project, known)
            return Answer(202)
        policies.require_pullable(project, known)
        # By digest: what a tag means is known here alone, since the API moves and removes tags, too.
        return Passed(f"/v2/{name}/manifests/{known.digest}")

    def _blob(self, request: Request, caller: Caller, project: Project, rest: str) -> Answer | Passed:
        path = f"{request.path}?{request.query}" if request.query else request.path
        if request.method == "POST":
            source = request.parameters.get("from", [""])[0]
            if source and request.parameters.get("mount"):
                allowed = self._allowed(request, caller, source, "pull")
                if isinstance(allowed, Answer):
                    return allowed
            return Passed(path)
        if not rest.startswith("uploads/"):
            return Passed(path)
        upload = rest.removeprefix("uploads/")
        if request.method == "PUT":
            size = self._records.uploads.pop(upload, 0) + request.length
            policies.require_room(project, dict.fromkeys(request.parameters.get("digest", []), size))
        return Passed(path, upload=upload if request.method == "PATCH" else "")


def digest_of(manifest: bytes) -> str:
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"


def _unauthorized(request: Request, message: str, name: str = "") -> Answer:
    """Who has shown something is asked for basic credentials; who has not is sent to the token service."""
    if request.authorization or request.path == "/v2/_catalog":
        challenge = 'Basic realm="harbor"'
    else:
        challenge = f'Bearer realm="{request.origin}/service/token",service="{SERVICE}"'
        if name:
            challenge += f',scope="repository:{name}:{_SCOPES[_ACTIONS[request.method]]}"'
    return refused("UNAUTHORIZED", message, {**_VERSION, "Www-Authenticate": challenge})


def _parts(body: bytes) -> dict[str, int]:
    manifest = json.loads(body)
    parts = [*manifest.get("layers", []), *filter(None, [manifest.get("config")])]
    return {part["digest"]: int(part.get("size", 0)) for part in parts} | {digest_of(body): len(body)}


def _tags(request: Request, project: Project, name: str) -> Answer:
    if name not in project.repositories:
        raise Refused("NOT_FOUND", f"repository {name} not found")
    tags = sorted(tag for artifact in project.of(name) for tag in artifact.tags)
    after = request.parameters.get("last", [""])[0]
    count = int(request.parameters.get("n", ["0"])[0])
    left = [tag for tag in tags if tag > after]
    page = left[:count] if count else left
    headers = {}
    if len(page) < len(left):
        headers["Link"] = f'</v2/{name}/tags/list?{urlencode({"n": count, "last": page[-1]})}>; rel="next"'
    return said({"name": name, "tags": page}, headers=headers)


def _referrers(request: Request, project: Project, name: str, digest: str) -> Answer:
    wanted = request.parameters.get("artifactType", [])
    found = [one for one in _referring(project, name, digest) if not wanted or one["artifactType"] in wanted]
    headers = {"Content-Type": _INDEX, **({"OCI-Filters-Applied": "artifactType"} if wanted else {})}
    return said({"schemaVersion": 2, "mediaType": _INDEX, "manifests": found}, headers=headers)


def _referring(project: Project, name: str, digest: str) -> Iterator[dict[str, object]]:
    for artifact in project.of(name):
        manifest = artifact.manifest
        if manifest.get("subject", {}).get("digest") == digest:
            yield {
                "mediaType": artifact.media_type,
                "digest": artifact.digest,
                "size": artifact.size,
                "artifactType": manifest.get("artifactType") or manifest.get("config", {}).get("mediaType", ""),
                "annotations": manifest.get("annotations", {}),
            }
