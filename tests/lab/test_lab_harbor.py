"""The lab's Harbor does what is documented of the real one, also what goes wrong there, and says that it is none."""

import json
import os
import subprocess
import urllib.request
from datetime import datetime
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import urllib3

from lab import harbor_orders
from lab.harbor import STAND_IN
from lab.harbor.policies import is_immutable
from lab.harbor.records import Project
from lab.harbor.server import HarborServer
from lab.harbor_orders import call
from lab.state import HarborState, load
from pulumi_chaosreg.credentials.login import Login
from tests.support.builder import image, index, layer, push
from tests.support.lab_harbor import DELETE, PULL, PUSH, HarborProject

pytestmark = pytest.mark.registry

ONE, TWO = image(layer("one", 1000), name="one"), image(layer("two", 1000), name="two")
ACCESS = [{"resource": "repository", "action": action} for action in ("pull", "push")]


def refused(harbor: HarborState, *words: Any, **how: Any) -> tuple[int, str, str]:
    """(status, code, message) of what the API refuses."""
    with pytest.raises(HTTPError) as error:
        call(harbor, *words, **how)
    (said,) = json.loads(error.value.read())["errors"]
    return error.value.code, said["code"], said["message"]


def asked(harbor: HarborState, login: Login | None, path: str, method: str = "GET") -> tuple[int, str, str]:
    """(status, message, challenge) of the registry, by basic credentials."""
    accepted = {"Accept": "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"}
    headers = accepted | ({"Authorization": f"Basic {login.basic}"} if login else {})
    answer = urllib3.request(method, f"{harbor.endpoint}/v2/{path}", headers=headers, retries=False)
    said = json.loads(answer.data)["errors"][0]["message"] if answer.status >= 400 else ""
    return answer.status, said, answer.headers.get("Www-Authenticate", "")


def as_words(login: Login) -> tuple[str, str]:
    return login.username, login.password


def test_it_announces_itself(harbor: HarborState) -> None:
    with urllib.request.urlopen(f"{harbor.endpoint}/api/v2.0/systeminfo") as answer:
        assert answer.headers["Server"].startswith(STAND_IN)
        assert "harbor_version" not in json.load(answer), "only who has logged in is told"
    assert STAND_IN in call(harbor, "GET", "/systeminfo")["harbor_version"]
    assert call(harbor, "GET", "/health")["status"] == "healthy"


def test_projects_live_and_die(harbor: HarborState, harbor_project: HarborProject) -> None:
    assert refused(harbor, "POST", "/projects", {"project_name": harbor_project.name})[:2] == (409, "CONFLICT")
    assert refused(harbor, "POST", "/projects", {"project_name": "Upper"})[0] == 400
    assert refused(harbor, "POST", "/projects", {"project_name": "x", "metadata": {"public": True}})[0] == 422
    wanted = {"metadata": {"auto_scan": "true", "severity": "high"}, "storage_limit": 5}
    harbor_project.call("PUT", "", wanted)
    shown = harbor_project.call("GET")
    assert shown["metadata"] == {"public": "false", "auto_scan": "true", "severity": "high"}
    assert harbor_project.call("GET", "/summary")["quota"]["hard"] == {"storage": -1}, (
        "an update does not change the quota"
    )
    harbor_project.set_quota(1 << 20)
    assert harbor_project.call("GET", "/summary")["quota"]["hard"] == {"storage": 1 << 20}
    assert call(harbor, "HEAD", f"/projects?project_name={harbor_project.name}") is None
    by_name = {"X-Is-Resource-Name": "true"}
    assert refused(harbor, "GET", f"/projects/{harbor_project.id}", headers=by_name)[0] == 404, "an id is no name"
    assert call(harbor, "GET", f"/projects?name={harbor_project.name}")[0]["project_id"] == harbor_project.id
    push(harbor.host, f"{harbor_project.name}/app", "1", ONE, as_words(harbor_project.robot(*PUSH)))
    assert refused(harbor, "DELETE", f"/projects/{harbor_project.id}")[:2] == (412, "PRECONDITION")
    harbor_project.call("DELETE", "/repositories/app")
    harbor_project.call("DELETE")
    assert refused(harbor, "GET", f"/projects/{harbor_project.name}")[:2] == (404, "NOT_FOUND")
    assert not [robot for robot in harbor_orders.robots(harbor) if robot["project"] == harbor_project.id]


def test_a_missing_project_is_forbidden_to_all_but_admins(harbor: HarborState, harbor_project: HarborProject) -> None:
    robot = as_words(harbor_project.robot(*PUSH))
    assert refused(harbor, "GET", "/projects/missing", login=robot)[:2] == (403, "FORBIDDEN")
    assert refused(harbor, "GET", "/projects/missing", login=("nobody", "x"))[:2] == (401, "UNAUTHORIZED")


def test_robots_show_their_secret_once(harbor: HarborState, harbor_project: HarborProject) -> None:
    wanted = {
        "name": "ci",
        "level": "project",
        "duration": 30,
        "permissions": [{"kind": "project", "namespace": harbor_project.name, "access": ACCESS}],
    }
    made = call(harbor, "POST", "/robots", wanted)
    assert made["name"] == f"robot${harbor_project.name}+ci"
    assert refused(harbor, "POST", "/robots", wanted)[:2] == (409, "CONFLICT")
    path = f"/robots/{made['id']}"
    shown = call(harbor, "GET", path)
    assert "secret" not in shown
    assert shown["expires_at"] == made["expires_at"]
    assert sorted(access["action"] for access in shown["permissions"][0]["access"]) == ["pull", "push"]
    old, new = Login(made["name"], made["secret"]), Login(made["name"], call(harbor, "PATCH", path, {})["secret"])
    assert [asked(harbor, login, "")[0] for login in (old, new)] == [401, 200], "a refresh ends the secret before"
    given = {"secret": "Chosen-by-us-1"}
    assert call(harbor, "PATCH", path, given)["secret"] == "", "what was given is not repeated"
    assert refused(harbor, "PATCH", path, {"secret": "short"})[0] == 400
    harbor_orders.age(harbor, made["id"], 31 * 86400)
    assert asked(harbor, Login(made["name"], "Chosen-by-us-1"), "")[0] == 401, "it has expired"
    full = {**wanted, "name": made["name"], "duration": 60}
    call(harbor, "PUT", path, full)
    assert asked(harbor, Login(made["name"], "Chosen-by-us-1"), "")[0] == 200, "counted from the day it was made"
    assert refused(harbor, "PUT", path, {**full, "name": "ci"})[0] == 400, "its name is the long one"
    assert call(harbor, "GET", f"/robots?q=Level%3Dproject%2CProjectID%3D{harbor_project.id}")[0]["id"] == made["id"]
    call(harbor, "DELETE", path)
    assert refused(harbor, "GET", path)[:2] == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Upper"},
        {"name": "a+b"},
        {"duration": 0},
        {"level": "team"},
        {"permissions": []},
        {"permissions": [{"kind": "project", "namespace": "library", "access": []}]},
        {"permissions": [{"kind": "project", "namespace": "library", "access": [{"resource": "x", "action": "y"}]}]},
        {"permissions": [{"kind": "project", "namespace": "library", "access": ACCESS}] * 2},
    ],
)
def test_a_robot_that_is_not_right_is_a_bad_request(harbor: HarborState, wrong: dict[str, Any]) -> None:
    permissions = [{"kind": "project", "namespace": "library", "access": ACCESS}]
    wanted = {"name": "x", "level": "project", "duration": 30, "permissions": permissions}
    assert refused(harbor, "POST", "/robots", {**wanted, **wrong})[:2] == (400, "BAD_REQUEST")


def test_a_robot_of_the_system_makes_projects_and_no_robot_above_itself(harbor: HarborState) -> None:
    pairs = (("project", "create"), ("robot", "create"))
    system = [{"resource": resource, "action": action} for resource, action in pairs]
    everywhere = {"kind": "project", "namespace": "*", "access": [{"resource": "robot", "action": "create"}, *ACCESS]}
    made = call(
        harbor,
        "POST",
        "/robots",
        {
            "name": "maker",
            "level": "system",
            "duration": -1,
            "permissions": [{"kind": "system", "namespace": "/", "access": system}, everywhere],
        },
    )
    assert (made["name"], made["expires_at"]) == ("robot$maker", -1)
    login = (made["name"], made["secret"])
    call(harbor, "POST", "/projects", {"project_name": "of-a-robot"}, login=login)
    wanted = {"name": "p", "level": "project", "duration": 1}
    within = [{"kind": "project", "namespace": "of-a-robot", "access": ACCESS}]
    call(harbor, "POST", "/robots", {**wanted, "permissions": within}, login=login)
    above = [{**within[0], "access": [{"resource": "artifact", "action": "delete"}]}]
    assert refused(harbor, "POST", "/robots", {**wanted, "name": "q", "permissions": above}, login=login)[0] == 403


def test_three_mistakes_are_all_401_and_differ_in_the_body_of_a_get(
    harbor: HarborState, harbor_project: HarborProject
) -> None:
    puller, repository = harbor_project.robot(*PULL), f"{harbor_project.name}/app"
    missing = asked(harbor, puller, "missing/app/blobs/uploads/", "POST")
    assert missing == (401, "project missing not found", ""), "without any challenge"
    forbidden = asked(harbor, puller, f"{repository}/blobs/uploads/", "POST")
    assert forbidden == (401, f"unauthorized to access repository: {repository}, action: push", 'Basic realm="harbor"')
    wrong = asked(harbor, Login(puller.username, "wrong"), f"{repository}/manifests/1")
    assert wrong[:2] == (401, f"unauthorized to access repository: {repository}, action: pull")
    challenge = asked(harbor, None, f"{repository}/blobs/uploads/", "POST")[2]
    assert challenge == (
        f'Bearer realm="{harbor.endpoint}/service/token",service="harbor-registry",'
        f'scope="repository:{repository}:pull,push"'
    )


def test_containerd_asks_for_a_token_by_post_first(harbor: HarborState, harbor_project: HarborProject) -> None:
    robot = harbor_project.robot(*PULL)
    form = {"username": robot.username, "password": robot.password, "service": "harbor-registry"}
    with urllib3.connection_from_url(harbor.endpoint, maxsize=1) as connection:
        assert connection.request("POST", "/service/token", form, encode_multipart=False, retries=False).status == 405
        by_get = "/service/token?service=harbor-registry"
        basic = {"Authorization": f"Basic {robot.basic}"}
        given = connection.request("GET", by_get, headers=basic, retries=False)
        assert given.status == 200
        assert datetime.fromisoformat(given.json()["issued_at"]).tzinfo


def test_another_implementation_pushes_and_pulls_by_tokens(
    harbor: HarborState, harbor_project: HarborProject, tmp_path: Path
) -> None:
    robot = harbor_project.robot(*PUSH)
    login = {"auths": {harbor.host: {"auth": robot.basic}}}
    (tmp_path / "config.json").write_text(json.dumps(login))

    def crane(*words: str) -> str:
        environment = {**os.environ, "DOCKER_CONFIG": str(tmp_path)}
        return subprocess.run(
            ["crane", *words, "--insecure"], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    tree = index(ONE, TWO)
    push(harbor.host, f"{harbor_project.name}/team/app", "1", tree, as_words(robot))
    source = f"{harbor.host}/{harbor_project.name}/team/app"
    crane("copy", f"{source}:1", f"{harbor.host}/{harbor_project.name}/copy:2")
    crane("tag", f"{source}:1", "other")
    assert crane("digest", f"{harbor.host}/{harbor_project.name}/copy:2") == tree.digest
    assert crane("ls", source).split() == ["1", "other"]
    paths = {(entry["path"].partition("?")[0], entry["caller"]) for entry in harbor_orders.requests(harbor)}
    assert ("/service/token", robot.username) in paths


def test_one_tag_goes_and_the_image_stays(harbor: HarborState, harbor_project: HarborProject) -> None:
    login = as_words(harbor_project.robot(*PUSH))
    for tag in ("1", "2"):
        push(harbor.host, f"{harbor_project.name}/team/app", tag, index(ONE, TWO), login)
    deleter = as_words(harbor_project.robot(*DELETE))
    digest = index(ONE, TWO).digest
    below = f"/projects/{harbor_project.name}/repositories"
    for path in (f"{below}/team%2Fapp/artifacts/{digest}/tags/1", f"{below}/team/app/artifacts/{digest}/tags/1"):
        assert refused(harbor, "DELETE", path, login=deleter)[0] == 404, "a name with slashes is encoded twice"
    artifact = f"{below}/team%252Fapp/artifacts/{digest}"
    assert refused(harbor, "DELETE", f"{artifact}/tags/1", login=login)[0] == 403
    call(harbor, "DELETE", f"{artifact}/tags/1", login=deleter)
    assert refused(harbor, "DELETE", f"{artifact}/tags/1", login=deleter)[0] == 404
    assert [tag["name"] for tag in call(harbor, "GET", artifact)["tags"]] == ["2"]
    assert asked(harbor, Login(*deleter), f"{harbor_project.name}/team/app/manifests/1")[0] == 404
    harbor_project.freeze("2")
    assert refused(harbor, "DELETE", f"{artifact}/tags/2", login=deleter)[:2] == (412, "PRECONDITION")
    assert refused(harbor, "DELETE", artifact, login=deleter)[:2] == (412, "PRECONDITION")
    assert refused(harbor, "DELETE", f"{below}/team%252Fapp/artifacts/{ONE.digest}", login=deleter)[0] == 412
    assert refused(harbor, "PUT", f"/projects/{harbor_project.name}/immutabletagrules/1", {"id": 2})[0] == 400


def test_what_is_frozen_cannot_be_pushed_again(harbor: HarborState, harbor_project: HarborProject) -> None:
    login = as_words(harbor_project.robot(*PUSH))
    push(harbor.host, f"{harbor_project.name}/app", "v1", ONE, login)
    harbor_project.freeze("v*")
    with pytest.raises(AssertionError, match=r"due to .*app:v1.* configured as immutable"):
        push(harbor.host, f"{harbor_project.name}/app", "v1", ONE, login)
    push(harbor.host, f"{harbor_project.name}/app", "latest", TWO, login)
    with pytest.raises(HTTPError, match="409"):
        harbor_project.freeze("v*")
    (rule,) = harbor_project.call("GET", "/immutabletagrules")
    harbor_project.call("PUT", f"/immutabletagrules/{rule['id']}", {**rule, "disabled": True})
    push(harbor.host, f"{harbor_project.name}/app", "v1", TWO, login)
    harbor_project.call("DELETE", f"/immutabletagrules/{rule['id']}")
    assert harbor_project.call("GET", "/immutabletagrules") == []


@pytest.mark.parametrize(
    ("pattern", "decoration", "tag", "frozen"),
    [
        ("**", "matches", "a", True),
        ("v*", "matches", "v1", True),
        ("v*", "matches", "w1", False),
        ("{latest,dev}", "excludes", "latest", False),
        ("{latest,dev}", "excludes", "v1", True),
        ("v?", "matches", "v10", False),
    ],
)
def test_patterns_of_immutability(pattern: str, decoration: str, tag: str, frozen: bool) -> None:
    project = Project(1, "p", {}, -1)
    project.rules[1] = {
        "tag_selectors": [{"kind": "doublestar", "decoration": decoration, "pattern": pattern}],
        "scope_selectors": {"repository": [{"kind": "doublestar", "decoration": "repoMatches", "pattern": "team/**"}]},
    }
    assert is_immutable(project, "p/team/app", tag) is frozen
    assert not is_immutable(project, "p/other/app", tag)


def test_a_quota_that_is_used_up(harbor: HarborState, harbor_project: HarborProject) -> None:
    login = as_words(harbor_project.robot(*PUSH))
    harbor_project.set_quota(2000)
    push(harbor.host, f"{harbor_project.name}/app", "1", ONE, login)
    with pytest.raises(AssertionError, match="will exceed the configured upper limit of 2"):
        push(harbor.host, f"{harbor_project.name}/app", "2", TWO, login)


def test_the_gate_lets_only_scanned_images_out(harbor: HarborState, harbor_project: HarborProject) -> None:
    harbor_project.set(prevent_vul="true", severity="high", auto_scan="false")
    robot, name = harbor_project.robot(*PUSH), f"{harbor_project.name}/app"
    push(harbor.host, name, "1", index(ONE, TWO), as_words(robot))
    single = f"{name}/manifests/{ONE.digest}"
    for path in (f"{name}/manifests/1", single):
        status, said, _ = asked(harbor, robot, path)
        assert (status, "current image without vulnerability scanning cannot be pulled" in said) == (412, True)
    artifact = f"/projects/{harbor_project.name}/repositories/app/artifacts/{index(ONE, TWO).digest}"
    assert "scan_overview" not in call(harbor, "GET", f"{artifact}?with_scan_overview=true", login=as_words(robot))
    harbor_orders.scans(harbor, seconds=60)
    call(harbor, "POST", f"{artifact}/scan")
    (overview,) = call(harbor, "GET", f"{artifact}?with_scan_overview=true")["scan_overview"].values()
    assert (overview["scan_status"], overview["complete_percent"]) == ("Running", 0)
    assert 'with "Running" status' in asked(harbor, robot, single)[1]
    assert asked(harbor, robot, f"{name}/manifests/1")[0] == 200, "an index passes as soon as there is any report"
    harbor_orders.scans(harbor, severity="Critical", found=3)
    call(harbor, "POST", f"{artifact}/scan")
    assert "current image with 3 vulnerabilities cannot be pulled" in asked(harbor, robot, single)[1]
    harbor_orders.scans(harbor, severity="Low", found=3)
    call(harbor, "POST", f"{artifact}/scan")
    assert asked(harbor, robot, single)[0] == 200
    harbor_project.set(auto_scan="true")
    push(harbor.host, f"{harbor_project.name}/other", "1", ONE, as_words(robot))
    assert asked(harbor, robot, f"{harbor_project.name}/other/manifests/1")[0] == 200


def test_whoever_sends_the_cookie_back_is_taken_for_a_browser(harbor: HarborState) -> None:
    with urllib.request.urlopen(f"{harbor.endpoint}/api/v2.0/health") as answer:
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
    wanted = {"project_name": "with-a-cookie"}
    assert refused(harbor, "POST", "/projects", wanted, headers={"Cookie": cookie}) == (
        403,
        "FORBIDDEN",
        "CSRF token not found in request",
    )


def test_failures_on_demand(harbor: HarborState, harbor_project: HarborProject) -> None:
    harbor_orders.fail(
        harbor, "GET", f"/projects/{harbor_project.name}$", status=503, after=1, headers={"Retry-After": "1"}
    )
    harbor_project.call("GET")
    assert refused(harbor, "GET", f"/projects/{harbor_project.name}")[0] == 503
    harbor_project.call("GET")
    harbor_orders.fail(harbor, "PUT", cut=True, done=True)
    with pytest.raises((RemoteDisconnected, ConnectionError)):
        harbor_project.set(severity="low")
    assert harbor_project.call("GET")["metadata"]["severity"] == "low", "done, and only the answer was lost"
    harbor_orders.fail(harbor, seconds=0.3)
    harbor_project.call("GET")
    harbor_orders.mend(harbor)


def test_it_speaks_tls(tmp_path: Path) -> None:
    with HarborServer(tmp_path, tls=True) as server:
        assert call(server.state, "GET", "/projects/library")["name"] == "library"
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"{server.state.endpoint}/api/v2.0/health")


def test_no_secret_is_in_its_log(harbor: HarborState, harbor_project: HarborProject) -> None:
    robot = harbor_project.robot(*PUSH)
    asked(harbor, robot, "")
    log = Path(harbor.requests).read_text()
    assert robot.username in log
    assert not [secret for secret in (robot.password, robot.basic, harbor.admin.password) if secret in log]


@pytest.mark.engine
def test_the_part_of_the_lab_is_the_same() -> None:
    found = load().harbor
    assert found, "the part `harbor` was not started"
    name = f"part{os.getpid()}"
    call(found, "POST", "/projects", {"project_name": name})
    login = (found.admin.username, found.admin.password)
    push(found.host, f"{name}/app", "1", ONE, login)
    assert call(found, "GET", f"/projects/{name}/repositories/app/artifacts/1")["digest"] == ONE.digest
