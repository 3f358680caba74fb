"""How vendors' registries differ from the specification and from distribution, each as a script of a fault proxy.

Stand-ins for one quirk at a time; the rest is a real registry. Sources: the vendors' documentation and the issues
that are named.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection

from tests.support.faults import Change, Reply, Script, Seen

_MANIFEST = re.compile(r"/v2/(?P<repository>.+)/manifests/(?P<name>[^/]+)$")
_UPLOADS = re.compile(r"/v2/(?P<repository>.+)/blobs/uploads/(?P<session>[^/]*)$")
_PATCH_LIMIT = 4 << 20


def refusal(status: int, code: str, message: str, **headers: str) -> Reply:
    """An error in the form of the specification."""
    return Reply(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode(), headers)


def together(*scripts: Script) -> Script:
    """The first one that has something to say."""

    def script(seen: Seen) -> Reply | Change | None:
        return next((what for one in scripts if (what := one(seen))), None)

    return script


def only_in(repositories: Collection[str], missing: Callable[[str], Reply]) -> Script:
    """Repositories must exist before the first push."""

    def script(seen: Seen) -> Reply | None:
        found = _MANIFEST.match(seen.path) or _UPLOADS.match(seen.path)
        return missing(found["repository"]) if found and found["repository"] not in repositories else None

    return script


def immutable(refused: Callable[[str, str], Reply]) -> Script:
    """No tag is ever written twice, not even with the same content."""
    written: set[tuple[str, str]] = set()

    def script(seen: Seen) -> Reply | None:
        found = _MANIFEST.match(seen.path)
        if seen.method != "PUT" or not found or ":" in found["name"]:
            return None
        tag = found["repository"], found["name"]
        if tag in written:
            return refused(*tag)
        written.add(tag)
        return None

    return script


def ecr(repositories: Collection[str]) -> Script:
    """Amazon ECR: repositories are made beforehand, tags may be immutable, blobs are not mounted unless switched on.

    A session takes its bytes once (apple/containerization#790), and reports a stale Range (containers-roadmap#2831).
    """
    sent: set[str] = set()

    def sessions(seen: Seen) -> Reply | Change | None:
        found = _UPLOADS.match(seen.path)
        if not found:
            return None
        if "mount=" in seen.query:
            return Change(query="")  # an upload begins instead
        if seen.method in ("PUT", "PATCH"):
            if found["session"] in sent:
                return refusal(416, "BLOB_UPLOAD_INVALID", "First byte of the layer part is 0 instead of 1000")
            sent.add(found["session"])
            return Change(headers={"Range": "0-0"})
        return None

    def missing(name: str) -> Reply:
        words = f"The repository with name '{name}' does not exist in the registry with id '123456789012'"
        return refusal(404, "NAME_UNKNOWN", words)

    def refused(repository: str, tag: str) -> Reply:
        words = (
            f"The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten because "
            "the tag is immutable."
        )
        return refusal(400, "TAG_INVALID", words)

    return together(only_in(repositories, missing), sessions, immutable(refused))


def ghcr() -> Script:
    """GitHub: chunks of at most 4 MiB (rust-oci-client#37), no deletes (skopeo#1880), no referrers API."""

    def script(seen: Seen) -> Reply | None:
        size = int(seen.headers.get("Content-Length", 0))
        if seen.method == "PATCH" and size > _PATCH_LIMIT:
            return refusal(416, "BLOB_UPLOAD_INVALID", "chunk size exceeds maximum permissible limit of 4.00MiB")
        if seen.method == "DELETE":
            return refusal(405, "UNSUPPORTED", "The operation is unsupported.")
        return Reply(404, b"404 page not found\n") if "/referrers/" in seen.path else None

    return script


def gar(every: int = 7) -> Script:
    """Google: a quota of requests, with a time to wait; a digest that has a tag is not deleted."""
    count = [0]

    def script(seen: Seen) -> Reply | None:
        count[0] += 1
        if count[0] % every == 0:
            words = "Quota exceeded for quota metric 'Requests per project per region'"
            return refusal(429, "TOOMANYREQUESTS", words, **{"Retry-After": "0"})
        if seen.method == "DELETE" and "/manifests/sha256:" in seen.path:
            return refusal(400, "GOOGLE_MANIFEST_DANGLING_TAG", "Manifest is still referenced by tag: 1")
        return None

    return script


def acr(times: int = 3) -> Script:
    """Azure: too many requests at the writing of manifests, without a time to wait (container-libs#42)."""
    count: dict[str, int] = defaultdict(int)

    def script(seen: Seen) -> Reply | None:
        if seen.method != "PUT" or "/manifests/" not in seen.path:
            return None
        count[seen.path] += 1
        return refusal(429, "TOOMANYREQUESTS", "too many requests") if count[seen.path] <= times else None

    return script


def docker_hub(pulls: int) -> Script:
    """Docker Hub: a manifest's GET is a pull, its HEAD is not; so many pulls in six hours."""
    left = [pulls]

    def script(seen: Seen) -> Reply | Change | None:
        if "/manifests/" not in seen.path:
            return None
        counted = seen.method == "GET"
        left[0] -= counted
        headers = {
            "RateLimit-Limit": f"{pulls};w=21600",
            "RateLimit-Remaining": f"{max(left[0], 0)};w=21600",
            "Docker-RateLimit-Source": "192.0.2.1",
        }
        if counted and left[0] < 0:
            words = "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"
            return refusal(429, "TOOMANYREQUESTS", words, **headers)
        return Change(headers=headers)

    return script


def harbor(projects: Collection[str], room: int | None = None, quota_status: int = 403) -> Script:
    """Harbor: projects are made beforehand, each with a quota of bytes; immutable tags answer 412; what refers to a
    manifest that is not there is refused (harbor#19137).
    """
    used, stored = [0], set[str]()

    def script(seen: Seen) -> Reply | None:
        found = _MANIFEST.match(seen.path) or _UPLOADS.match(seen.path)
        project = found["repository"].partition("/")[0] if found else ""
        if found and project not in projects:
            return refusal(404, "NOT_FOUND", f"project {project} not found")
        if seen.method != "PUT" or not found:
            return None
        if "/uploads/" in seen.path:
            used[0] += int(seen.headers["Content-Length"])
            if room is not None and used[0] > room:
                words = (
                    f"adding {used[0] / 2**20:.1f} MiB of storage resource, which when updated to current usage of 0 B "
                    f"will exceed the configured upper limit of {room / 2**20:.1f} MiB."
                )
                return refusal(quota_status, "DENIED", words)
            return None
        subject = re.fullmatch(r"sha256-([0-9a-f]{64})\.(sig|att|sbom)", found["name"])
        if subject and f"sha256:{subject[1]}" not in stored:
            return refusal(404, "NOT_FOUND", f"artifact {found['repository']}@sha256:{subject[1]} not found")
        stored.add(found["name"])
        return None

    def refused(repository: str, tag: str) -> Reply:
        return refusal(
            412, "PRECONDITION", f"Failed to process request due to '{repository}:{tag}' configured as immutable."
        )

    return together(script, immutable(refused))


def artifactory(key: str) -> Script:
    """JFrog: behind `/v2` everything lies below an API base of its own, to which upload locations lead; lists of tags
    are for those only who accept JSON.
    """
    base = f"/artifactory/api/docker/{key}"

    def script(seen: Seen) -> Reply | Change | None:
        if seen.path.endswith("/tags/list") and "application/json" not in seen.headers.get("Accept", ""):
            return Reply(406, b"Not Acceptable")

        def location(real: str) -> str:
            return re.sub(r"^(https?://[^/]+)?/v2/", rf"\1{base}/v2/", real)

        return Change(path=seen.path.removeprefix(base), location=location)

    return script


def quay() -> Script:
    """Red Hat: blobs are mounted only by those who say where from."""

    def script(seen: Seen) -> Reply | None:
        no_source = "mount=" in seen.query and "from=" not in seen.query
        return refusal(400, "NAME_INVALID", "invalid repository") if no_source else None

    return script


def behind_a_proxy(limit: int) -> Script:
    """nginx and Cloudflare refuse larger bodies in HTML (distribution-spec#485); by default 1 MB and 100 MB."""
    page = b"<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"

    def script(seen: Seen) -> Reply | None:
        large = int(seen.headers.get("Content-Length", 0)) > limit
        return Reply(413, page, {"Content-Type": "text/html"}) if large else None

    return script


def closed_mouthed(status: int, repositories: Collection[str]) -> Script:
    """Says neither yes nor no about repositories that do not exist: 401 or 403 for both missing and forbidden."""

    def script(seen: Seen) -> Reply | None:
        found = _MANIFEST.match(seen.path) if "Authorization" in seen.headers else None
        if found and seen.method == "PUT":
            repositories_now.add(found["repository"])
        hidden = found and seen.method in ("GET", "HEAD") and found["repository"] not in repositories_now
        return refusal(status, "DENIED", "requested access to the resource is denied") if hidden else None

    repositories_now = set(repositories)
    return script


def without_head() -> Script:
    """A gateway that allows no HEAD."""
    return lambda seen: Reply(405) if seen.method == "HEAD" else None


def head_without_digest() -> Script:
    """A registry, or a cache before it, whose HEAD says nothing about the content."""

    def script(seen: Seen) -> Change | None:
        silent = Change(headers={"Docker-Content-Digest": None, "Content-Type": None})
        return silent if seen.method == "HEAD" else None

    return script
