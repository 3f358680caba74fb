"""The lab's Harness does what is documented of the real one, also what goes wrong there, and says that it is none."""

import json
from io import BytesIO
from typing import Any

import pytest

from lab.harness.failures import Failure, Failures
from lab.harness.manager import PATH, Manager
from lab.harness.records import DEFAULT, Records, Refused

ACCOUNT, KEY = "acc", "pat.acc.key"
TEAM = (ACCOUNT, "payments")
REQUEST = {**DEFAULT, "registryServer": "h.example", "isOverrideAllowed": True, "customImages": {}}


@pytest.fixture
def records() -> Records:
    made = Records((ACCOUNT,))
    made.put((ACCOUNT,), REQUEST, "x")
    return made


def ask(manager: Manager, query: str, variables: dict[str, Any], key: str = KEY) -> tuple[str, dict[str, str], Any]:
    """(status, headers, answer)."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_API_KEY": key,
        "HTTP_HARNESS_ACCOUNT": ACCOUNT,
        "wsgi.input": BytesIO(body),
    }
    begun: list[Any] = []
    answer = b"".join(manager(environ, lambda *said: begun.extend(said)))
    return begun[0], dict(begun[1]), json.loads(answer)


def test_a_second_create_is_a_duplicate(records: Records) -> None:
    records.create(TEAM, REQUEST, "x")
    with pytest.raises(Refused, match="duplicate key error"):
        records.create(TEAM, REQUEST, "x")


def test_a_request_without_custom_images_is_an_error_500(records: Records) -> None:
    with pytest.raises(Refused) as refused:
        records.create(TEAM, {**REQUEST, "customImages": None}, "x")
    assert refused.value.status == 500


def test_an_update_without_a_secret_name_empties_it(records: Records) -> None:
    records.create(TEAM, {**REQUEST, "secretName": "pull"}, "x")
    records.update(TEAM, REQUEST, "x")
    assert records.own()["acc/payments"]["secretName"] == ""


def test_a_read_shows_what_holds_and_a_level_that_blocks_hides_what_is_below(records: Records) -> None:
    below = (*TEAM, "checkout")
    assert records.resolved(below) == records.own()["acc"]
    records.create(below, {**REQUEST, "registryAccount": "own"}, "x")
    assert (records.resolved(below) or {})["registryAccount"] == "own"
    records.put(TEAM, {**REQUEST, "isOverrideAllowed": False, "registryAccount": "team"}, "x")
    assert (records.resolved(below) or {})["registryAccount"] == "team"
    assert records.blocked_by(below) == "org"
    with pytest.raises(Refused, match="please enable override from org"):
        records.update(below, REQUEST, "x")


def test_it_says_that_it_is_a_stand_in_and_refuses_what_is_not_in_its_types(tmp_path) -> None:
    manager = Manager(Records((ACCOUNT,)), Failures(), {KEY: ACCOUNT}, tmp_path / "log")
    of_account = {"identifiers": {"accountIdentifier": ACCOUNT}}
    query = "query Q($identifiers: ScopedIdentifiersRequest!) {getImageRegistry(identifiers: $identifiers) {%s}}"
    status, headers, answer = ask(manager, query % "registryServer", of_account)
    assert (status, answer["data"]["getImageRegistry"]) == ("200 OK", {"registryServer": "docker.io"})
    assert "stand-in" in headers["Server"]
    assert "stand-in" in answer["extensions"]["standIn"]
    status, _, answer = ask(manager, query % "server", of_account)
    assert status.startswith("422")
    assert "Cannot query field 'server'" in answer["errors"][0]["message"]
    assert ask(manager, query % "registryServer", of_account, key="other")[0].startswith("401")


def test_what_shall_fail_for_one_account_leaves_others_alone() -> None:
    failures = Failures()
    failures.order(Failure("", account="one", status=503, times=9))
    assert failures.next("getImageRegistry", "other") is None
    assert failures.next("getImageRegistry", "one")
    failures.clear("other")
    assert failures.next("getImageRegistry", "one")
    failures.clear("one")
    assert failures.next("getImageRegistry", "one") is None


def test_what_shall_fail_may_begin_later() -> None:
    failures = Failures()
    failures.order(Failure("createImageRegistry", after=1, times=1))
    answers = [failures.next("createImageRegistry", "one") is None for _ in range(3)]
    assert answers == [True, False, True]
