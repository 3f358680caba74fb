"""Repositories, artifacts, their tags and scans, by the API."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from lab.harbor.answers import Answer, Refused, bad, not_found, said
from lab.harbor.asked import Asked
from lab.harbor.policies import frozen_tags, is_immutable, scan, scannable
from lab.harbor.records import Artifact, Project, moment

_REPORT: Final = "application/vnd.security.vulnerability.report; version=1.1"


def repositories(asked: Asked, named: str) -> Answer:
    project = asked.caller.require(asked.records.named(named), "repository:list", missing=named)
    return asked.page([_repository(project, name) for name in project.repositories])


def repository(asked: Asked, named: str, path: str) -> Answer:
    action = "read" if asked.method == "GET" else "delete"
    project = asked.caller.require(asked.records.named(named), f"repository:{action}", missing=named)
    name = f"{named}/{path}"
    if name not in project.repositories:
        raise not_found(f"repository {name}")
    if asked.method == "GET":
        return said(_repository(project, name))
    for artifact in project.of(name):
        _require_mutable(project, artifact)
    for artifact in project.of(name):
        del project.artifacts[name, artifact.digest]
    del project.repositories[name]
    return Answer(200)


def listed(asked: Asked, named: str, path: str) -> Answer:
    """Without children of an index and without signatures, which are shown with what they belong to."""
    project = asked.caller.require(asked.records.named(named), "artifact:list", missing=named)
    found = project.of(f"{named}/{path}")
    children = {child for artifact in found for child in artifact.children}
    own = [one for one in found if (one.tags or one.digest not in children) and "subject" not in one.manifest]
    return asked.page([_shown(asked, project, artifact) for artifact in own if not artifact.is_signature])


def artifact(asked: Asked, named: str, path: str, reference: str) -> Answer:
    project, found = _found(asked, named, path, reference, "read" if asked.method == "GET" else "delete")
    if asked.method == "GET":
        return said(_shown(asked, project, found))
    remove(project, found)
    return Answer(200)


def remove(project: Project, artifact: Artifact) -> None:
    """With all its tags, and its children unless something else needs them; Refused where it may not go."""
    _require_mutable(project, artifact)
    if any(artifact.digest in other.children for other in project.of(artifact.repository)):
        raise Refused("VIOLATE_FOREIGN_KEY_CONSTRAINT", "the deleting artifact is referenced by others")
    del project.artifacts[artifact.repository, artifact.digest]
    for digest in artifact.children:
        child = project.artifacts.get((artifact.repository, digest))
        needed = any(digest in other.children for other in project.of(artifact.repository))
        if child and not needed and not child.tags:
            del project.artifacts[artifact.repository, digest]
    signature = project.find(artifact.repository, artifact.digest.replace(":", "-") + ".sig")
    if signature:  # an accessory goes with its subject
        project.artifacts.pop((artifact.repository, signature.digest), None)


def tags(asked: Asked, named: str, path: str, reference: str) -> Answer:
    project = asked.caller.require(
        asked.records.named(named), "tag:list" if asked.method == "GET" else "tag:create", missing=named
    )
    found = _artifact(project, f"{named}/{path}", reference)
    if asked.method == "GET":
        return asked.page([_tag(project, found, tag, asked) for tag in found.tags])
    tag = str(asked.said.get("name", ""))
    if project.find(found.repository, tag):
        raise Refused("CONFLICT", f"tag {tag} already exists")
    found.tags[tag] = asked.records.new_id()
    return asked.created(tag)


def tag(asked: Asked, named: str, path: str, reference: str, name: str) -> Answer:
    """Of the artifact this one tag; its others, and the artifact, stay."""
    project = asked.caller.require(asked.records.named(named), "tag:delete", missing=named)
    found = _artifact(project, f"{named}/{path}", reference)
    if name not in found.tags:
        raise Refused("NOT_FOUND", f"tag {name} attached to artifact {found.id} not found")
    if is_immutable(project, found.repository, name):
        raise Refused("PRECONDITION", f"the tag {name} configured as immutable, cannot be deleted")
    del found.tags[name]
    return Answer(200)


def scanned(asked: Asked, named: str, path: str, reference: str) -> Answer:
    project = asked.caller.require(asked.records.named(named), "scan:create", missing=named)
    found = _artifact(project, f"{named}/{path}", reference)
    if not scan(project, found, asked.records.scanner):
        raise bad("the configured scanner does not support scanning artifact with mime type")
    return Answer(202)


def _found(asked: Asked, named: str, path: str, reference: str, action: str) -> tuple[Project, Artifact]:
    project = asked.caller.require(asked.records.named(named), f"artifact:{action}", missing=named)
    return project, _artifact(project, f"{named}/{path}", reference)


def _artifact(project: Project, name: str, reference: str) -> Artifact:
    found = project.find(name, reference)
    if found is None:
        raise not_found(f"artifact {name}{'@' if ':' in reference else ':'}{reference}")
    return found


def _require_mutable(project: Project, artifact: Artifact) -> None:
    for tag in frozen_tags(project, artifact):
        raise Refused("PRECONDITION", f"the tag {tag} configured as immutable, cannot be deleted")


def _repository(project: Project, name: str) -> dict[str, Any]:
    return {
        "id": project.repositories[name],
        "project_id": project.id,
        "name": name,
        "artifact_count": len(project.of(name)),
        "creation_time": moment(project.created),
        "update_time": moment(project.updated),
    }


def _tag(project: Project, artifact: Artifact, name: str, asked: Asked) -> dict[str, Any]:
    return {
        "id": artifact.tags[name],
        "artifact_id": artifact.id,
        "repository_id": project.repositories[artifact.repository],
        "name": name,
        "push_time": moment(artifact.pushed),
        "immutable": asked.parameter("with_immutable_status") == "true"
        and is_immutable(project, artifact.repository, name),
    }


def _shown(asked: Asked, project: Project, artifact: Artifact) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": artifact.id,
        "type": "IMAGE" if any(scannable(project, artifact)) else "UNKNOWN",
        "digest": artifact.digest,
        "size": artifact.size + sum(artifact.blobs.values()),
        "manifest_media_type": artifact.media_type,
        "media_type": artifact.manifest.get("config", {}).get("mediaType", artifact.media_type),
        "project_id": project.id,
        "repository_id": project.repositories[artifact.repository],
        "repository_name": artifact.repository,
        "push_time": moment(artifact.pushed),
        "references": [
            {"parent_id": artifact.id, "child_digest": digest, "platform": None} for digest in artifact.children
        ],
    }
    if asked.parameter("with_tag", "true") == "true":
        shown["tags"] = [_tag(project, artifact, tag, asked) for tag in artifact.tags] or None
    if asked.parameter("with_scan_overview") == "true" and (overview := _overview(project, artifact)):
        shown["scan_overview"] = {_REPORT: overview}
    return shown


def _overview(project: Project, artifact: Artifact) -> dict[str, Any]:
    """Of an index: of all its children that were looked at, merged."""
    images = list(scannable(project, artifact))
    reports = [image.report for image in images if image.report]
    if not reports:
        return {}
    running = [report for report in reports if report.status == "Running"]
    failed = [report for report in reports if report.status not in ("Running", "Success")]
    merged = (running or failed or reports)[0]
    digests = "".join(report.id for report in reports)
    found = sum(report.found for report in reports)
    return {
        "report_id": hashlib.md5(digests.encode(), usedforsecurity=False).hexdigest(),
        "scan_status": merged.status,
        "severity": max((report.severity for report in reports), key=_rank) if not running else "Unknown",
        "duration": 0 if running else int(max(report.ends for report in reports) - reports[0].began),
        "summary": None if running else {"total": found, "fixable": 0, "summary": {}},
        "start_time": moment(reports[0].began),
        "end_time": moment(max(report.ends for report in reports)),
        "complete_percent": 100 * (len(reports) - len(running)) // len(images),
        "scanner": {"name": "Trivy", "vendor": "chaosreg-lab stand-in", "version": "v0"},
    }


def _rank(severity: str) -> int:
    order = ("None", "Unknown", "Negligible", "Low", "Medium", "High", "Critical")
    return order.index(severity)
