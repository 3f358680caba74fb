"""`authentication: {type: made}`: who makes the credential, for how long, and what nobody can mean by it."""

from datetime import date, timedelta

import pytest

from pulumi_chaosreg.clock import VARIABLE, today
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.scopes.made_by_owner import LONGEST, SHORTEST, MadeByOwner
from tests.support.projects import Project

MADE = {"type": "made", "lifetime_days": 90}
REGISTRY = {"server": "europe-docker.pkg.dev", "account": "acme/chaos", "type": "private", "authentication": MADE}
MAKES = {"create": True}
FIRST = date(2026, 1, 1)


def said(**authentication):
    return {**REGISTRY, "authentication": {"type": "made", **authentication}}


def found(project: Project, **levels):
    findings = project.four_levels(**levels).reviewed.findings
    return [(one.code, one.severity, one.message) for one in findings if one.code.startswith("CHR05")]


@pytest.mark.parametrize(
    ("registry", "repositories", "code", "words"),
    [
        (REGISTRY, {}, "CHR0544", "nobody makes the pull credential of `europe-docker.pkg.dev/acme/chaos`"),
        (REGISTRY, {"create": False}, "CHR0544", "`repositories.create` is not true"),
        (said(), MAKES, "CHR0505", "has no `lifetime_days`"),
        (said(lifetime_days=1), MAKES, "CHR0505", "`lifetime_days` is 1"),
        (said(lifetime_days=3650), MAKES, "CHR0505", "`lifetime_days` is 3650"),
        (said(lifetime_days=90, username="u"), MAKES, "CHR0505", "its own user and password, but there is `username`"),
        (
            {**REGISTRY, "authentication": {"username": "u", "password_secret": "p", "lifetime_days": 9}},
            MAKES,
            "CHR0505",
            "`lifetime_days` belongs to `type: made`",
        ),
        ({**REGISTRY, "server": "harbor.example"}, MAKES, "CHR0510", "does not accept authentication type `made`"),
    ],
)
def test_what_nobody_can_mean(project, registry, repositories, code, words):
    ((found_code, severity, message),) = found(
        project, account={"image_registry": registry, "repositories": repositories, "mirror": "off"}
    )
    assert (found_code, severity) == (code, "error")
    assert words in message


def test_who_only_uses_a_registry_does_not_make_its_credential(project):
    account = {"registries": {"eu": {**REGISTRY, "authentication": {"type": "node_identity"}, "repositories": MAKES}}}
    below = {"image_registry": {"name": "eu", "authentication": MADE}}
    ((code, severity, message),) = found(project, account={**account, "mirror": "off"}, infrastructure=below)
    assert (code, severity) == ("CHR0545", "error")
    assert "its owner, account `acme`, makes the credential" in message


def test_validate_tells_until_when_and_who_must_be_up_before(project, monkeypatch):
    monkeypatch.setenv(VARIABLE, "2026-11-29")
    outcome = project.four_levels(account={"image_registry": REGISTRY, "repositories": MAKES, "mirror": "off"})
    (hint,) = [one for one in outcome.reviewed.findings if one.code == "CHR0546"]
    assert hint.severity == "hint"
    ends = date.fromisoformat(hint.message.rpartition(" ")[2])
    assert timedelta(45) < ends - date(2026, 11, 29) <= timedelta(90)
    assert hint.help.endswith("run `pulumi up` in `a`, then in `i`")


@pytest.mark.parametrize("days", [SHORTEST, 3, 30, 90, LONGEST])
def test_two_credentials_alternate_and_the_one_of_the_turn_before_is_still_good(days):
    made = MadeByOwner(None, "r", days, None, per_stack=False)
    turns = [made.turns(FIRST + timedelta(number)) for number in range(3 * days)]
    for number, (current, former) in enumerate(turns):
        day = FIRST + timedelta(number)
        assert {current.slot, former.slot} == {"a", "b"}
        assert day < former.ends <= day + timedelta(days // 2)
        assert former.ends < current.ends <= day + timedelta(days)
        if number and current != turns[number - 1][0]:
            assert former == turns[number - 1][0]  # what was in use is left as it is


def test_a_day_that_is_none_is_told(monkeypatch):
    monkeypatch.setenv(VARIABLE, "tomorrow")
    with pytest.raises(ChaosregError, match="CHR0128"):
        today()


def test_each_stack_has_a_name_of_its_own_or_none_has():
    shared, own = (MadeByOwner(None, "r/p", 90, None, per_stack=one) for one in (False, True))
    assert shared.name("x") == shared.name("y")
    assert own.name("x") != own.name("y")
