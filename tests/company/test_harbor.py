"""A company on Harbor: one `up` makes the project and its robots and fills it; credentials come and go by the calendar.

Harbor is the lab's: a stand-in that announces itself (lab/harbor), in front of a real registry.
"""

import base64
import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab import harbor_orders
from lab.harbor_orders import call, fail, mend, requests
from lab.kubeapi import get
from lab.state import HarborState, load
from lab.workspace import Workspace
from tests.support.lab_harbor import provisioner

pytestmark = pytest.mark.engine

FILE = "stacks/Pulumi.acme.yaml"
PROJECT, RULE, ROBOT = (f"chaosreg:index:Harbor{what}" for what in ("Project", "ImmutableTagRule", "Robot"))
IMAGE, SECRET = "chaosreg:index:MirroredImage", "kubernetes:core/v1:Secret"
ACME = """\
config:
  chaosreg:account:
    id: acme
    image_registry:
      server: {server}
      account: {project}/mirror
      kind: harbor
      type: private
      authentication: {{type: made, lifetime_days: 90}}
    images: {{release: "1.94.4", pin: "off"}}
    mirror: {{source: {upstream}/harness, allow_sources: [{upstream}/harness], platforms: [linux/amd64]}}
    repositories: {{create: true, login: harbor-admin, harbor: {{quota: 5GiB}}}}
  chaosreg:infrastructures:
    prod-eu: {{cluster: {{context: prod-eu}}, namespace: {space}}}
"""


@pytest.fixture
def harbor() -> HarborState:
    lab = load()
    assert lab.harbor, "the part `harbor` was not started"
    mend(lab.harbor)
    return lab.harbor


@pytest.fixture
def project() -> str:
    return f"chaos-{secrets.token_hex(3)}"


@pytest.fixture
def company(tmp_path: Path, label: str, harbor: HarborState, project: str) -> Workspace:
    workspace = Workspace(tmp_path / "company")
    workspace.add_project()
    text = ACME.format(server=harbor.host, project=project, upstream=load().upstream.host, space=label)
    workspace.add_stacks(acme=text)
    workspace.init("acme")
    admin = json.dumps({"username": harbor.admin.username, "password": harbor.admin.password})
    workspace.run("pulumi", "config", "set", "--stack", "acme", "--secret", "chaosreg-credentials:harbor-admin", admin)
    return workspace


def of(company: Workspace, type_: str) -> list[dict[str, Any]]:
    every = company.state("acme")["deployment"]["resources"]
    return [one for one in every if one["type"] == type_]


def robots(harbor: HarborState, project: str) -> dict[str, list[str]]:
    """Name → rights."""
    return {
        one["name"]: sorted(f"{right['resource']}:{right['action']}" for right in one["permissions"][0]["access"])
        for one in harbor_orders.robots(harbor)
        if one["name"].startswith(f"{project}+")
    }


def tags(harbor: HarborState, project: str) -> set[str]:
    """`repository:tag`."""
    below = f"/projects/{project}/repositories"
    found = set()
    for one in call(harbor, "GET", f"{below}?page_size=100"):
        name = one["name"].removeprefix(f"{project}/").replace("/", "%252F")
        artifacts = call(harbor, "GET", f"{below}/{name}/artifacts?page_size=100")
        found |= {f"{one['name']}:{tag['name']}" for artifact in artifacts for tag in artifact["tags"] or ()}
    return found


def pulled_with(harbor: HarborState, space: str) -> tuple[str, str, str]:
    """(user, password, day on which it ends) in the one Secret of a namespace."""
    (secret,) = get(load().kubernetes, f"/api/v1/namespaces/{space}/secrets")["items"]
    config = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))
    user, _, password = base64.b64decode(config["auths"][harbor.host]["auth"]).decode().partition(":")
    return user, password, secret["metadata"]["annotations"]["chaosreg/expires"]


def edited(company: Workspace, old: str, new: str) -> dict[str, str]:
    """Type → what the preview would do with it."""
    company.edit(FILE, old, new)
    ours = (PROJECT, RULE, ROBOT)
    return {step.type: step.op for step in company.preview("acme") if step.type in ours}


def test_from_nothing_to_a_credential_that_pulls_and_everything_after(
    company: Workspace, harbor: HarborState, project: str, label: str
) -> None:
    # given: nothing but an administrator's login; when: `up`
    first = company.up("acme")
    # then: there is a closed project, filled by a robot that may just push, and pulled by one that may just pull
    shown = call(harbor, "GET", f"/projects/{project}")
    assert shown["metadata"] == {"public": "false", "auto_scan": "true", "prevent_vul": "false"}
    made = robots(harbor, project)
    assert sorted(made.values()) == [
        ["artifact:read", "repository:pull", "repository:push"],
        ["repository:pull"],
        ["repository:pull"],
    ]
    filled = tags(harbor, project)
    assert f"{project}/mirror/chaos-ddcr:1.94.4" in filled or len(filled) > 3
    pushers = {one["caller"] for one in requests(harbor) if project in one["path"] and one["method"] == "PUT"}
    assert {who.rpartition("+")[2][:11] for who in pushers} == {"mirror-push"}
    user, password, _ = pulled_with(harbor, label)
    assert user.startswith(f"robot${project}+mirror-pull-")
    # no secret of a robot or of the administrator is anywhere but sealed
    state = json.dumps(company.state("acme"))
    for text in (first.stdout, first.stderr, state, "".join(map(str, requests(harbor)))):
        assert password not in text
        assert harbor.admin.password not in text
    company.up("acme", "--expect-no-changes")

    # a setting is an update, tags that may move from now on are a rule less
    assert edited(company, "quota: 5GiB", "prevent_vulnerable: high") == {PROJECT: "update"}
    assert edited(company, "create: true,", "create: true, immutable_tags: false,") == {
        PROJECT: "update",
        RULE: "delete",
    }
    company.edit(
        FILE,
        "immutable_tags: false, login: harbor-admin, harbor: {prevent_vulnerable: high}",
        "login: harbor-admin, harbor: {quota: 5GiB}",
    )

    # what somebody changed is seen and mended
    call(harbor, "PUT", f"/projects/{project}", {"metadata": {"public": "true"}})
    company.run("pulumi", "refresh", "--stack", "acme", "--yes", "--skip-preview")
    mended = company.up("acme")
    assert "~ 1 updated" in mended.stdout
    assert call(harbor, "GET", f"/projects/{project}")["metadata"]["public"] == "false"

    # a Harbor in trouble makes no refresh forget anything
    fail(harbor, "GET", "/api/v2.0/", status=500, times=200)
    kept = company.run("pulumi", "refresh", "--stack", "acme", "--yes", "--skip-preview")
    mend(harbor)
    assert "kept as it was: Harbor could not be asked" in kept.stdout + kept.stderr
    company.up("acme", "--expect-no-changes")
    assert pulled_with(harbor, label)[1] == password

    # `destroy` keeps what was pushed, and no robot that nobody renews
    company.run("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "acme")
    assert tags(harbor, project) == filled
    assert robots(harbor, project) == {}


@pytest.mark.nightly
def test_a_failure_in_the_middle_loses_and_doubles_nothing(
    company: Workspace, harbor: HarborState, project: str
) -> None:
    fail(harbor, "POST", "/robots", cut=True, done=True, after=1, times=9)
    failed = company.up("acme", check=False)
    assert failed.returncode
    mend(harbor)
    company.up("acme")
    assert len(robots(harbor, project)) == 3
    company.up("acme", "--expect-no-changes")

    # and what is to go goes: images first, by a robot that deletes, then the project with all that is in it
    company.edit(FILE, "    images:", "    on_destroy: delete\n    images:")
    company.edit(FILE, "create: true,", "create: true, immutable_tags: false,")
    company.up("acme")
    assert len(robots(harbor, project)) == 4
    company.run("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "acme")
    assert project not in {one["name"] for one in call(harbor, "GET", "/projects?page_size=100")}
    assert robots(harbor, project) == {}


@pytest.mark.nightly
def test_a_turn_makes_one_of_two_anew_and_touches_none_in_use(
    company: Workspace, harbor: HarborState, project: str, label: str
) -> None:
    day = datetime.now(UTC).date()  # Harbor has its own clock: what has ended by that is refused
    company.set_day(day.isoformat())
    company.up("acme")
    before, first = robots(harbor, project), pulled_with(harbor, label)
    company.set_day((day + timedelta(days=45)).isoformat())
    steps = [(step.type, step.op) for step in company.preview("acme") if step.type == ROBOT and step.op == "replace"]
    assert steps
    company.up("acme")
    after, second = robots(harbor, project), pulled_with(harbor, label)
    assert first[0].removeprefix("robot$") in after, "who has not followed yet still pulls"
    assert second[0] != first[0]
    assert second[1] != first[1]
    assert len(after) == len(before)
    company.up("acme", "--expect-no-changes")
    assert harbor.admin.password not in json.dumps(company.state("acme"))


@pytest.mark.nightly
def test_a_robot_of_the_system_is_enough(company: Workspace, harbor: HarborState, project: str) -> None:
    """With the rights that the page lists, and no more."""
    made = call(harbor, "POST", "/robots", provisioner("", name=f"p-{project}"))
    login = json.dumps({"username": made["name"], "password": made["secret"]})
    company.run("pulumi", "config", "set", "--stack", "acme", "--secret", "chaosreg-credentials:harbor-admin", login)
    company.edit(FILE, "    images:", "    on_destroy: delete\n    images:")
    company.edit(FILE, "create: true,", "create: true, immutable_tags: false,")
    company.up("acme")
    assert len(robots(harbor, project)) == 4
    company.up("acme", "--expect-no-changes")
    call(harbor, "PUT", f"/projects/{project}", {"metadata": {"public": "true"}})
    refreshed = company.run("pulumi", "refresh", "--stack", "acme", "--yes", "--skip-preview")
    assert "kept as it was" not in refreshed.stdout + refreshed.stderr
    company.up("acme")
    company.up("acme", "--expect-no-changes")
    company.run("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "acme")
    assert project not in {one["name"] for one in call(harbor, "GET", "/projects?page_size=100")}
    assert made["secret"] not in json.dumps(company.state("acme"))


@pytest.mark.nightly
def test_what_is_there_already_is_imported(company: Workspace, harbor: HarborState, project: str) -> None:
    call(harbor, "POST", "/projects", {"project_name": project, "metadata": {"public": "false"}})
    rights = [{"resource": "repository", "action": "pull"}]
    wanted = {
        "name": "pull",
        "duration": 30,
        "level": "project",
        "permissions": [{"kind": "project", "namespace": project, "access": rights}],
    }
    made = call(harbor, "POST", "/robots", wanted)
    company.environment |= {"HARBOR_USERNAME": harbor.admin.username, "HARBOR_PASSWORD": harbor.admin.password}
    for type_, ident in ((PROJECT, project), (ROBOT, f"{project}/pull")):
        order = ("pulumi", "import", "--yes", "--generate-code=false", "--protect=false", "--stack", "acme")
        company.run(*order, type_, "imported", f"{harbor.host}/{ident}")
    (kept,) = of(company, PROJECT)
    assert (kept["outputs"]["project"], kept["outputs"]["public"]) == (project, False)
    (robot,) = of(company, ROBOT)
    assert (robot["outputs"]["username"], robot["outputs"]["access"]) == (made["name"], ["repository:pull"])
    state = json.dumps(company.state("acme"))
    assert not [secret for secret in (made["secret"], harbor.admin.password) if secret in state]
