"""What is right in itself and changes nothing is told where it stands, with who would have to say it."""

import pytest

from pulumi_chaosreg.registries.kinds import all_kinds
from pulumi_chaosreg.settings.table import REPOSITORIES

HARBOR = {"server": "harbor.company.com", "account": "chaos", "type": "public"}
SOURCE = {"source": "docker.io/harness"}
OWNED = {"image_registry": HARBOR, "mirror": SOURCE}


def told(outcome, code):
    return [finding for finding in outcome.reviewed.findings if finding.code == code]


@pytest.mark.parametrize("mirror", [{"platforms": ["linux/amd64"]}, {"signatures": "require"}, "off"])
@pytest.mark.parametrize("level", ["organization", "project", "infrastructure"])
def test_a_mirror_below_the_registry_s_owner_is_told_with_the_owner(project, level, mirror):
    outcome = project.four_levels(account=OWNED, **{level: {"mirror": mirror}})
    (finding,) = told(outcome, "CHR0336")
    assert finding.severity == "warning"
    assert finding.message == (
        "`mirror` has no effect here: account `acme` owns `harbor.company.com/chaos` and decides how it is filled"
    )
    assert finding.place.scope.startswith(level)
    assert finding.help.startswith("write it as `mirror` in account `acme`, or")


def test_whoever_writes_it_there_or_has_a_registry_of_his_own_is_told_nothing(project):
    platforms = {"platforms": ["linux/amd64"]}
    assert told(project.four_levels(account={**OWNED, "mirror": {**SOURCE, **platforms}}), "CHR0336") == []
    own = {"image_registry": {**HARBOR, "account": "own"}, "mirror": platforms}
    assert told(project.four_levels(account=OWNED, project=own), "CHR0336") == []
    below = {"image_registry": {**HARBOR, "account": "own"}}
    above = {"mirror": platforms}
    assert told(project.four_levels(account=OWNED, project=above, infrastructure=below), "CHR0336") == []


def test_of_a_registry_with_a_name_the_help_says_where_its_mirror_is_written(project):
    account = {"registries": {"eu": HARBOR}, "image_registry": "eu", "mirror": SOURCE}
    (finding,) = told(project.four_levels(account=account, project={"mirror": "off"}), "CHR0336")
    assert "under `registries.eu.mirror` in account `acme`" in finding.help


def test_what_happens_on_destroy_is_the_owner_s_too_and_both_are_one_finding(project):
    said = {"on_destroy": "delete", "mirror": {"signatures": "skip"}}
    (finding,) = told(project.four_levels(account=OWNED, project=said), "CHR0336")
    assert finding.message.startswith("`mirror` and `on_destroy` have no effect here")


def test_where_a_lock_forbids_it_only_that_is_told(project):
    outcome = project.four_levels(account={**OWNED, "allow_overrides": False}, project={"mirror": "off"})
    assert outcome.codes == ["CHR0203"]
    assert told(outcome, "CHR0336") == []


@pytest.mark.parametrize(
    ("said", "setting"),
    [
        ({"custom_images": {"chaos_runner": "h.example/x:1"}}, "custom_images.chaos_runner"),
        ({"images": {"release": "1.94.4", "tags": {"chaos-runner": "1"}}}, "images.tags.chaos-runner"),
    ],
)
def test_an_image_that_nobody_below_needs_is_told_with_those_that_are(project, said, setting):
    (finding,) = told(project.four_levels(account=said), "CHR0329")
    assert finding.message == f"`{setting}` has no effect: nothing at account `acme` or below needs `chaos-runner`"
    assert finding.notes == (
        ("needed", "chaos-ddcr, chaos-ddcr-faults, chaos-log-watcher, service-discovery-collector"),
    )


@pytest.mark.parametrize(
    "said",
    [
        {"custom_images": {"log_watcher": "h.example/x:1"}},
        {"custom_images": {"ddcr_lib": "h.example/x:1"}},  # no list has it: it is pulled because it is given
        {"images": {"tags": {"chaos-ddcr": "1"}}},
        {"custom_images": {"log_watcher": "h.example/x:1"}, "images": {"tags": {"chaos-log-watcher": "1"}}},
        {"type": "dedicated", "custom_images": {"chaos_runner": "h.example/x:1"}, "images": {"release": "1.53.1"}},
        {"images": {"release": "smp-0.43.0", "tags": {"chaos-ddcr": "1"}}},
    ],
)
def test_an_image_that_somebody_needs_is_not(project, said):
    assert told(project.four_levels(account=said), "CHR0329") == []


def test_where_the_list_itself_is_wrong_nothing_follows(project):
    said = {"type": "dedicated", "custom_images": {"chaos_runner": "h.example/x:1"}}
    outcome = project.four_levels(account=said)
    assert outcome.codes == ["CHR0305"]
    assert told(outcome, "CHR0329") == []


def test_how_repositories_are_made_means_nothing_where_none_are(project):
    ecr = {
        "server": "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "type": "private",
        "authentication": {"type": "aws_ecr"},
    }
    said = {"tags": {"team": "x"}, "pullers": {"organization": "o-a1b2c3d4e5"}}

    def told(**repositories):
        account = {"image_registry": ecr, "cluster": {"provider": "eks"}, "repositories": repositories}
        found = project.four_levels(account=account).reviewed.findings
        return [finding.message for finding in found if finding.code == "CHR0111"]

    both = [f"`repositories.{key}` has no effect: `repositories.create` is not true" for key in said]
    assert told(**said) == both
    assert told(create=False, **said) == both
    assert told(create=True, **said) == []
    assert told(create="yes", **said) == []  # what is wrong with `create` is told


ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GAR = "europe-docker.pkg.dev"


@pytest.fixture
def vain(project):
    """(what the account says of its repositories, server of each of its registries) → `key: why` of each warning."""

    def told_of(repositories, *servers, own=None, infrastructure=None):
        paths = {GAR: "acme/chaos", "quay.io": "acme"}
        registries = {
            f"r{number}": {"server": server, "account": paths.get(server, "chaos"), "type": "public", "mirror": "off"}
            for number, server in enumerate(servers)
        }
        if own:
            registries["r0"]["repositories"] = own
        account = (
            {"registries": registries, "repositories": repositories} if servers else {"repositories": repositories}
        )
        account |= {"image_registry": "r0"} if servers else {}
        found = project.four_levels(account=account, infrastructure=infrastructure or {}).reviewed.findings
        found = [finding for finding in found if finding.code in ("CHR0111", "CHR0497")]
        return [f"{finding.code} {finding.place.keys[-1]}: {finding.message.partition(': ')[2]}" for finding in found]

    return told_of


MEMBERS = {"pull": ["user:a@acme.example"]}
PULLERS = {"organization": "o-a1b2c3d4e5"}


def test_what_one_of_several_registries_takes_is_not_said_in_vain(vain):
    both = {"create": True, "members": MEMBERS, "pullers": PULLERS, "protect": True}
    assert vain(both, ECR, GAR) == []
    assert vain({**both, "create": False}, ECR, GAR, own={"create": True}) == [
        "CHR0111 members: `repositories.create` is not true"  # the one that takes it is not made
    ]


def test_what_no_registry_takes_is_told_once_with_the_kind(vain):
    both = {"create": True, "members": MEMBERS, "pullers": PULLERS}
    assert vain(both, ECR) == ["CHR0497 members: Amazon ECR has nothing like it"]
    assert vain(both, GAR) == ["CHR0497 pullers: Google Artifact Registry has nothing like it"]
    assert vain({"create": False, "pullers": PULLERS}, GAR) == [
        "CHR0497 pullers: Google Artifact Registry has nothing like it"
    ]


def test_what_a_registry_says_itself_does_not_count_above(vain):
    assert vain({"create": True, "members": MEMBERS}, ECR, own={"pullers": PULLERS}) == [
        "CHR0497 members: Amazon ECR has nothing like it"
    ]
    assert vain({"create": True, "members": MEMBERS}, GAR, ECR, own={"members": MEMBERS}) == [
        "CHR0497 members: Amazon ECR has nothing like it"
    ]
    assert vain({"create": True}, GAR, own={"pullers": PULLERS}) == [
        "CHR0497 pullers: Google Artifact Registry has nothing like it"
    ]


def test_where_this_version_makes_nothing_all_of_it_is_in_vain(vain):
    made = {"create": True, "kms_key": "k", "members": MEMBERS}
    assert vain(made, "quay.io") == [
        "CHR0111 create: at Quay.io a push makes repositories there, and their settings are the vendor's",
        "CHR0111 kms_key: this version makes no repositories at `quay.io`",
        "CHR0111 members: this version makes no repositories at `quay.io`",
    ]
    # beside one whose repositories are made: removing it would take those back
    assert vain({"create": True, "members": MEMBERS}, "quay.io", GAR) == []
    assert vain({"create": True}, GAR, "quay.io", own={"create": True}) == [
        "CHR0111 create: at Quay.io a push makes repositories there, and their settings are the vendor's"
    ]


def test_repositories_without_a_registry_at_or_below_are_in_vain(vain):
    assert vain({"create": True}, infrastructure={"repositories": {"protect": True}}) == [
        "CHR0111 create: no registry is defined at account `acme` or below",
        "CHR0111 protect: no registry is defined at infrastructure `prod-eu` or below",
    ]


@pytest.mark.parametrize(
    ("registry", "said", "advice"),
    [
        ({"server": "acme.azurecr.io"}, {"members": {"pull": ["user:a@b.example"]}}, "`azure: {principals: …}`"),
        (
            {"server": "acme.jfrog.io"},
            {"pullers": {"organization": "o-a1b2c3d4e5"}},
            "`authentication: {type: made, …}`",
        ),
        ({"server": "europe-docker.pkg.dev"}, {"pullers": {"organization": "o-a1b2c3d4e5"}}, "`members: {pull: …}`"),
    ],
)
def test_a_kind_that_has_its_own_setting_for_it_is_told_with_that(project, registry, said, advice):
    whole = {"account": "a/b", "type": "private", "authentication": {"secret_name": "s"}, **registry}
    outcome = project.four_levels(account={"image_registry": whole, "mirror": "off", "repositories": said})
    (finding,) = told(outcome, "CHR0497")
    assert f"write {advice}" in finding.help


def test_what_a_kind_has_instead_is_of_keys_that_it_does_not_take():
    for kind in all_kinds().values():
        assert kind.made.instead.keys() <= REPOSITORIES.ROWS.keys() - set(kind.made.takes)
