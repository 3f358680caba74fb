"""`HarborImmutableTagRule` from check to delete, over the lab's Harbor."""

from typing import Any

import pytest

from lab.harbor_orders import call, fail, mend
from lab.state import HarborState
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provider.harbor_immutable_tag_rule import HarborImmutableTagRule
from pulumi_chaosreg.provider.run import Run
from tests.harbor.conftest import PASSWORD

MOVING = ["sha256-*", "latest", "*-latest"]


@pytest.fixture
def resource(access):
    return HarborImmutableTagRule(Run(), access)


@pytest.fixture(autouse=True)
def project(harbor):
    call(harbor, "POST", "/projects", {"project_name": "chaos"})


@pytest.fixture
def inputs(given, access):
    """Of another run: what is checked in one is not deleted in it."""

    def inputs(**said: Any) -> dict[str, Any]:
        checked, failures = HarborImmutableTagRule(Run(), access).check(given(**(said or {"excludedTags": MOVING})))
        assert failures == []
        return checked

    return inputs


def rules(harbor: HarborState) -> list[dict[str, Any]]:
    return call(harbor, "GET", "/projects/chaos/immutabletagrules")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, "is missing: write either `tags` or `excludedTags`"),
        ({"tags": ["v*"], "excludedTags": ["latest"]}, "and `excludedTags` exclude each other: write one of them"),
        ({"tags": ["{a,b}"]}, "must be patterns without braces and commas; write each by itself"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(resource, given, said, reason):
    assert ("tags", reason) in resource.check(given(**said))[1]


def test_all_tags_stay_but_those_that_may_move(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(excludedTags=MOVING, repositories="mirror/**"), heard.occasion)
    (rule,) = rules(harbor)
    assert ident == f"{harbor.host}/chaos/{rule['id']}"
    assert rule["tag_selectors"] == [
        {"kind": "doublestar", "decoration": "excludes", "pattern": "{*-latest,latest,sha256-*}"}
    ]
    assert rule["scope_selectors"]["repository"][0]["pattern"] == "mirror/**"
    found = resource.read(ident, state, inputs(), heard.occasion)
    assert found
    assert found.outputs == state


@pytest.mark.parametrize(
    "how",
    [
        {"status": 500},
        {"status": 502, "done": True},
        {"cut": True},
        {"cut": True, "done": True},
        {"status": 201, "done": True},
    ],
    ids=["500", "502, but done", "cut", "cut, but done", "done, and not said where"],
)
def test_a_failure_in_the_middle_leaves_one_rule(resource, inputs, harbor, heard, how):
    fail(harbor, "POST", "immutabletagrules", **how)
    _, state = resource.create(inputs(), heard.occasion)
    assert [rule["id"] for rule in rules(harbor)] == [state["ruleId"]]


def test_it_is_switched_on_again_and_changed_in_one_go(resource, inputs, harbor, heard):
    """Harbor does the one or the other with one request."""
    ident, state = resource.create(inputs(), heard.occasion)
    (rule,) = rules(harbor)
    call(harbor, "PUT", f"/projects/chaos/immutabletagrules/{rule['id']}", {**rule, "disabled": True})
    found = resource.read(ident, state, inputs(), heard.occasion)
    wanted = inputs(tags=["**"])
    assert found
    assert set(resource.diff(found.outputs, wanted).updates) == {"tags", "excludedTags", "disabled"}
    after = resource.update(ident, found.outputs, wanted, heard.occasion)
    (rule,) = rules(harbor)
    assert (rule["disabled"], rule["tag_selectors"][0]["decoration"]) == (False, "matches")
    assert resource.diff(after, wanted).updates == ()


def test_it_goes_and_only_harbor_s_own_word_means_gone(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(), heard.occasion)
    fail(harbor, "GET", "immutabletagrules", status=200)
    assert resource.read(ident, state, inputs(), heard.occasion).outputs == state
    assert "kept as it was" in heard.warned.pop(0)
    fail(harbor, "GET", "immutabletagrules", status=503, times=9)
    found = resource.read(ident, state, inputs(), heard.occasion)
    assert found
    assert found.outputs == state
    assert "kept as it was" in heard.warned[0]
    mend(harbor)
    resource.delete(ident, state, inputs(), heard.occasion)
    resource.delete(ident, state, inputs(), heard.occasion)
    assert rules(harbor) == []


@pytest.mark.parametrize("who", ["admin", "a robot of the system"])
def test_a_project_that_is_gone_takes_it_along(resource, inputs, harbor, heard, system_robot, who):
    login = {"login": system_robot()} if who != "admin" else {}
    wanted = inputs(excludedTags=MOVING, **login)
    ident, state = resource.create(wanted, heard.occasion)
    call(harbor, "DELETE", "/projects/chaos")
    assert resource.read(ident, state, wanted, heard.occasion) is None
    resource.delete(ident, state, wanted, heard.occasion)


def test_import_knows_all_of_it(resource, inputs, harbor, heard, monkeypatch):
    ident, _ = resource.create(inputs(), heard.occasion)
    monkeypatch.setenv("HARBOR_USERNAME", "admin")
    monkeypatch.setenv("HARBOR_PASSWORD", PASSWORD)
    found = resource.read(ident, {}, {}, heard.occasion)
    assert found
    assert sorted(found.inputs["excludedTags"]) == sorted(MOVING)
    assert resource.diff(found.outputs, resource.check(found.inputs)[0]).updates == ()
    assert resource.read(f"{harbor.host}/chaos/4711", {}, {}, heard.occasion) is None
    with pytest.raises(ChaosregError, match="CHR0469"):
        resource.read("chaos", {}, {}, heard.occasion)


def test_one_that_is_to_be_disabled_is_although_harbor_makes_none_so(resource, inputs, harbor, heard):
    off = inputs(excludedTags=MOVING, disabled=True)
    fail(harbor, "PUT", "immutabletagrules", status=503, times=3)
    ident, state = resource.create(off, heard.occasion)
    assert "could not be switched" in heard.warned[0]
    assert resource.diff(state, off).updates == ("disabled",)
    again, state = resource.create(off, heard.occasion)  # an interrupted run's, or the same in another resource
    assert (again, [rule["disabled"] for rule in rules(harbor)]) == (ident, [True])
    found = resource.read(ident, state, off, heard.occasion)
    assert found
    assert found.outputs == state


def test_a_number_that_is_another_rule_s_by_now_stays(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(), heard.occasion)
    resource.create(inputs(tags=["v*"]), heard.occasion)
    theirs = rules(harbor)[1]
    resource.delete(ident, {**state, "ruleId": theirs["id"]}, inputs(), heard.occasion)
    assert "says something else now" in heard.warned[0]
    assert theirs in rules(harbor)


def test_what_another_resource_of_the_run_says_stays(resource, inputs, harbor, heard):
    """As where a resource is replaced: the engine makes first, and Harbor has one rule for both."""
    ident, old = resource.create(inputs(), heard.occasion)
    checked, _ = resource.check(inputs())
    _, new = resource.create(checked, heard.occasion)
    assert new["ruleId"] == old["ruleId"]
    resource.delete(ident, old, inputs(), heard.occasion)
    assert [rule["id"] for rule in rules(harbor)] == [old["ruleId"]]
    HarborImmutableTagRule(Run(), resource._access).delete(ident, old, inputs(), heard.occasion)
    assert rules(harbor) == []


def test_one_that_somebody_deleted_is_made_anew_without_a_refresh(resource, inputs, harbor, heard):
    ident, state = resource.create(inputs(), heard.occasion)
    call(harbor, "DELETE", f"/projects/chaos/immutabletagrules/{state['ruleId']}")
    wanted = inputs(tags=["v*"])
    after = resource.update(ident, state, wanted, heard.occasion)
    assert [rule["id"] for rule in rules(harbor)] == [after["ruleId"]]
    assert after["ruleId"] != state["ruleId"]
    found = resource.read(ident, {**after, "ruleId": float(after["ruleId"])}, wanted, heard.occasion)
    assert found, "with the engine's numbers"
    assert found.outputs == after
    resource.delete(ident, after, wanted, heard.occasion)
    assert rules(harbor) == []


@pytest.mark.parametrize("how", ["repoExcludes", "two of tags", "two of repositories"])
def test_what_somebody_edits_beyond_our_words_is_drift_and_mended(resource, inputs, harbor, heard, how):
    ident, state = resource.create(inputs(), heard.occasion)
    (rule,) = rules(harbor)
    one = {"kind": "doublestar", "pattern": "team/**"}
    if how == "two of tags":
        rule["tag_selectors"].append({**one, "decoration": "matches"})
    else:
        kept = rule["scope_selectors"]["repository"] if how == "two of repositories" else []
        decoration = "repoMatches" if kept else "repoExcludes"
        rule["scope_selectors"]["repository"] = [*kept, {**one, "decoration": decoration}]
    call(harbor, "PUT", f"/projects/chaos/immutabletagrules/{rule['id']}", rule)
    found = resource.read(ident, state, inputs(), heard.occasion)
    assert found
    assert resource.diff(found.outputs, inputs()).updates
    after = resource.update(ident, found.outputs, inputs(), heard.occasion)
    assert after == state
    assert resource.read(ident, after, inputs(), heard.occasion).outputs == state
    assert len(rules(harbor)) == 1
