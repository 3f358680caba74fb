"""Harbor's API v2.0: which path leads to what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from lab.harbor import STAND_IN, artifacts, projects, robots
from lab.harbor.answers import Answer, Refused, refused, said
from lab.harbor.asked import Asked, Handler
from lab.harbor.callers import Caller
from lab.harbor.records import Records

ROOT: Final = "/api/v2.0"
VERSION: Final = f"v2.14.0-{STAND_IN}"
_COMPONENTS: Final = ("core", "database", "jobservice", "portal", "redis", "registry", "registryctl", "trivy")


def answer(
    records: Records, caller: Caller, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> Answer:
    """What the API says to that; `path` as it came, `/api/v2.0` included."""
    asked = Asked(records, caller, method, path.removeprefix(ROOT), query, headers, body)
    # The server decodes the path before it looks for `/`: a name with slashes must be encoded twice.
    decoded = unquote(asked.path)
    known = False
    for methods, pattern, handler in _ROUTES:
        found = re.fullmatch(pattern, decoded.rstrip("/") or "/")
        known |= bool(found)
        if found and method in methods.split():
            with records.guard:
                try:
                    return handler(asked, *(unquote(part) for part in found.groups()))
                except Refused as error:
                    return error.answer
    if known:
        return refused("METHOD_NOT_ALLOWED", f"method {method} is not allowed")
    return refused("NOT_FOUND", f"path {asked.path} was not found")


def _health(_: Asked) -> Answer:
    return said({"status": "healthy", "components": [{"name": name, "status": "healthy"} for name in _COMPONENTS]})


def _system(asked: Asked) -> Answer:
    shown: dict[str, Any] = {"auth_mode": "db_auth", "self_registration": False, "banner_message": STAND_IN}
    if asked.caller.is_known:
        creation = {"project_creation_restriction": asked.records.creation}
        shown |= {"harbor_version": VERSION, "registry_url": asked.headers.get("Host", ""), **creation}
    return said(shown)


def _configurations(asked: Asked) -> Answer:
    asked.caller.require_system("configuration:read" if asked.method == "GET" else "configuration:update")
    if asked.method == "GET":
        values = {
            "robot_name_prefix": asked.records.prefix,
            "robot_token_duration": asked.records.default_days,
            "project_creation_restriction": asked.records.creation,
        }
        return said({name: {"value": value, "editable": True} for name, value in values.items()})
    wanted = asked.said
    asked.records.prefix = str(wanted.get("robot_name_prefix", asked.records.prefix))
    asked.records.creation = str(wanted.get("project_creation_restriction", asked.records.creation))
    return Answer(200)


def _current(asked: Asked) -> Answer:
    if not asked.caller.user:
        raise asked.caller.refusal()
    return said({"user_id": 1, "username": asked.caller.name, "sysadmin_flag": asked.caller.is_admin})


def _scanners(asked: Asked) -> Answer:
    asked.caller.require_system("scanner:list")
    return asked.page([{"uuid": "lab-scanner", "name": "Trivy", "is_default": True, "disabled": False}])


def _robots_of_one(asked: Asked, identity: str) -> Answer:
    by_method = {"GET": robots.get, "PUT": robots.update, "PATCH": robots.refresh, "DELETE": robots.delete}
    return by_method[asked.method](asked, identity)


def _project(asked: Asked, named: str) -> Answer:
    return {"GET": projects.get, "PUT": projects.update, "DELETE": projects.delete}[asked.method](asked, named)


_P: Final = "/projects/([^/]+)"
_R: Final = f"{_P}/repositories/([^/]+)"
_A: Final = f"{_R}/artifacts/([^/]+)"
_ROUTES: Final[list[tuple[str, str, Handler]]] = [
    ("GET", "/ping", lambda _: Answer(200, b"Pong")),
    ("GET", "/health", _health),
    ("GET", "/systeminfo", _system),
    ("GET PUT", "/configurations", _configurations),
    ("GET", "/users/current", _current),
    ("GET", "/scanners", _scanners),
    ("GET", "/projects", projects.listed),
    ("POST", "/projects", projects.create),
    ("HEAD", "/projects", projects.head),
    ("GET PUT DELETE", _P, _project),
    ("GET", f"{_P}/_deletable", projects.deletable),
    ("GET", f"{_P}/summary", projects.summary),
    ("GET POST", f"{_P}/metadatas", projects.metadatas),
    ("GET PUT DELETE", f"{_P}/metadatas/([^/]+)", projects.metadata_of),
    ("GET PUT", f"{_P}/scanner", projects.scanner),
    ("GET POST", f"{_P}/immutabletagrules", projects.rules),
    ("PUT DELETE", f"{_P}/immutabletagrules/([0-9]+)", projects.rule),
    ("GET", "/quotas", projects.quotas),
    ("GET PUT", "/quotas/([0-9]+)", projects.quota),
    ("POST", "/robots", robots.create),
    ("GET", "/robots", robots.listed),
    ("GET PUT PATCH DELETE", "/robots/([0-9]+)", _robots_of_one),
    ("GET", f"{_P}/repositories", artifacts.repositories),
    ("GET DELETE", _R, artifacts.repository),
    ("GET", f"{_R}/artifacts", artifacts.listed),
    ("GET DELETE", _A, artifacts.artifact),
    ("GET POST", f"{_A}/tags", artifacts.tags),
    ("DELETE", f"{_A}/tags/([^/]+)", artifacts.tag),
    ("POST", f"{_A}/scan", artifacts.scanned),
]
