"""What a project forbids: to overwrite what is immutable, to pull what was not scanned, to keep more than its quota."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lab.harbor.answers import Refused
from lab.harbor.records import UNLIMITED, Artifact, Project, Report, Scanner

_SEVERITIES: Final = ("none", "unknown", "negligible", "low", "medium", "high", "critical")


def is_immutable(project: Project, repository: str, tag: str) -> bool:
    """Whether some rule that is on matches the tag."""
    name = repository.partition("/")[2]
    return any(
        not rule.get("disabled")
        and _matches(rule["scope_selectors"].get("repository", []), name, "repoExcludes")
        and _matches(rule["tag_selectors"], tag, "excludes")
        for rule in project.rules.values()
    )


def frozen_tags(project: Project, artifact: Artifact) -> list[str]:
    return [tag for tag in artifact.tags if is_immutable(project, artifact.repository, tag)]


def scannable(project: Project, artifact: Artifact) -> Iterator[Artifact]:
    """The images that a scan of this artifact looks at: itself, or the children of an index."""
    return (image for image in images_of(project, artifact) if image.is_scanned)


def images_of(project: Project, artifact: Artifact) -> Iterator[Artifact]:
    """The images of which the gate wants a report."""
    if artifact.is_image:
        yield artifact
    for digest in artifact.children:
        child = project.artifacts.get((artifact.repository, digest))
        if child and child.is_image:
            yield child


def scan(project: Project, artifact: Artifact, scanner: Scanner) -> bool:
    """Begin to; False where nothing can be scanned."""
    images = list(scannable(project, artifact))
    for image in images:
        image.report = Report(time.time() + scanner.seconds, scanner.severity, scanner.outcome, scanner.found)
    return bool(images)


def require_pullable(project: Project, artifact: Artifact) -> None:
    """Harbor's middleware before GET and HEAD of a manifest, of whoever pulls, the one who pushed it too."""
    if not project.is_on("prevent_vul"):
        return
    images = list(images_of(project, artifact))
    if not images:
        return
    severity = project.metadata.get("severity", "low")
    policy = (
        f"cannot be pulled due to configured policy in 'Prevent images with vulnerability severity of "
        f'"{severity.capitalize()}" or higher from running.\' '
    )
    contact = "To continue with pull, please contact your project administrator for help."
    reports = [image.report for image in images if image.report]
    if not reports:
        raise Refused("PROJECTPOLICYVIOLATION", f"current image without vulnerability scanning {policy}{contact}")
    if artifact.children:
        return  # an index passes as soon as anything of it was looked at
    report = reports[0]
    if report.status != "Success":
        message = f'current image with "{report.status}" status of vulnerability scanning {policy}{contact}'
        raise Refused("PROJECTPOLICYVIOLATION", message)
    if report.found and _SEVERITIES.index(report.severity.lower()) >= _SEVERITIES.index(severity.lower()):
        things = "vulnerability" if report.found == 1 else "vulnerabilities"
        exempt = (
            "To continue with pull, please contact your project administrator to exempt matched vulnerabilities "
            "through configuring the CVE allowlist."
        )
        raise Refused("PROJECTPOLICYVIOLATION", f"current image with {report.found} {things} {policy}{exempt}")


def require_room(project: Project, parts: Mapping[str, int]) -> None:
    """For parts (digest → size) that the project does not hold yet."""
    if project.limit == UNLIMITED:
        return
    held = {digest for artifact in project.artifacts.values() for digest in (*artifact.blobs, artifact.digest)}
    adding, used = sum(size for digest, size in parts.items() if digest not in held), project.used
    if used + adding > project.limit:
        raise Refused(
            "DENIED",
            f"adding {_amount(adding)} of storage resource, which when updated to current usage of "
            f"{_amount(used + adding)} will exceed the configured upper limit of {_amount(project.limit)}.",
        )


def _amount(count: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            break
        count /= 1024
    return f"{count:.1f} {unit}"


def _matches(selectors: list[dict[str, Any]], name: str, excluding: str) -> bool:
    return all(
        (re.fullmatch(_doublestar(one["pattern"]), name) is not None) != (one["decoration"] == excluding)
        for one in selectors
    )


def _doublestar(pattern: str) -> str:
    """`**`, `*`, `?` and `{a,b}` as a regular expression."""
    expression, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**", at):
            expression, at = f"{expression}.*", at + 2
            continue
        character = pattern[at]
        if character == "{" and "}" in pattern[at:]:
            end = pattern.index("}", at)
            choices = "|".join(_doublestar(choice) for choice in pattern[at + 1 : end].split(","))
            expression, at = f"{expression}(?:{choices})", end + 1
            continue
        expression += {"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character))
        at += 1
    return expression
