"""The lab's Harbor for tests: one for each process of tests, and every test with projects of its own."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab import harbor_orders
from lab.harbor.server import HarborServer
from lab.state import HarborState
from pulumi_chaosreg.credentials.login import Login

PULL = ("repository:pull",)
PUSH = ("repository:pull", "repository:push", "artifact:read")
DELETE = ("repository:pull", "artifact:read", "artifact:delete", "tag:delete", "tag:list")


EVERYWHERE = [
    f"{resource}:{action}"
    for resource, actions in {
        "project": "read update delete",
        "repository": "list read delete pull push",
        "artifact": "read delete",
        "tag": "delete",
        "robot": "create read list delete",
        "immutable-tag": "create list update delete",
    }.items()
    for action in actions.split()
]
"""What a robot of the system needs on all projects to make ours (docs/registries/harbor.md)."""


def provisioner(
    effect: str = "allow", system: tuple[str, ...] = ("project:create",), name: str = "provisioner"
) -> dict[str, Any]:
    """A robot of the system that makes projects and robots, as POST wants it; its rights are written with `effect`."""

    def access(rights: Iterable[str]) -> list[dict[str, str]]:
        said = {"effect": effect} if effect else {}
        return [{**dict(zip(("resource", "action"), one.split(":"), strict=True)), **said} for one in rights]

    permissions = [
        {"kind": "system", "namespace": "/", "access": access(system)},
        {"kind": "project", "namespace": "*", "access": access(EVERYWHERE)},
    ]
    return {"name": name, "level": "system", "duration": 30, "permissions": permissions}


@dataclass(frozen=True)
class HarborProject:
    """A project that a test may do with as it likes."""

    harbor: HarborState
    name: str
    id: int

    def call(self, method: str, path: str = "", said: Any = None, **how: Any) -> Any:
        """Of the API, below the project."""
        return harbor_orders.call(self.harbor, method, f"/projects/{self.name}{path}", said, **how)

    def set(self, **metadata: str) -> None:
        self.call("PUT", "", {"metadata": metadata})

    def set_quota(self, count: int) -> None:
        quota = harbor_orders.call(self.harbor, "GET", f"/quotas?reference=project&reference_id={self.id}")[0]
        harbor_orders.call(self.harbor, "PUT", f"/quotas/{quota['id']}", {"hard": {"storage": count}})

    def freeze(self, pattern: str = "**") -> None:
        """Tags that match are immutable from now on, in every repository."""
        rule = {
            "action": "immutable",
            "template": "immutable_template",
            "tag_selectors": [{"kind": "doublestar", "decoration": "matches", "pattern": pattern}],
            "scope_selectors": {"repository": [{"kind": "doublestar", "decoration": "repoMatches", "pattern": "**"}]},
        }
        self.call("POST", "/immutabletagrules", rule)

    def robot(self, *rights: str, name: str = "", days: int = 30) -> Login:
        """A robot of the project, which may this (`repository:push`)."""
        access = [dict(zip(("resource", "action"), right.split(":"), strict=True)) for right in rights]
        permissions = [{"kind": "project", "namespace": self.name, "access": access}]
        wanted = {"name": name or f"r{secrets.token_hex(3)}", "level": "project", "duration": days}
        made = harbor_orders.call(self.harbor, "POST", "/robots", {**wanted, "permissions": permissions})
        return Login(made["name"], made["secret"])


@pytest.fixture(scope="session")
def one_harbor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HarborState]:
    with HarborServer(tmp_path_factory.mktemp("harbor")) as server:
        yield server.state


@pytest.fixture
def harbor(one_harbor: HarborState) -> Iterator[HarborState]:
    yield one_harbor
    harbor_orders.mend(one_harbor)


@pytest.fixture
def harbor_project(harbor: HarborState) -> HarborProject:
    name = f"p{secrets.token_hex(4)}"
    harbor_orders.call(harbor, "POST", "/projects", {"project_name": name, "metadata": {"public": "false"}})
    return HarborProject(harbor, name, harbor_orders.call(harbor, "GET", f"/projects/{name}")["project_id"])
