"""However a program spells a Harbor's server, it is the same project, rule and robot."""

import pytest

from pulumi_chaosreg.provider.harbor_access import ident_of, place_of
from pulumi_chaosreg.provider.harbor_immutable_tag_rule import HarborImmutableTagRule
from pulumi_chaosreg.provider.harbor_project import HarborProject
from pulumi_chaosreg.provider.harbor_robot import HarborRobot
from pulumi_chaosreg.provider.run import Run

SPELLINGS = ("harbor.company.com", "Harbor.company.com", "harbor.company.com:443")
RESOURCES = (
    (HarborProject, {}),
    (HarborImmutableTagRule, {"tags": ["v*"]}),
    (HarborRobot, {"robot": "pull", "access": ["repository:pull"], "days": 30}),
)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(("kind", "said"), RESOURCES, ids=lambda one: getattr(one, "__name__", ""))
def test_another_spelling_is_no_other_resource(kind, said, spelling):
    resource = kind(Run())
    state, failures = resource.check({"server": SPELLINGS[0], "project": "chaos", **said})
    assert failures == []
    other, failures = resource.check({"server": spelling, "project": "chaos", **said})
    assert failures == []
    assert resource.diff({**state, "secret": "known"}, other) == resource.diff({**state, "secret": "known"}, state)
    assert resource.diff({**state, "secret": "known"}, other).replaces == ()
    assert resource.diff({**state, "secret": "known"}, {**other, "server": "other.company.com"}).replaces == ("server",)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_id_has_one_spelling(spelling):
    ident = ident_of({"server": spelling, "project": "chaos"}, "pull")
    assert ident == "harbor.company.com/chaos/pull"
    assert place_of(f"{spelling}/chaos/pull", 3) == ["harbor.company.com", "chaos", "pull"]


def test_a_project_that_another_spelling_keeps_is_not_deleted():
    run = Run()
    resource = HarborProject(run)
    resource.check({"server": "Harbor.company.com:443", "project": "chaos"})
    resource.delete("", {"server": "harbor.company.com", "project": "chaos", "made": True}, {}, None)  # asks nobody
