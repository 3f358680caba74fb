"""Projects, what is said of them, their quotas and their immutability rules."""

from __future__ import annotations

import time
from typing import Any, Final

from lab.harbor.answers import Answer, Refused, bad, not_found, said
from lab.harbor.asked import Asked
from lab.harbor.records import NAME, UNLIMITED, Project, moment

_FLAGS: Final = (
    "public",
    "auto_scan",
    "prevent_vul",
    "enable_content_trust",
    "enable_content_trust_cosign",
    "auto_sbom_generation",
    "reuse_sys_cve_allowlist",
)
_SEVERITIES: Final = ("none", "low", "medium", "high", "critical")
_SELECTORS: Final = {"tag_selectors": ("matches", "excludes"), "repository": ("repoMatches", "repoExcludes")}
_LARGEST: Final = 1 << 50


def create(asked: Asked) -> Answer:
    if not asked.caller.is_known:
        raise asked.caller.refusal()
    robot = asked.caller.robot
    if robot and not asked.caller.may_system("project:create"):
        raise Refused("FORBIDDEN", "Only system level robot can create project")
    if asked.records.creation == "adminonly" and not (asked.caller.is_admin or robot):
        raise Refused("FORBIDDEN", "Only system admin can create project")
    wanted = asked.said
    name = str(wanted.get("project_name", ""))
    if not NAME.fullmatch(name) or len(name) > 255:
        raise bad("project name is not in lower case or contains illegal characters")
    if asked.records.named(name):
        raise Refused("CONFLICT", f"The project named {name} already exists")
    metadata = _metadata(wanted.get("metadata") or {})
    if "public" in wanted and "public" not in metadata:
        metadata["public"] = str(bool(wanted["public"])).lower()
    # of whoever may not make projects everywhere it is not heard: they get the default
    limit = (asked.caller.may_system("project:create") and wanted.get("storage_limit")) or UNLIMITED
    project = asked.records.add_project(name, {"public": "false"} | metadata, _limit(limit))
    if asked.caller.user and not asked.caller.is_admin:
        asked.caller.user.roles[name] = "projectAdmin"
    by_name = asked.headers.get("X-Resource-Name-In-Location", "").lower() == "true"
    return asked.created(name if by_name else project.id)


def listed(asked: Asked) -> Answer:
    name = asked.parameter("name")
    filters = asked.filters()
    wanted = filters.get("name", filters.get("Name", ""))
    found = [
        _shown(asked, project)
        for project in asked.records.projects.values()
        if asked.caller.may(project, "project:read")
        and name in project.name
        and (not wanted or (wanted.removeprefix("~") in project.name if wanted[0] == "~" else wanted == project.name))
    ]
    return asked.page(found)


def head(asked: Asked) -> Answer:
    """Whether the name is taken: told to whoever is known, whatever they may."""
    if not asked.caller.is_known:
        raise asked.caller.refusal()
    if asked.records.named(asked.parameter("project_name")) is None:
        raise not_found(f"project {asked.parameter('project_name')}")
    return Answer(200)


def get(asked: Asked, named: str) -> Answer:
    return said(_shown(asked, asked.caller.require(asked.project(named), "project:read", missing=named)))


def update(asked: Asked, named: str) -> Answer:
    """Metadata is merged; a quota in it is ignored, which /quotas changes."""
    project = asked.caller.require(asked.project(named), "project:update", missing=named)
    wanted = asked.said
    project.metadata |= _metadata(wanted.get("metadata") or {})
    project.updated = time.time()
    return Answer(200)


def delete(asked: Asked, named: str) -> Answer:
    project = asked.caller.require(asked.project(named), "project:delete", missing=named)
    if project.repositories:
        raise Refused("PRECONDITION", "the project contains repositories, can not be deleted")
    del asked.records.projects[project.id]
    for robot in [robot for robot in asked.records.robots.values() if robot.project == project.id]:
        del asked.records.robots[robot.id]
    return Answer(200)


def deletable(asked: Asked, named: str) -> Answer:
    project = asked.caller.require(asked.project(named), "project:delete", missing=named)
    why = "the project contains repositories, can not be deleted" if project.repositories else ""
    return said({"deletable": not why, **({"message": why} if why else {})})


def summary(asked: Asked, named: str) -> Answer:
    project = asked.caller.require(asked.project(named), "project:read", missing=named)
    shown: dict[str, Any] = {"repo_count": len(project.repositories)}
    if asked.caller.may(project, "quota:read"):
        shown["quota"] = {"hard": {"storage": project.limit}, "used": {"storage": project.used}}
    return said(shown)


def metadatas(asked: Asked, named: str) -> Answer:
    action = "list" if asked.method == "GET" else "create"
    project = asked.caller.require(asked.project(named), f"metadata:{action}", missing=named)
    if asked.method == "GET":
        return said(project.metadata)
    if len(asked.said) != 1:
        raise bad("only allow one key/value pair")
    project.metadata |= _metadata(asked.said)
    return Answer(200)


def metadata_of(asked: Asked, named: str, key: str) -> Answer:
    action = {"GET": "read", "PUT": "update", "DELETE": "delete"}[asked.method]
    project = asked.caller.require(asked.project(named), f"metadata:{action}", missing=named)
    if asked.method == "GET":
        return said({key: project.metadata[key]} if key in project.metadata else {})
    if asked.method == "DELETE":
        project.metadata.pop(key, None)
    else:
        project.metadata |= _metadata({key: asked.said.get(key, "")})
    return Answer(200)


def scanner(asked: Asked, named: str) -> Answer:
    action = "read" if asked.method == "GET" else "create"
    project = asked.caller.require(asked.project(named), f"scanner:{action}", missing=named)
    if asked.method == "PUT":
        project.scanner = str(asked.said.get("uuid", ""))
        return Answer(200)
    return said({"uuid": project.scanner or "lab-scanner", "name": "Trivy", "health": "healthy", "is_default": True})


# Quotas


def quotas(asked: Asked) -> Answer:
    asked.caller.require_system("quota:list")
    wanted = asked.parameter("reference_id")
    found = [project for project in asked.records.projects.values() if wanted in ("", str(project.id))]
    return asked.page([_quota(project) for project in found])


def quota(asked: Asked, identity: str) -> Answer:
    asked.caller.require_system("quota:read" if asked.method == "GET" else "quota:update")
    project = asked.records.projects.get(int(identity) - _QUOTAS)
    if project is None:
        raise not_found(f"quota {identity}")
    if asked.method == "GET":
        return said(_quota(project))
    hard = asked.said.get("hard") or {}
    if "storage" not in hard:
        raise bad("hard required in body")
    project.limit = _limit(hard["storage"])
    return Answer(200)


_QUOTAS: Final = 1000
"""A quota's id is another than its project's."""


def _quota(project: Project) -> dict[str, Any]:
    return {
        "id": project.id + _QUOTAS,
        "ref": {"id": project.id, "name": project.name, "owner_name": "admin"},
        "hard": {"storage": project.limit},
        "used": {"storage": project.used},
        "creation_time": moment(project.created),
        "update_time": moment(project.updated),
    }


def _limit(wanted: Any) -> int:
    if not isinstance(wanted, int) or wanted == 0 or wanted < UNLIMITED or wanted > _LARGEST:
        raise bad(f"invalid value for storage: {wanted}")
    return wanted


# Immutability


def rules(asked: Asked, named: str) -> Answer:
    """There is no way to ask for one rule."""
    action = "list" if asked.method == "GET" else "create"
    project = asked.caller.require(asked.project(named), f"immutable-tag:{action}", missing=named)
    if asked.method == "GET":
        return asked.page([{**rule, "id": identity} for identity, rule in project.rules.items()])
    rule = _rule(asked.said) | {"disabled": False}  # whatever was said: a new one is always on
    if any(_essence(rule) == _essence(other) for other in project.rules.values()):
        raise Refused("CONFLICT", "immutable tag rule already exists")
    identity = asked.records.new_id()
    project.rules[identity] = rule
    return asked.created(identity)


def rule(asked: Asked, named: str, identity: str) -> Answer:
    action = "update" if asked.method == "PUT" else "delete"
    project = asked.caller.require(asked.project(named), f"immutable-tag:{action}", missing=named)
    if asked.method == "PUT" and str(asked.said.get("id")) != identity:
        raise bad("the immutable_rule_id doesn't match the id in the payload body of ImmutableRule")
    before = project.rules.get(int(identity))
    if before is None:
        raise not_found(f"the immutable tag rule {identity}")
    if asked.method == "DELETE":
        del project.rules[int(identity)]
        return Answer(200)
    wanted = _rule(asked.said)
    if wanted["disabled"] != before["disabled"]:  # then nothing else of it is changed
        project.rules[int(identity)] = {**before, "disabled": wanted["disabled"]}
    else:
        project.rules[int(identity)] = wanted
    return Answer(200)


def _rule(wanted: dict[str, Any]) -> dict[str, Any]:
    tags, scope = wanted.get("tag_selectors") or [], (wanted.get("scope_selectors") or {}).get("repository") or []
    if wanted.get("action") != "immutable" or not wanted.get("template") or not tags or not scope:
        raise Refused("UNKNOWN", "internal server error")  # what it does with a rule that is not whole
    for kind, selectors in (("tag_selectors", tags), ("repository", scope)):
        for one in selectors:
            if one.get("kind") != "doublestar" or one.get("decoration") not in _SELECTORS[kind] or not one["pattern"]:
                raise Refused("UNKNOWN", "internal server error")
    kept = ("action", "template", "tag_selectors", "scope_selectors")
    return {"priority": 0, "disabled": bool(wanted.get("disabled")), **{key: wanted[key] for key in kept}}


def _essence(rule: dict[str, Any]) -> Any:
    return [rule[key] for key in ("action", "template", "tag_selectors", "scope_selectors")]


def _metadata(wanted: dict[str, Any]) -> dict[str, str]:
    """Strings, all of them."""
    kept = {}
    for key, value in wanted.items():
        if not isinstance(value, str):
            raise Refused("UNPROCESSABLE_ENTITY", f"project.metadata.{key} in body must be of type string")
        if key in _FLAGS and value not in ("true", "false"):
            raise bad(f"metadata.{key} should only be 'true' or 'false', but got: '{value}'")
        if key == "severity" and value not in _SEVERITIES:
            raise bad(f"invalid value: {value}")
        if key in (*_FLAGS, "severity"):
            kept[key] = value
    return kept


def _shown(asked: Asked, project: Project) -> dict[str, Any]:
    times = {"creation_time": moment(project.created), "update_time": moment(project.updated)}
    return {
        "project_id": project.id,
        "name": project.name,
        "owner_id": 1,
        "owner_name": "admin",
        **times,
        "deleted": False,
        "repo_count": len(project.repositories),
        "current_user_role_id": 1 if asked.caller.is_admin else 0,
        "metadata": project.metadata,
        "cve_allowlist": {"id": project.id, "project_id": project.id, "items": [], **times},
    }
