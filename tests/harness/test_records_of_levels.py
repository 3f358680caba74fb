"""One record for each level: made, taken over, changed whole, told from what is inherited, put back."""

import pytest

from lab.harness_orders import fail, put, records, requests
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.harness.problems import HarnessError
from pulumi_chaosreg.harness.record import DEFAULT, Record
from pulumi_chaosreg.harness.scope import HarnessScope
from pulumi_chaosreg.refusals import Refusal
from tests.harness.conftest import ACCOUNT

OPEN = Record("harbor.example", "chaos", allow_overrides=True)
MINE = Record("harbor.example", "team", True, "pull", images={"ddcr": "harbor.example/own/ddcr:1"})
TOP = HarnessScope(ACCOUNT)
TEAM, PROJECT = HarnessScope(ACCOUNT, "payments"), HarnessScope(ACCOUNT, "payments", "checkout")
WHOLE, BARE = (HarnessScope(ACCOUNT, "payments", "checkout", name) for name in ("prod/eu", "eu"))


def test_the_account_s_own_record_is_taken_over(client, harness):
    assert client.put(TOP, OPEN) == DEFAULT
    assert client.look(TOP) == (OPEN, OPEN)


@pytest.mark.parametrize("scope", [TEAM, PROJECT, WHOLE, BARE], ids=str)
def test_a_level_without_a_record_gets_one_and_keeps_one(client, harness, scope):
    client.put(TOP, OPEN)
    assert client.look(scope) == (None, OPEN)  # inherited
    assert client.put(scope, MINE) is None
    assert client.put(scope, MINE) == MINE
    assert client.look(scope) == (MINE, MINE)
    assert set(records(harness, ACCOUNT)) == {ACCOUNT, str(scope)}


def test_a_change_sends_every_field_also_those_that_stay(client, harness):
    client.put(TOP, OPEN)
    client.put(TEAM, MINE)
    client.put(TEAM, Record("harbor.example", "other", True, "pull"))
    sent = [one for one in requests(harness, ACCOUNT) if one["operation"] == "updateImageRegistry"][-1]
    assert sent["variables"]["request"] == {
        "registryServer": "harbor.example",
        "registryAccount": "other",
        "isPrivate": True,
        "secretName": "pull",
        "isDefault": False,
        "isOverrideAllowed": False,
        "useCustomImages": False,
        "customImages": {"logWatcher": "", "ddcr": "", "ddcrLib": "", "ddcrFault": ""},
    }
    assert records(harness, ACCOUNT)[str(TEAM)]["secretName"] == "pull"


def test_what_is_inherited_is_not_the_level_s_own_even_where_an_answer_says_so(client, harness, monkeypatch):
    client.put(TOP, OPEN)
    monkeypatch.setattr(HarnessScope, "is_of", lambda self, answer: True)  # as if it repeated who was asked for
    assert client.look(TEAM) == (None, OPEN)


def test_what_is_inherited_is_told_by_its_scope_where_answers_have_no_times(client, harness, monkeypatch):
    client.put(TOP, OPEN)
    monkeypatch.setattr("pulumi_chaosreg.harness.client._is_same", lambda one, other: False)
    assert client.look(TEAM) == (None, OPEN)


def test_where_a_level_above_blocks_it_is_said_before_anything_is_written(client, harness):
    client.put(TOP, OPEN)
    client.put(TEAM, Record("harbor.example", "team"))
    for scope in (PROJECT, WHOLE):
        with pytest.raises(HarnessError, match="level `org` allows no overrides") as refused:
            client.put(scope, MINE)
        assert refused.value.refusal is Refusal.BLOCKED
    written = [one for one in requests(harness, ACCOUNT) if one["operation"].startswith(("create", "update"))]
    assert len(written) == 2


def test_a_level_that_blocks_only_when_it_is_written_is_the_same_error(client, harness, monkeypatch):
    monkeypatch.setattr(type(client), "blocked_by", lambda self, scope: "")
    with pytest.raises(HarnessError, match="level `account` allows no overrides"):
        client.put(TEAM, MINE)


def test_a_record_that_a_level_above_hides_is_not_seen_as_its_own(client, harness):
    client.put(TOP, OPEN)
    client.put(TEAM, MINE)
    put(harness, ACCOUNT, registryServer="docker.io", registryAccount="harness")
    assert client.look(TEAM) == (None, DEFAULT.__class__("docker.io", "harness", is_default=True))


def test_who_makes_the_record_at_the_same_time_is_no_failure(client, harness, monkeypatch):
    client.put(TOP, OPEN)
    put(harness, str(TEAM), registryAccount="theirs")
    real = type(client).look
    monkeypatch.setattr(type(client), "look", lambda self, scope: (None, None))
    client.put(TEAM, MINE)
    assert real(client, TEAM)[0] == MINE


def test_a_record_whose_making_was_done_and_never_answered_is_made_once(client, harness):
    client.put(TOP, OPEN)
    fail(harness, "createImageRegistry", status=502, done=True)
    client.put(TEAM, MINE)
    assert client.look(TEAM)[0] == MINE


def test_a_record_knows_who_wrote_it_last_which_is_no_part_of_what_it_says(client, harness):
    client.put(TOP, OPEN)
    assert client.look(TOP)[0].writer == "api-key"
    put(harness, ACCOUNT, **OPEN.request)
    assert client.look(TOP)[0].writer == "somebody"
    assert client.look(TOP)[0] == OPEN


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (WHOLE, BARE, True),
        (WHOLE, WHOLE, True),
        (WHOLE, HarnessScope(ACCOUNT, "payments", "checkout", "test/eu"), False),
        (BARE, PROJECT, False),
        (BARE, HarnessScope(ACCOUNT, "payments", "other", "eu"), False),
    ],
    ids=str,
)
def test_two_forms_of_an_id_are_one_level(one, other, same):
    assert one.is_same(other) is same
    assert other.is_same(one) is same


def test_a_new_account_has_what_we_put_back(client):
    assert client.look(TOP) == (DEFAULT, DEFAULT)


@pytest.mark.parametrize("scope", [TOP, TEAM, PROJECT, BARE, WHOLE], ids=str)
def test_an_id_of_an_import_leads_to_its_level(scope):
    assert HarnessScope.parse(str(scope)) == scope


@pytest.mark.parametrize("text", ["", "/payments", "acc//checkout", "a/b/c/d/e/f", "a/"])
def test_an_id_that_leads_nowhere_is_told_with_the_form(text):
    with pytest.raises(ChaosregError, match="CHR0818"):
        HarnessScope.parse(text)
