"""What Harbor knows: projects, robots, rules, artifacts and their tags. All in memory, gone with the process."""

from __future__ import annotations

import itertools
import re
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

NAME: Final = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
UNLIMITED: Final = -1
_DAY: Final = 86400


def moment(seconds: float) -> str:
    """As the API writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


@dataclass
class Report:
    """One scan of one image."""

    ends: float
    """When it is over; before that it runs."""
    severity: str
    """The worst that it finds: `None`, `Low`, `Medium`, `High` or `Critical`."""
    outcome: str
    """`Success`, or how else it ends."""
    found: int
    began: float = field(default_factory=time.time)
    id: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def status(self) -> str:
        return self.outcome if time.time() >= self.ends else "Running"


@dataclass
class Artifact:
    """A manifest of a repository."""

    id: int
    repository: str
    """With its project: `chaos/team/app`."""
    digest: str
    media_type: str
    manifest: dict[str, Any]
    size: int
    pushed: float = field(default_factory=time.time)
    tags: dict[str, int] = field(default_factory=dict)
    """Name → id."""
    report: Report | None = None

    @property
    def children(self) -> list[str]:
        return [child["digest"] for child in self.manifest.get("manifests", [])]

    @property
    def blobs(self) -> dict[str, int]:
        """Digest → size of what it consists of."""
        parts = [*self.manifest.get("layers", []), *filter(None, [self.manifest.get("config")])]
        return {part["digest"]: int(part.get("size", 0)) for part in parts}

    @property
    def is_image(self) -> bool:
        """Whether the gate wants a report of it: an artifact whose configuration is an image's, no signature."""
        configuration = str(self.manifest.get("config", {}).get("mediaType", ""))
        image = "image.config" in configuration or "container.image" in configuration
        return image and "subject" not in self.manifest and not self.is_signature

    @property
    def is_scanned(self) -> bool:
        """Whether a scan looks at it: no image with a layer that is an attestation, for which the gate waits in vain
        (goharbor/harbor#22408).
        """
        return self.is_image and not any("in-toto" in layer["mediaType"] for layer in self.manifest.get("layers", []))

    @property
    def is_signature(self) -> bool:
        return any("cosign" in layer.get("mediaType", "") for layer in self.manifest.get("layers", []))


@dataclass
class Project:
    """One project with its quota."""

    id: int
    name: str
    metadata: dict[str, str]
    limit: int
    """Of storage, in bytes; -1: none."""
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    rules: dict[int, dict[str, Any]] = field(default_factory=dict)
    artifacts: dict[tuple[str, str], Artifact] = field(default_factory=dict)
    """(repository, digest) → artifact."""
    repositories: dict[str, int] = field(default_factory=dict)
    """Name with the project → id. One stays when its last artifact goes."""
    scanner: str = ""

    def is_on(self, name: str) -> bool:
        return self.metadata.get(name) == "true"

    @property
    def used(self) -> int:
        """Every blob once, and the manifests."""
        blobs: dict[str, int] = {}
        for artifact in self.artifacts.values():
            blobs |= artifact.blobs | {artifact.digest: artifact.size}
        return sum(blobs.values())

    def of(self, repository: str) -> list[Artifact]:
        return [artifact for (name, _), artifact in self.artifacts.items() if name == repository]

    def find(self, repository: str, reference: str) -> Artifact | None:
        """By tag or digest."""
        if ":" in reference:
            return self.artifacts.get((repository, reference))
        return next((artifact for artifact in self.of(repository) if reference in artifact.tags), None)


@dataclass
class Robot:
    """One robot account."""

    id: int
    name: str
    """Without the prefix: `chaos+pull` of a project, `ci` of the system."""
    level: str
    project: int
    """0: the system's."""
    secret: str = field(repr=False)
    duration: int
    permissions: list[dict[str, Any]]
    description: str = ""
    disabled: bool = False
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)

    @property
    def expires_at(self) -> int:
        """From the day it was made, whenever its duration was changed."""
        return -1 if self.duration == -1 else int(self.created + self.duration * _DAY)

    @property
    def is_expired(self) -> bool:
        return self.expires_at != -1 and self.expires_at <= time.time()


@dataclass
class User:
    """A person's account."""

    name: str
    password: str = field(repr=False)
    roles: dict[str, str] = field(default_factory=dict)
    """Project → `guest`, `developer`, `maintainer` or `projectAdmin`."""
    is_admin: bool = False


@dataclass
class Scanner:
    """How scans go from now on."""

    seconds: float = 0
    severity: str = "None"
    outcome: str = "Success"
    found: int = 0


class Records:
    """Whoever reads or writes holds `guard`."""

    def __init__(self, password: str) -> None:
        self.guard = threading.RLock()
        self._ids = itertools.count(1)
        self.prefix = "robot$"
        self.default_days = 30
        self.creation = "everyone"
        self.projects: dict[int, Project] = {}
        self.robots: dict[int, Robot] = {}
        self.users = {"admin": User("admin", password, is_admin=True)}
        self.scanner = Scanner()
        self.uploads: dict[str, int] = {}
        """Upload → bytes that have arrived."""
        self.add_project("library", {"public": "true"}, UNLIMITED)

    def new_id(self) -> int:
        return next(self._ids)

    def add_project(self, name: str, metadata: dict[str, str], limit: int) -> Project:
        project = Project(self.new_id(), name, metadata, limit)
        self.projects[project.id] = project
        return project

    def named(self, name: str) -> Project | None:
        return next((project for project in self.projects.values() if project.name == name), None)

    def robot_named(self, full: str) -> Robot | None:
        """By the name that it logs in with."""
        if not full.startswith(self.prefix):
            return None
        name = full.removeprefix(self.prefix)
        return next((robot for robot in self.robots.values() if robot.name == name), None)

    def artifacts(self) -> Iterator[Artifact]:
        for project in self.projects.values():
            yield from project.artifacts.values()
