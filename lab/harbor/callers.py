"""Who asks, and what they may: `admin`, people with a role in a project, robots by their permissions, and anybody."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lab.harbor.answers import Refused
from lab.harbor.records import Project, Records, Robot, User

_GUEST: Final = {
    "project:read",
    "repository:pull",
    "repository:list",
    "repository:read",
    "artifact:read",
    "artifact:list",
    "tag:list",
    "scan:read",
    "quota:read",
}
_DEVELOPER: Final = _GUEST | {"repository:push", "tag:create", "artifact:create", "repository:update"}
_MAINTAINER: Final = _DEVELOPER | {
    "repository:delete",
    "artifact:delete",
    "tag:delete",
    "scan:create",
    "scan:stop",
    "immutable-tag:create",
    "immutable-tag:list",
    "immutable-tag:update",
    "immutable-tag:delete",
    "metadata:create",
    "metadata:read",
    "metadata:update",
    "metadata:delete",
    "metadata:list",
    "robot:read",
    "robot:list",
    "scanner:read",
}
_PROJECT_ADMIN: Final = _MAINTAINER | {
    "project:update",
    "project:delete",
    "robot:create",
    "robot:update",
    "robot:delete",
    "scanner:create",
}
_ROLES: Final = {"guest": _GUEST, "developer": _DEVELOPER, "maintainer": _MAINTAINER, "projectAdmin": _PROJECT_ADMIN}

OF_PROJECT: Final = frozenset(
    _PROJECT_ADMIN - {"robot:update"}
    | {"accessory:list", "artifact-addition:read", "artifact-label:create", "artifact-label:delete", "label:read"}
)
"""What a robot may be allowed in a project; to change robots is nothing that any may (goharbor/harbor#22632)."""
OF_SYSTEM: Final = frozenset(
    f"{resource}:{action}"
    for resource, actions in {
        "project": ("create", "list"),
        "quota": ("read", "list", "update"),
        "robot": ("create", "read", "list", "delete"),
        "scanner": ("create", "read", "update", "list", "delete"),
        "registry": ("create", "read", "update", "list", "delete"),
        "catalog": ("read",),
        "system-volumes": ("read",),
        "configuration": ("read", "update"),
    }.items()
    for action in actions
)
"""What a robot of the system may be allowed besides that."""


@dataclass(frozen=True)
class Caller:
    """Who asks; nobody in particular where all is empty."""

    user: User | None = None
    robot: Robot | None = None
    token: Mapping[str, frozenset[str]] | None = None
    """Repository → actions, of a bearer of the token service."""
    subject: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.user or self.robot or self.subject)

    @property
    def name(self) -> str:
        return self.subject or (self.user.name if self.user else "")

    @property
    def is_admin(self) -> bool:
        return bool(self.user and self.user.is_admin)

    def may(self, project: Project, action: str) -> bool:
        """`repository:push`, of everything in the project."""
        if self.is_admin:
            return True
        if self.robot and _grants(self.robot, project.name, action):
            return True
        if self.user and action in _ROLES.get(self.user.roles.get(project.name, ""), ()):
            return True
        return project.is_on("public") and action in _GUEST - {"quota:read", "scan:read"}

    def may_in_registry(self, project: Project, repository: str, action: str) -> bool:
        """`push`, by the rights themselves or by a token that was made from them."""
        if self.token is not None:
            return action in self.token.get(repository, frozenset())
        return self.may(project, f"repository:{action}")

    def may_system(self, action: str) -> bool:
        if self.is_admin:
            return True
        return bool(self.robot) and any(
            permission["kind"] == "system" and _names(permission["access"], action)
            for permission in (self.robot.permissions if self.robot else ())
        )

    def require(self, project: Project | None, action: str, *, missing: str = "") -> Project:
        """The project, where it may be done.

        One that is missing is told to admins only: to everybody else it is forbidden (goharbor/harbor#21800).
        """
        if project is None and self.is_admin:
            raise Refused("NOT_FOUND", f"project {missing} not found")
        if project is not None and self.may(project, action):
            return project
        raise self.refusal()

    def require_system(self, action: str) -> None:
        if not self.may_system(action):
            raise self.refusal()

    def refusal(self) -> Refused:
        return Refused("FORBIDDEN", "forbidden") if self.is_known else Refused("UNAUTHORIZED", "unauthorized")


def caller_of(records: Records, authorization: str) -> Caller:
    """Whoever logs in wrongly is nobody in particular: Harbor says so only where somebody is needed."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return Caller()
    try:
        name, _, password = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        return Caller()
    if robot := records.robot_named(name):
        good = robot.secret == password and not robot.disabled and not robot.is_expired
        return Caller(robot=robot, subject=name) if good else Caller()
    user = records.users.get(name)
    return Caller(user=user) if user and user.password == password else Caller()


def _grants(robot: Robot, project: str, action: str) -> bool:
    return any(
        permission["kind"] == "project"
        and permission["namespace"] in (project, "*")
        and _names(permission["access"], action)
        for permission in robot.permissions
    )


def _names(access: Iterable[Mapping[str, Any]], action: str) -> bool:
    return any(f"{one['resource']}:{one['action']}" == action for one in access)
