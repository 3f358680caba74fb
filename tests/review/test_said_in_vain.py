"""What is right in itself and changes nothing is told where it stands, with who would have to say it."""

import pytest

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
