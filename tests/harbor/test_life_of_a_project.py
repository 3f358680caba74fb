"""`HarborProject` from check to delete, over the lab's Harbor: made or taken over, changed, looked at, taken away."""

from typing import Any

import pytest

from lab.harbor_orders import call, fail, new_user, requests
from lab.state import HarborState
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provider.harbor_access import HarborAccess
from pulumi_chaosreg.provider.harbor_project import HarborProject
from pulumi_chaosreg.provider.run import Run
from tests.harbor.conftest import PASSWORD, QUICK, Heard


@pytest.fixture
def resource(access):
    return HarborProject(Run(), access)


@pytest.fixture
def inputs(given, resource):
    def inputs(**said: Any) -> dict[str, Any]:
        checked, failures = resource.check(given(**said))
        assert failures == []
        return checked

    return inputs


def later(resource: HarborProject) -> HarborProject:
    """In the next run, whose program has no such resource."""
    return HarborProject(Run(), resource._access)


def shown(harbor: HarborState, name: str = "chaos") -> dict[str, Any]:
    return call(harbor, "GET", f"/projects/{name}")


def limit(harbor: HarborState, name: str = "chaos") -> int:
    return call(harbor, "GET", f"/projects/{name}/summary")["quota"]["hard"]["storage"]


def writes(harbor: HarborState) -> list[str]:
    return [one["method"] for one in requests(harbor) if one["method"] != "GET"]


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ({"project": "Chaos"}, ("project", "must be lowercase letters")),
        ({"project": "chaos__x"}, ("project", "must be lowercase letters")),
        ({"quota": 0}, ("quota", "must be a number of bytes, or -1")),
        ({"quota": 1.5}, ("quota", "must be a whole number")),
        ({"preventVulnerable": "severe"}, ("preventVulnerable", "must be one of: off, none, low")),
        ({"projekt": "x"}, ("projekt", "is not an input")),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(resource, given, harbor, said, failure):
    _, failures = resource.check(given(**said))
    assert [(key, reason) for key, reason in failures if key == failure[0] and reason.startswith(failure[1])]
    assert not list(requests(harbor))


def test_it_is_made_closed_and_scanned_and_looks_the_same_afterwards(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(quota=5 << 30, preventVulnerable="high"), heard.occasion)
    assert ident == f"{harbor.host}/chaos"
    assert shown(harbor)["metadata"] == {
        "public": "false",
        "auto_scan": "true",
        "prevent_vul": "true",
        "severity": "high",
    }
    assert limit(harbor) == 5 << 30
    assert state["made"] is True
    assert state["projectId"] == shown(harbor)["project_id"]
    found = resource.read(ident, state, inputs(quota=5 << 30, preventVulnerable="high"), heard.occasion)
    assert found
    assert found.outputs == state
    assert PASSWORD not in repr(state)
    assert not heard.warned


def test_what_somebody_changes_is_seen_and_mended(resource, inputs, harbor, heard):
    wanted = inputs(quota=5 << 30)
    ident, state = resource.create(wanted, heard.occasion)
    call(harbor, "PUT", "/projects/chaos", {"metadata": {"public": "true", "auto_scan": "false"}})
    found = resource.read(ident, state, wanted, heard.occasion)
    assert found
    assert resource.diff(found.outputs, wanted).updates == ("public", "autoScan")
    mended = resource.update(ident, found.outputs, wanted, heard.occasion)
    assert mended == state
    assert shown(harbor)["metadata"]["public"] == "false"
    assert resource.diff(mended, wanted).updates == ()


def test_a_quota_is_changed_and_one_that_nobody_says_is_left(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(quota=5 << 30), heard.occasion)
    assert resource.diff(state, inputs(quota=-1)).updates == ("quota",)
    state = resource.update(ident, state, inputs(quota=-1), heard.occasion)
    assert (limit(harbor), state["quota"]) == (-1, -1)
    assert resource.diff(state, inputs()).updates == ()
    assert "quota" not in resource.update(ident, state, inputs(public=True), heard.occasion)
    assert limit(harbor) == -1


def test_one_that_is_there_is_taken_over_only_where_that_is_said(resource, inputs, harbor, heard):
    call(harbor, "POST", "/projects", {"project_name": "chaos", "metadata": {"public": "true"}})
    with pytest.raises(ChaosregError, match="CHR0487") as there:
        resource.create(inputs(), heard.occasion)
    when = shown(harbor)["creation_time"]
    assert f"if an `up` that was interrupted has just made it, at {when}, delete it in Harbor" in str(there.value)
    assert shown(harbor)["metadata"]["public"] == "true", "it was not touched"
    ident, state = resource.create(inputs(adopt=True), heard.occasion)
    assert state["made"] is False
    assert shown(harbor)["metadata"]["public"] == "false"
    later(resource).delete(ident, state, inputs(adopt=True), heard.occasion)
    assert shown(harbor)
    assert any("which was there before" in line for line in heard.told)


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
def test_a_failure_in_the_middle_leaves_one_project(resource, inputs, harbor, heard, how):
    fail(harbor, "POST", "/projects", **how)
    _, state = resource.create(inputs(), heard.occasion)
    assert state["projectId"] == shown(harbor)["project_id"]
    assert [one["name"] for one in call(harbor, "GET", "/projects")].count("chaos") == 1


def test_once_it_is_made_no_failure_makes_it_nobody_s(resource, inputs, harbor, heard):
    fail(harbor, "GET", "/projects/chaos", status=500, after=1, times=9)
    _, state = resource.create(inputs(), heard.occasion)
    assert state["made"] is True
    assert state["projectId"] > 0


@pytest.mark.parametrize(
    "how",
    [
        {"status": 500},
        {"status": 200},
        {"cut": True},
        {"status": 401, "code": "UNAUTHORIZED"},
        {"status": 403, "code": "FORBIDDEN"},
    ],
)
def test_a_refresh_keeps_what_it_cannot_look_at(resource, inputs, harbor, heard, how):
    ident, state = resource.create(inputs(), heard.occasion)
    fail(harbor, "GET", "/projects/chaos", times=9, **how)
    found = resource.read(ident, state, inputs(), heard.occasion)
    assert found
    assert found.outputs == state
    assert "kept as it was: Harbor could not be asked" in heard.warned[0]
    assert PASSWORD not in heard.warned[0]


def test_only_harbor_s_own_404_means_gone(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(), heard.occasion)
    call(harbor, "DELETE", "/projects/chaos")
    # to strangers Harbor may say so, too: a password that has changed is no reason to forget anything
    stranger = {**inputs(), "login": {"username": "admin", "password": "another"}}
    fail(harbor, "GET", "/projects/chaos", status=404, code="NOT_FOUND", message="project chaos not found", times=1)
    assert resource.read(ident, state, stranger, heard.occasion)
    assert "does not accept the password" in heard.warned[0]
    assert resource.read(ident, state, inputs(), heard.occasion) is None


def test_it_goes_with_its_empty_repositories_and_stays_where_images_are(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(), heard.occasion)
    fail(
        harbor,
        "DELETE",
        "/projects/chaos$",
        status=412,
        code="PRECONDITION",
        message="the project contains repositories, can not be deleted",
    )
    resource = later(resource)
    given = dict(state, login={"username": "admin", "password": PASSWORD})
    resource.delete(ident, state, given, heard.occasion)
    assert "has images that this stack did not write" in heard.warned[0]
    assert shown(harbor)
    resource.delete(ident, state, given, heard.occasion)
    assert resource.read(ident, state, given, heard.occasion) is None
    resource.delete(ident, state, given, heard.occasion)


def test_another_resource_of_the_run_keeps_it(access, inputs, harbor, heard):
    run = Run()
    resource = HarborProject(run, access)
    ident, state = resource.create(inputs(), heard.occasion)
    resource.check(inputs())
    resource.delete(ident, state, inputs(), heard.occasion)
    assert shown(harbor)


def test_import_knows_all_of_it(resource, harbor, heard, monkeypatch, inputs):
    call(harbor, "POST", "/projects", {"project_name": "chaos", "metadata": {"public": "true"}, "storage_limit": 7})
    monkeypatch.setenv("HARBOR_USERNAME", "admin")
    monkeypatch.setenv("HARBOR_PASSWORD", PASSWORD)
    found = resource.read(f"{harbor.host}/chaos", {}, {}, heard.occasion)
    assert found
    assert found.inputs == {
        "server": harbor.host,
        "project": "chaos",
        "public": True,
        "autoScan": False,
        "preventVulnerable": "off",
        "quota": 7,
    }
    assert resource.diff(found.outputs, resource.check(found.inputs)[0]).updates == ()
    assert resource.read(f"{harbor.host}/nothing", {}, {}, heard.occasion) is None
    with pytest.raises(ChaosregError, match="CHR0469"):
        resource.read("chaos", {}, {}, heard.occasion)


@pytest.mark.parametrize("login", ["just-a-password", "user:s3cret", {"password": "s3cret"}, None])
def test_a_login_without_a_user_is_told_without_its_words(resource, inputs, heard, login):
    with pytest.raises(ChaosregError, match="CHR0489") as refused:
        resource.create({**inputs(), "login": login}, heard.occasion)
    assert not any(word in str(refused.value) for word in ("just-a", "s3cret"))


def test_a_wrong_password_and_too_few_rights_are_two_messages(inputs, harbor, heard):
    resource = HarborProject(Run(), HarborAccess(Run(), QUICK))
    with pytest.raises(ChaosregError, match="does not accept the password of user `admin`"):
        resource.create({**inputs(), "login": {"username": "admin", "password": "wrong-one"}}, heard.occasion)
    new_user(harbor, "dev", "Dev-Canary-12345", {})
    call(harbor, "PUT", "/configurations", {"project_creation_restriction": "adminonly"})
    with pytest.raises(ChaosregError, match="user `dev` may not do this") as refused:
        resource.create({**inputs(), "login": {"username": "dev", "password": "Dev-Canary-12345"}}, Heard().occasion)
    assert "Dev-Canary" not in str(refused.value)
    assert refused.value.is_denied


def test_what_a_gateway_says_is_not_harbor_s_word(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(), heard.occasion)
    fail(harbor, "GET", "/projects/chaos", status=404, code="", times=9)
    found = resource.read(ident, state, inputs(), heard.occasion)
    assert found
    assert found.outputs == state
    assert "invalid response" in heard.warned[0]


def test_a_later_one_of_the_same_name_is_somebody_else_s(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(), heard.occasion)
    call(harbor, "DELETE", "/projects/chaos")
    call(harbor, "POST", "/projects", {"project_name": "chaos"})
    later(resource).delete(ident, state, inputs(), heard.occasion)
    assert "not the one that this made" in heard.warned[0]
    assert shown(harbor)
    found = resource.read(ident, state, inputs(), heard.occasion)
    assert found
    assert (found.outputs["made"], found.outputs["projectId"]) == (False, shown(harbor)["project_id"])


def test_a_quota_that_is_not_heard_is_told_and_asked_for_again(resource, inputs, harbor, heard):
    new_user(harbor, "dev", "Dev-Canary-12345", {})
    wanted = inputs(quota=5 << 30, login={"username": "dev", "password": "Dev-Canary-12345"})
    ident, state = resource.create(wanted, heard.occasion)
    assert "was made, but without this quota" in heard.warned[0]
    assert (state["quota"], limit(harbor)) == (-1, -1)
    assert resource.diff(state, wanted).updates == ("quota",)
    with pytest.raises(ChaosregError, match="user `dev` may not do this") as refused:
        resource.update(ident, state, wanted, heard.occasion)
    assert "for quotas and new projects: of Harbor" in str(refused.value)
    after = resource.update(ident, state, inputs(quota=5 << 30), heard.occasion)
    assert (after["quota"], limit(harbor)) == (5 << 30, 5 << 30)


def test_a_robot_of_the_system_that_sees_no_quota_warns_of_none(resource, inputs, harbor, heard, system_robot):
    wanted = inputs(quota=5 << 30, login=system_robot())
    ident, state = resource.create(wanted, heard.occasion)
    assert limit(harbor) == 5 << 30
    assert (heard.warned, len(heard.told)) == ([], 1)
    assert resource.diff(state, wanted).updates == ()
    call(harbor, "PUT", "/projects/chaos", {"metadata": {"public": "true"}})
    mended = resource.update(ident, state, wanted, heard.occasion)
    assert (mended, limit(harbor)) == (state, 5 << 30), "and may not set it: nobody has asked for another one"
    another = {**wanted, "quota": 6 << 30}
    assert resource.diff(state, another).updates == ("quota",)
    with pytest.raises(ChaosregError, match="CHR0468"):
        resource.update(ident, state, another, heard.occasion)
    found = resource.read(ident, state, wanted, heard.occasion)
    assert found
    assert resource.diff(found.outputs, wanted).updates == ()
    later(resource).delete(ident, state, wanted, heard.occasion)
    assert resource.read(ident, state, inputs(), heard.occasion) is None


def test_one_that_somebody_deleted_is_made_anew_by_a_robot_of_the_system_too(
    resource, inputs, harbor, heard, system_robot
):
    """To whom Harbor forbids what is missing."""
    wanted = inputs(login=system_robot())
    ident, state = resource.create(wanted, heard.occasion)
    call(harbor, "DELETE", "/projects/chaos")
    assert resource.read(ident, state, wanted, heard.occasion) is None
    later(resource).delete(ident, state, wanted, heard.occasion)
    after = resource.update(ident, state, wanted, heard.occasion)
    assert after["made"] is True
    assert after["projectId"] == shown(harbor)["project_id"] != state["projectId"]
    assert not heard.warned


def test_one_that_this_login_may_not_see_is_not_gone(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(), heard.occasion)
    new_user(harbor, "dev", "Dev-Canary-12345", {})
    blind = inputs(login={"username": "dev", "password": "Dev-Canary-12345"})
    assert resource.read(ident, state, blind, heard.occasion)
    assert "kept as it was" in heard.warned[0]
    for fails in (resource.update, later(resource).delete):
        with pytest.raises(ChaosregError, match="CHR0468"):
            fails(ident, state, blind, heard.occasion)
    assert shown(harbor)
