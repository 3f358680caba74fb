"""ECR's registry: who may come in, which repositories and images there are. Bytes are kept by a real registry behind.

That one (CNCF distribution) keeps the repositories of each account and region in a folder of their own.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlencode

from lab.aws import answers
from lab.aws.answers import Answer
from lab.aws.callers import denied
from lab.aws.repositories import Registry, Repository, find, names
from lab.aws.rights import why_not
from lab.aws.tokens import Bearer, Tokens

_HOST: Final = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(:\d+)?")
_PATH: Final = re.compile(r"/v2/(?P<name>.+)/(?P<noun>manifests|blobs|tags|referrers)/(?P<rest>.+)")
_INDEX: Final = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Request:
    """What the client asks; `body` is read for manifests only, everything else streams."""

    method: str
    host: str
    path: str
    query: str
    authorization: str
    media_type: str = ""
    body: bytes = b""


@dataclass(frozen=True)
class Passed:
    """The request goes on to the registry behind, as this."""

    path: str
    outside: str
    """What stands in the place of `inside` in what the client is told."""
    inside: str
    registers: Repository | None = None
    """The repository that learns of a manifest once it is kept."""


class EcrRegistry:
    """Decides about requests; it sends nothing itself."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self.pushing = threading.Lock()
        """Held while a manifest is decided about, kept and registered: two pushes of one tag must see each other."""

    def decide(self, request: Request) -> Answer | Passed:
        """The answer, or where the request goes."""
        host = _HOST.fullmatch(request.host)
        if not host:
            return answers.refused(421, "UNSUPPORTED", f"{request.host} is no registry of ECR")
        registry = Registry(host["account"], host["region"])
        bearer = self._bearer(request, registry)
        if isinstance(bearer, Answer):
            return bearer
        if request.path == "/v2/":
            return answers.said(200, {})
        if request.path == "/v2/_catalog":
            return answers.said(200, {"repositories": names(registry)})
        asked = _PATH.fullmatch(request.path)
        if not asked:
            return answers.refused(404, "UNSUPPORTED", "The operation is unsupported.")
        action = _action(request.method, asked["noun"], asked["rest"])
        resource = f"arn:aws:ecr:{registry.region}:{registry.account}:repository/{asked['name']}"
        why = bearer.role and why_not(bearer.role, action, resource)
        if why:
            return answers.not_allowed(denied(bearer.session, action, resource, why))
        repository = find(registry, asked["name"])
        if repository is None:
            return answers.no_repository(asked["name"], registry.account)
        folder = f"/v2/a{registry.account}/{registry.region}/{asked['name']}/"
        where = Passed(f"{folder}{asked['noun']}/{asked['rest']}", f"/v2/{asked['name']}/", folder)
        if asked["noun"] == "manifests":
            return _manifest(request, repository, asked["rest"], where)
        if asked["noun"] == "tags":
            return answers.said(200, {"name": repository.name, "tags": _page(repository.tags(), request.query)})
        if asked["noun"] == "referrers":
            found = repository.referrers(asked["rest"])
            return answers.said(200, {"schemaVersion": 2, "mediaType": _INDEX, "manifests": found}, _INDEX)
        return _with_query(where, request.query)

    def _bearer(self, request: Request, registry: Registry) -> Bearer | Answer:
        scheme, _, encoded = request.authorization.partition(" ")
        try:
            user, _, password = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            user, password = "", ""
        bearer = self._tokens.read(password) if scheme.lower() == "basic" and user == "AWS" else None
        if bearer is None:
            return answers.unauthorized(request.host)
        if bearer.expires <= time.time():
            return answers.expired()
        return bearer if bearer.account == registry.account else answers.another_account(bearer.account)


def digest_of(manifest: bytes) -> str:
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"


def _action(method: str, noun: str, rest: str) -> str:
    """What a role must be allowed to do: the registry's verbs are operations of ECR's API."""
    if noun == "manifests":
        return {"PUT": "ecr:PutImage", "DELETE": "ecr:BatchDeleteImage"}.get(method, "ecr:BatchGetImage")
    if noun == "tags":
        return "ecr:ListImages"
    if noun == "referrers":
        return "ecr:BatchGetImage"
    if rest.startswith("uploads/"):
        return {"POST": "ecr:InitiateLayerUpload", "PUT": "ecr:CompleteLayerUpload"}.get(method, "ecr:UploadLayerPart")
    return "ecr:BatchCheckLayerAvailability" if method == "HEAD" else "ecr:GetDownloadUrlForLayer"


def _manifest(request: Request, repository: Repository, reference: str, where: Passed) -> Answer | Passed:
    known = repository.digest_of(reference)
    if request.method == "PUT":
        if ":" not in reference and known not in (None, digest_of(request.body)) and repository.frozen(reference):
            return answers.tag_frozen(repository.name, reference)
        return Passed(where.path, where.outside, where.inside, registers=repository)
    if known is None:
        return answers.no_manifest()
    if request.method == "DELETE":
        if ":" not in reference:
            return answers.not_by_tag()
        repository.remove(reference)
        return Answer(202)
    # By digest: what a tag means is known here alone, since ECR's API moves and removes tags, too.
    return Passed(where.path.replace(f"/manifests/{reference}", f"/manifests/{known}"), where.outside, where.inside)


def _with_query(where: Passed, query: str) -> Passed:
    """Without a mount: ECR does not mount across repositories unless the account has switched it on."""
    kept = {key: values for key, values in parse_qs(query).items() if key not in ("mount", "from")}
    path = f"{where.path}?{urlencode(kept, doseq=True)}" if kept else where.path
    return Passed(path, where.outside, where.inside)


def _page(tags: list[str], query: str) -> list[str]:
    asked = parse_qs(query)
    after = [tag for tag in tags if tag > asked["last"][0]] if "last" in asked else tags
    return after[: int(asked["n"][0])] if "n" in asked else after
