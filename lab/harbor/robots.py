"""Robot accounts: of a project or of the system. What opens the registry is shown once, when it is made."""

from __future__ import annotations

import re
import secrets
import string
import time
from typing import Any, Final

from lab.harbor.answers import Answer, Refused, bad, not_found, said
from lab.harbor.asked import Asked
from lab.harbor.callers import OF_PROJECT, OF_SYSTEM, Caller
from lab.harbor.records import NAME, Robot, moment

_LONGEST: Final = 2**31 - 1


def create(asked: Asked) -> Answer:
    wanted = asked.said
    name, level = str(wanted.get("name", "")), str(wanted.get("level", ""))
    if not NAME.fullmatch(name):
        raise bad("robot name is not in lower case or contains illegal characters")
    duration = wanted.get("duration", 0)
    _check(duration, level, wanted.get("permissions") or [])
    permissions = _kept(wanted["permissions"])
    project_id, full = _place(asked, level, name, permissions, "create")
    _require_no_more(asked.caller, permissions)
    if any(robot.name == full for robot in asked.records.robots.values()):
        raise Refused("CONFLICT", f"robot account {name} already exists")
    robot = Robot(
        asked.records.new_id(),
        full,
        level,
        project_id,
        new_secret(),
        duration,
        permissions,
        str(wanted.get("description") or ""),  # `disable` is nothing that a new one hears of
    )
    asked.records.robots[robot.id] = robot
    shown = {
        "id": robot.id,
        "name": asked.records.prefix + robot.name,
        "secret": robot.secret,
        "creation_time": moment(robot.created),
        "expires_at": robot.expires_at,
    }
    return asked.created(robot.id, shown)


def listed(asked: Asked) -> Answer:
    """The system's, or with `q=Level=project,ProjectID=3` a project's."""
    if not asked.caller.is_known:
        raise asked.caller.refusal()
    filters = {key.lower(): value for key, value in asked.filters().items()}
    level, identity = filters.get("level", "system"), filters.get("projectid", "")
    if level not in ("system", "project"):
        raise bad("bad request error level input")
    if level == "project":
        if not identity.isdigit():
            raise bad("must with project ID when to query project robots")
        asked.caller.require(asked.records.projects.get(int(identity)), "robot:list", missing=identity)
    else:
        asked.caller.require_system("robot:list")
    name = filters.get("name", "")
    found = [
        _shown(asked, robot)
        for robot in asked.records.robots.values()
        if robot.level == level
        and (level == "system" or robot.project == int(identity))
        and (not name or (name[1:] in robot.name if name[0] == "~" else name == robot.name))
    ]
    return asked.page(found)


def get(asked: Asked, identity: str) -> Answer:
    return said(_shown(asked, _found(asked, identity, "read")))


def update(asked: Asked, identity: str) -> Answer:
    wanted = asked.said
    robot = _found(asked, identity, "update")
    duration = wanted.get("duration", robot.duration)
    _check(duration, str(wanted.get("level", "")), wanted.get("permissions") or [])
    permissions = _kept(wanted["permissions"])
    if wanted.get("level") != robot.level or wanted.get("name") != asked.records.prefix + robot.name:
        raise bad("cannot update the level or name of robot")
    if robot.level == "project":
        project = asked.records.named(permissions[0]["namespace"])
        if project is None or project.id != robot.project:
            raise bad("cannot update the project id of robot")
    _require_no_more(asked.caller, permissions)
    robot.duration, robot.permissions = duration, permissions
    robot.description, robot.disabled = str(wanted.get("description") or ""), bool(wanted.get("disable"))
    robot.updated = time.time()
    return Answer(200)


def refresh(asked: Asked, identity: str) -> Answer:
    """Another secret: the one before opens nothing from now on. One that was given is not repeated."""
    robot = _found(asked, identity, "update")
    given = str(asked.said.get("secret") or "")
    if given and not _is_good(given):
        raise bad(
            "the secret must be 8-128, inclusively, characters long with at least 1 uppercase letter, 1 lowercase "
            "letter and 1 number"
        )
    robot.secret = given or new_secret()
    robot.updated = time.time()
    return said({"secret": "" if given else robot.secret})


def delete(asked: Asked, identity: str) -> Answer:
    del asked.records.robots[_found(asked, identity, "delete").id]
    return Answer(200)


def new_secret() -> str:
    """32 letters and digits, of each kind one at least."""
    letters = string.ascii_letters + string.digits
    while True:
        secret = "".join(secrets.choice(letters) for _ in range(32))
        if _is_good(secret):
            return secret


def _is_good(secret: str) -> bool:
    return 8 <= len(secret) <= 128 and all(re.search(kind, secret) for kind in ("[a-z]", "[A-Z]", r"\d"))


def _found(asked: Asked, identity: str, action: str) -> Robot:
    if not asked.caller.is_known:
        raise asked.caller.refusal()
    robot = asked.records.robots.get(int(identity)) if identity.isdigit() else None
    if robot is None:
        raise not_found(f"robot {identity}")
    if robot.level == "system":
        asked.caller.require_system(f"robot:{action}")
    else:
        asked.caller.require(asked.records.projects.get(robot.project), f"robot:{action}", missing=str(robot.project))
    return robot


def _place(asked: Asked, level: str, name: str, permissions: list[dict[str, Any]], action: str) -> tuple[int, str]:
    """(id of the project or 0, its name in the records)."""
    if level == "system":
        asked.caller.require_system(f"robot:{action}")
        return 0, name
    namespace = permissions[0]["namespace"]
    project = asked.caller.require(asked.records.named(namespace), f"robot:{action}", missing=namespace)
    return project.id, f"{project.name}+{name}"


def _check(duration: Any, level: str, permissions: list[dict[str, Any]]) -> None:
    if not isinstance(duration, int) or (duration != -1 and not 0 < duration < _LONGEST):
        raise bad(
            f"bad request error duration input: {duration}, duration must be either -1(Never) or a positive integer"
        )
    if level not in ("system", "project"):
        raise bad(f"bad request error level input: {level}")
    if not permissions:
        raise bad("bad request empty permission")
    if any(not permission.get("access") for permission in permissions):
        raise bad("bad request empty access")
    if level == "project" and len(permissions) > 1:
        raise bad("bad request permission")
    for permission in permissions:
        known = {"system": OF_SYSTEM, "project": OF_PROJECT}.get(permission.get("kind", ""))
        if known is None:
            raise bad(f"bad request permission level: {permission.get('kind')}")
        for access in permission["access"]:
            if f"{access.get('resource')}:{access.get('action')}" not in known:
                raise bad(f"bad request permission: {access.get('resource')}:{access.get('action')}")


def _require_no_more(caller: Caller, permissions: list[dict[str, Any]]) -> None:
    """A robot makes no robot that may more than itself. Harbor compares words: an effect that is left out is not the
    same as one that is said.
    """
    if not caller.robot:
        return
    own = {
        (permission["kind"], permission["namespace"], access["resource"], access["action"], access["effect"])
        for permission in caller.robot.permissions
        for access in permission["access"]
    }
    for permission in permissions:
        for access in permission["access"]:
            spaces = (permission["namespace"], "*")
            right = (access["resource"], access["action"], access["effect"])
            if own.isdisjoint((permission["kind"], space, *right) for space in spaces):
                raise Refused(
                    "DENIED",
                    "permission scope is invalid. It must be equal to or more restrictive than "
                    "the creator robot's permissions",
                )


def _kept(permissions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what it does not know, each right once, and in an order of its own: nobody may count on the request's."""
    return [
        {
            "kind": permission["kind"],
            "namespace": permission.get("namespace", ""),
            "access": [
                {"resource": resource, "action": action, "effect": effect}
                for resource, action, effect in sorted(
                    {(one["resource"], one["action"], one.get("effect", "")) for one in permission["access"]},
                    reverse=True,
                )
            ],
        }
        for permission in permissions
    ]


def _shown(asked: Asked, robot: Robot) -> dict[str, Any]:
    return {
        "id": robot.id,
        "name": asked.records.prefix + robot.name,
        "description": robot.description,
        "level": robot.level,
        "duration": robot.duration,
        "editable": True,
        "disable": robot.disabled,
        "expires_at": robot.expires_at,
        "permissions": robot.permissions,
        "creation_time": moment(robot.created),
        "update_time": moment(robot.updated),
    }
