"""`HarborRobot` from check to delete, over the lab's Harbor: its secret is never lost, nor shown, and no robot is there
twice."""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lab import harbor_orders
from lab.harbor_orders import age, call, fail, requests
from lab.state import HarborState
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provider.harbor_access import HarborAccess
from pulumi_chaosreg.provider.harbor_project import HarborProject
from pulumi_chaosreg.provider.harbor_robot import HarborRobot
from pulumi_chaosreg.provider.run import Run
from tests.harbor.conftest import PASSWORD, QUICK, Heard

PULL = ["repository:pull"]


@pytest.fixture
def resource(access):
    return HarborRobot(Run(), access)


@pytest.fixture(autouse=True)
def project(harbor):
    call(harbor, "POST", "/projects", {"project_name": "chaos"})


@pytest.fixture
def inputs(given, resource):
    def inputs(**said: Any) -> dict[str, Any]:
        checked, failures = resource.check(given(**{"robot": "pull", "access": PULL, "days": 30, **said}))
        assert failures == []
        return checked

    return inputs


def opens(harbor: HarborState, state: dict[str, Any]) -> bool:
    """Whether its secret is the one that Harbor has."""
    try:
        call(harbor, "GET", f"/projects/{state['project']}/repositories", login=(state["username"], state["secret"]))
    except OSError as refused:
        return getattr(refused, "code", 0) == 403  # known, and not for this
    return True


def shown(harbor: HarborState, state: dict[str, Any]) -> dict[str, Any]:
    return call(harbor, "GET", f"/robots/{state['robotId']}")


def names(harbor: HarborState) -> list[str]:
    return [one["name"] for one in harbor_orders.robots(harbor)]


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ({"robot": "Pull"}, ("robot", "must be lowercase letters")),
        ({"robot": "chaos+pull"}, ("robot", "must be lowercase letters")),
        ({"days": 0}, ("days", "must be a number of days")),
        ({"days": -2}, ("days", "must be a number of days")),
        ({"days": None}, ("days", "is missing: write either `days` or `ends`")),
        ({"ends": "2027-01-31"}, ("days", "and `ends` exclude each other")),
        ({"days": None, "ends": "31.1.2027"}, ("ends", "must be a day")),
        ({"days": None, "ends": "2026-01-31"}, ("ends", "must be a day that is still to come")),
        ({"days": None, "ends": datetime.now(UTC).date().isoformat()}, ("ends", "must be a day that is still to come")),
        ({"access": []}, ("access", "must be a list of")),
        ({"access": ["pull"]}, ("access", "must be a list of `resource:action`, not `pull`")),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(resource, given, harbor, said, failure):
    _, failures = resource.check(given(**{"robot": "pull", "access": PULL, "days": 30, **said}))
    assert [(key, reason) for key, reason in failures if key == failure[0] and reason.startswith(failure[1])]


def test_it_is_made_with_just_its_rights_and_an_end(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(description="pulls for acme"), heard.occasion)
    assert ident == f"{harbor.host}/chaos/pull"
    assert state["username"] == "robot$chaos+pull"
    assert opens(harbor, state)
    (made,) = harbor_orders.robots(harbor)
    assert made["level"] == "project"
    assert made["duration"] == 30
    (permission,) = made["permissions"]
    assert (permission["kind"], permission["namespace"]) == ("project", "chaos")
    assert [(one["resource"], one["action"]) for one in permission["access"]] == [("repository", "pull")]
    assert 29 * 86400 < state["expiresAt"] - time.time() < 31 * 86400
    found = resource.read(ident, state, inputs(), heard.occasion)
    assert found
    assert found.outputs == state, "the secret survives a refresh"
    assert not heard.warned


def test_another_prefix_is_harbor_s_own(resource, inputs, harbor, heard):
    call(harbor, "PUT", "/configurations", {"robot_name_prefix": "bot+$"})
    _, state = resource.create(inputs(), heard.occasion)
    assert state["username"] == "bot+$chaos+pull"
    assert opens(harbor, state)


def test_what_somebody_changes_is_seen_and_mended(resource, inputs, harbor, heard):
    wanted = inputs(description="pulls")
    ident, state = resource.create(wanted, heard.occasion)
    more = [{"resource": "repository", "action": action} for action in ("pull", "push")]
    changed = {"permissions": [{"kind": "project", "namespace": "chaos", "access": more}], "disable": True}
    body = {"name": state["username"], "level": "project", "duration": 30, "description": "mine", **changed}
    call(harbor, "PUT", f"/robots/{state['robotId']}", body)
    found = resource.read(ident, state, wanted, heard.occasion)
    assert found
    assert set(resource.diff(found.outputs, wanted).updates) == {"access", "description", "disabled"}
    mended = resource.update(ident, found.outputs, wanted, heard.occasion)
    assert mended == state
    again = resource.read(ident, mended, wanted, heard.occasion)
    assert again
    assert again.outputs == state
    assert opens(harbor, mended)


@pytest.mark.parametrize(
    ("said", "what"),
    [({"robot": "pull-2"}, "robot"), ({"project": "other"}, "project")],
)
def test_another_name_or_project_is_another_robot(resource, inputs, heard, said, what):
    _, state = resource.create(inputs(), heard.occasion)
    assert resource.diff(state, inputs(**said)).replaces == (what,)


def test_its_replacement_of_the_same_name_is_not_what_the_deletion_takes(resource, inputs, harbor, heard):
    """The engine makes first and deletes last."""
    ident, old = resource.create(inputs(), heard.occasion)
    _, new = resource.create(inputs(days=60), heard.occasion)
    resource.delete(ident, old, inputs(), heard.occasion)
    assert names(harbor) == ["chaos+pull"]
    assert opens(harbor, new)


@pytest.mark.parametrize(
    "how",
    [
        {"status": 500},
        {"status": 502, "done": True},
        {"cut": True},
        {"cut": True, "done": True},
        {"seconds": 0.8},
        {"status": 429, "headers": {"Retry-After": "0"}},
        {"status": 201, "done": True},
    ],
    ids=["500", "502, but done", "cut", "cut, but done", "late", "429", "done, and something else is said"],
)
def test_a_failure_in_the_middle_loses_no_secret_and_doubles_no_robot(resource, inputs, harbor, heard, how):
    fail(harbor, "POST", "/robots", **how)
    _, state = resource.create(inputs(), heard.occasion)
    time.sleep(how.get("seconds", 0))  # the late one is done by now, too
    assert names(harbor) == ["chaos+pull"]
    assert opens(harbor, state)


@pytest.mark.parametrize("call_that_fails", range(1, 6))
def test_whatever_call_fails_for_good_the_next_run_makes_it_good(resource, inputs, harbor, heard, call_that_fails):
    """The first run meets a robot of another's interrupted run, and fails at one of its calls until it gives up."""
    fail(harbor, "POST", "/robots", cut=True, done=True, times=1)
    fail(harbor, path="/api/", status=500, after=call_that_fails - 1, times=99)
    with suppress(ChaosregError):  # some calls may fail, and it is made all the same
        resource.create(inputs(), heard.occasion)
    harbor_orders.mend(harbor)
    _, state = resource.create(inputs(), heard.occasion)
    assert names(harbor) == ["chaos+pull"]
    assert opens(harbor, state)


def test_a_robot_of_somebody_else_is_never_touched(resource, inputs, harbor, heard):
    _, theirs = resource.create(inputs(), heard.occasion)
    with pytest.raises(ChaosregError, match="CHR0487"):
        resource.create(inputs(), Heard("urn:pulumi:dev::chaos::chaosreg:index:HarborRobot::acme").occasion)
    assert opens(harbor, theirs)


@pytest.mark.parametrize(
    "how",
    [
        {"status": 500},
        {"status": 200},
        {"cut": True},
        {"seconds": 0.8},
        {"status": 401, "code": "UNAUTHORIZED"},
        {"status": 403},
    ],
)
def test_a_refresh_keeps_what_it_cannot_look_at_and_its_secret(resource, inputs, harbor, heard, how):
    ident, state = resource.create(inputs(), heard.occasion)
    fail(harbor, "GET", "/robots/", times=9, **how)
    found = resource.read(ident, state, inputs(), heard.occasion)
    assert found
    assert found.outputs == state
    assert "kept as it was" in heard.warned[0]
    assert state["secret"] not in heard.warned[0]
    assert PASSWORD not in heard.warned[0]


def test_only_harbor_s_own_404_means_gone(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(), heard.occasion)
    fail(harbor, "GET", "/robots/", status=404, code="", times=1)
    assert resource.read(ident, state, inputs(), heard.occasion), "a gateway's"
    call(harbor, "DELETE", f"/robots/{state['robotId']}")
    assert resource.read(ident, state, inputs(), heard.occasion) is None
    resource.delete(ident, state, inputs(), heard.occasion)


def test_one_that_has_expired_is_told_and_replaced(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(days=1), heard.occasion)
    assert resource.diff(state, inputs(days=1)).replaces == ()
    age(harbor, state["robotId"], 2 * 86400)
    found = resource.read(ident, state, inputs(days=1), heard.occasion)
    assert found
    assert resource.diff(found.outputs, inputs(days=1)).replaces == ("expiresAt",)
    assert "expired on" in heard.warned.pop(0)
    _, after = resource.create(inputs(days=1), heard.occasion)
    assert opens(harbor, after)
    assert not heard.warned, "nobody had it any more"


def test_one_that_lives_until_a_day_is_the_same_on_every_day_before(resource, inputs, harbor, heard):
    day = datetime.now(UTC).date() + timedelta(days=20)
    wanted = inputs(days=None, ends=day.isoformat())
    ident, state = resource.create(wanted, heard.occasion)
    assert harbor_orders.robots(harbor)[0]["duration"] == 20
    assert datetime.fromtimestamp(state["expiresAt"], UTC).date() == day
    found = resource.read(ident, state, wanted, heard.occasion)
    assert found
    assert found.outputs == state
    age(harbor, state["robotId"], 5 * 86400)  # somebody has moved its end
    found = resource.read(ident, state, wanted, heard.occasion)
    assert found
    change = resource.diff(found.outputs, wanted)
    assert (change.updates, change.replaces) == (("ends",), ())
    after = resource.update(ident, found.outputs, wanted, heard.occasion)
    assert datetime.fromtimestamp(after["expiresAt"], UTC).date() == day
    assert datetime.fromtimestamp(shown(harbor, state)["expires_at"], UTC).date() == day
    assert opens(harbor, state), "whoever uses it goes on"


def test_an_imported_one_gets_a_secret_and_nothing_else(resource, inputs, harbor, heard, monkeypatch):
    _, state = resource.create(inputs(description="pulls"), heard.occasion)
    monkeypatch.setenv("HARBOR_USERNAME", "admin")
    monkeypatch.setenv("HARBOR_PASSWORD", PASSWORD)
    found = resource.read(f"{harbor.host}/chaos/pull", {}, {}, heard.occasion)
    assert found
    assert "secret" not in found.outputs
    assert opens(harbor, state), "a look changes nothing"
    wanted = resource.check(found.inputs)[0]
    assert resource.diff(found.outputs, wanted).updates == ("secret",)
    # an answer that is lost is asked for again with the same secret
    fail(harbor, "PATCH", "/robots/", cut=True, done=True)
    after = resource.update(found.ident, found.outputs, wanted, heard.occasion)
    assert opens(harbor, after)
    assert not opens(harbor, state)
    assert resource.diff(after, wanted).updates == ()


def test_no_message_and_no_log_has_a_secret(resource, inputs, harbor, heard, caplog):
    caplog.set_level("DEBUG")
    fail(harbor, "PUT", "/robots/", status=400, code="BAD_REQUEST", message=f"no: {PASSWORD}")
    ident, state = resource.create(inputs(), heard.occasion)
    with pytest.raises(ChaosregError) as refused:
        resource.update(ident, state, inputs(disabled=True), heard.occasion)
    told = f"{refused.value}{caplog.text}{''.join(map(str, requests(harbor)))}{resource._access.client(inputs())!r}"
    assert "BAD_REQUEST" in told
    assert PASSWORD not in told
    assert state["secret"] not in told


def test_one_that_is_to_be_disabled_is_although_harbor_makes_none_so(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(disabled=True), heard.occasion)
    assert shown(harbor, state)["disable"] is True
    found = resource.read(ident, state, inputs(disabled=True), heard.occasion)
    assert found
    assert found.outputs == state
    assert not heard.warned


def test_one_that_could_not_be_disabled_is_not_lost_and_the_next_run_does_it(resource, inputs, harbor, heard):
    fail(harbor, "PUT", "/robots/", status=503, times=9)
    ident, state = resource.create(inputs(disabled=True), heard.occasion)
    assert "could not be disabled" in heard.warned[0]
    assert opens(harbor, state)
    assert resource.diff(state, inputs(disabled=True)).updates == ("disabled",)
    harbor_orders.mend(harbor)
    after = resource.update(ident, state, inputs(disabled=True), heard.occasion)
    assert (after["disabled"], after["secret"]) == (True, state["secret"])
    assert shown(harbor, state)["disable"] is True


@pytest.mark.parametrize("whose", ["system", "other", "another-chaos"])
def test_a_number_that_is_another_robot_s_by_now_is_not_its_own(resource, inputs, harbor, heard, whose):
    """As after Harbor was installed anew."""
    ident, state = resource.create(inputs(), heard.occasion)
    call(harbor, "DELETE", f"/robots/{state['robotId']}")
    call(harbor, "POST", "/projects", {"project_name": "another-chaos"})
    where = {"system": ("system", "*"), "other": ("project", "chaos"), "another-chaos": ("project", "another-chaos")}
    level, space = where[whose]
    access = [{"resource": "repository", "action": "pull"}]
    theirs = {"name": "other" if whose == "other" else "pull", "level": level, "duration": 30, "description": "theirs"}
    permissions = [{"kind": "project", "namespace": space, "access": access}]
    made = call(harbor, "POST", "/robots", {**theirs, "permissions": permissions})
    stale = {**state, "robotId": made["id"]}
    assert resource.read(ident, stale, inputs(), heard.occasion) is None
    resource.delete(ident, stale, inputs(), heard.occasion)
    after = resource.update(ident, stale, inputs(disabled=False), heard.occasion)
    assert after["robotId"] != made["id"]
    assert opens(harbor, after)
    assert call(harbor, "GET", f"/robots/{made['id']}")["description"] == "theirs"


@pytest.mark.parametrize("said", [{"days": 60}, {"days": 10}, {"days": -1}, {"days": None, "ends": "tomorrow"}])
def test_another_end_leaves_the_robot_and_its_secret(resource, inputs, harbor, heard, said):
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    wanted = inputs(**{key: tomorrow if value == "tomorrow" else value for key, value in said.items()})
    ident, state = resource.create(inputs(), heard.occasion)
    assert resource.diff(state, wanted).replaces == ()
    assert resource.diff(state, wanted).updates == ("days",)
    after = resource.update(ident, state, wanted, heard.occasion)
    assert (after["robotId"], after["secret"]) == (state["robotId"], state["secret"])
    assert opens(harbor, state)
    assert after["expiresAt"] == pytest.approx(shown(harbor, state)["expires_at"], abs=1)
    assert resource.diff(after, wanted).updates == ()
    assert not heard.warned
    assert "DELETE" not in [one["method"] for one in requests(harbor)]


def test_an_end_that_lies_behind_the_robot_s_age_is_another_robot(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(), heard.occasion)
    age(harbor, state["robotId"], 20 * 86400)
    after = resource.update(ident, state, inputs(days=10), heard.occasion)
    assert opens(harbor, after)
    assert names(harbor) == ["chaos+pull"]
    assert "cannot log in any more" in heard.warned[0]


def test_whoever_takes_the_place_of_an_earlier_run_is_told(resource, inputs, harbor, heard):
    resource.create(inputs(), heard.occasion)
    assert not heard.warned
    resource.create(inputs(), heard.occasion)
    assert "was made anew, with another secret: an earlier run had made it" in heard.warned[0]


@pytest.mark.parametrize("effect", ["allow", ""])
def test_a_robot_of_the_system_makes_one_and_changes_none(resource, inputs, harbor, heard, system_robot, effect):
    """Its own rights were written with an effect, or without: Harbor compares them word for word."""
    login = system_robot(effect)
    ident, state = resource.create(inputs(login=login), heard.occasion)
    assert opens(harbor, state)
    assert not heard.warned
    wanted = inputs(login=login, access=["repository:pull", "artifact:read"])
    after = resource.update(ident, state, wanted, heard.occasion)
    assert "was made anew, with another secret: `robot$provisioner` may not change robots" in heard.warned[0]
    assert opens(harbor, after)
    assert after["robotId"] != state["robotId"]
    assert resource.diff(after, wanted).updates == ()
    later = resource.read(ident, after, wanted, heard.occasion)
    assert later
    assert later.outputs == after
    resource.delete(ident, after, wanted, heard.occasion)
    assert names(harbor) == ["provisioner"]


def test_a_robot_that_may_not_give_a_right_leaves_what_there_is(resource, inputs, harbor, heard, system_robot):
    login = system_robot()
    ident, state = resource.create(inputs(login=login), heard.occasion)
    for wanted in (inputs(login=login, disabled=True), inputs(login={**login, "password": "Wrong-1a"})):
        with pytest.raises(ChaosregError, match="CHR0468"):
            resource.update(ident, state, wanted, heard.occasion)
    more = inputs(login=login, access=["repository:pull", "scan:create"])
    with pytest.raises(ChaosregError, match="CHR0468"):
        resource.create({**more, "robot": "other"}, heard.occasion)
    with pytest.raises(ChaosregError, match="permission scope is invalid"):
        resource.update(ident, state, more, heard.occasion)
    assert opens(harbor, state)


def test_a_project_that_is_gone_takes_it_along(resource, inputs, harbor, heard, system_robot):
    wanted = inputs(login=system_robot())
    ident, state = resource.create(wanted, heard.occasion)
    call(harbor, "DELETE", "/projects/chaos")
    assert resource.read(ident, state, wanted, heard.occasion) is None
    resource.delete(ident, state, wanted, heard.occasion)
    assert not heard.warned


def test_what_goes_goes_by_the_login_of_this_run(resource, inputs, given, harbor, heard):
    """The one of the last `up` is what a resource has that is deleted; its password may have been changed since."""
    ident, state = resource.create(inputs(), heard.occasion)
    old = {"login": {"username": "admin", "password": "before-it-was-changed-1A"}}
    next_run = HarborAccess(Run(), QUICK)
    with pytest.raises(ChaosregError, match="does not accept the password"):
        HarborRobot(Run(), next_run).delete(ident, state, old, heard.occasion)
    HarborProject(Run(), next_run).check(given())
    HarborRobot(Run(), next_run).delete(ident, state, old, heard.occasion)
    assert names(harbor) == []
    assert PASSWORD not in f"{vars(next_run)}"
