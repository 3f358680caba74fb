"""What a level publishes in Harness follows from its own settings, and what cannot be right is told where it stands."""

from typing import Any

import pytest

from pulumi_chaosreg.scopes.publication import Publication

PRIVATE = {
    "server": "harbor.example",
    "account": "chaos",
    "type": "private",
    "authentication": {"username": "u", "password_secret": "pull"},
}
HARNESS = {"account_id": "acc", "login": "key"}
PUBLISHED = {"publish": True, **HARNESS}
PUBLIC = {"server": "h.example", "account": "chaos", "type": "public"}
HERE = {"harness": {"publish": True}}


def account(**more: Any) -> dict[str, Any]:
    return {"image_registry": PRIVATE, "mirror": "off", "pull_secret": {"name": "one"}, "harness": PUBLISHED, **more}


@pytest.fixture
def published(project: Any) -> Any:
    """Path → what is published there; nothing may be wrong."""

    def published(**levels: Any) -> dict[str, Publication]:
        reviewed = project.four_levels(**levels).reviewed
        assert [str(error) for error in reviewed.errors] == []
        return {scope.path: record for scope, record in reviewed.published.items()}

    return published


def test_each_level_publishes_what_it_resolves_to_itself(published: Any) -> None:
    found = published(
        account=account(),
        organization={"image_registry": {"account": "team"}, **HERE},
        project=HERE,
        infrastructure={"harness_id": "prod_eu", "environment": "prod", **HERE},
    )
    where = {path: (one.server, one.account, one.infrastructure) for path, one in found.items()}
    assert where == {
        "acme": ("harbor.example", "chaos", ""),
        "payments": ("harbor.example", "team", ""),
        "payments/checkout": ("harbor.example", "team", ""),
        "payments/checkout/prod-eu": ("harbor.example", "team", "prod/prod_eu"),
    }


def test_publish_is_not_inherited_and_the_rest_is(published: Any) -> None:
    found = published(account=account(harness=HARNESS), project={"harness": {"publish": True, "on_destroy": "retain"}})
    (one,) = found.values()
    assert (one.scope.path, one.account_id.value, one.on_destroy) == ("payments/checkout", "acc", "retain")


def test_images_with_a_key_are_published_with_our_tags_and_no_digest(published: Any) -> None:
    custom = {"log_watcher": "other.example/log:2", "ddcr_lib": "other.example/lib@sha256:" + "a" * 64}
    one = published(account=account(custom_images=custom, type="ddcr"))["acme"]
    assert {key: image.value for key, image in one.images.items()} == {
        "logWatcher": "other.example/log:2",
        "ddcr": "harbor.example/chaos/chaos-ddcr:1.94.0",
        "ddcrLib": custom["ddcr_lib"],  # a digest is there on request
        "ddcrFault": "harbor.example/chaos/chaos-ddcr-faults:1.94.0",
    }


def test_tags_may_be_left_to_harness_and_the_preview_says_what_the_mirror_holds(published: Any) -> None:
    custom = {"log_watcher": "other.example/log:2"}
    one = published(account=account(custom_images=custom, harness={**PUBLISHED, "tags": "theirs"}))["acme"]
    assert set(one.images) == {"logWatcher"}
    assert any("the mirror has release 1.94.4" in note for note in one.notes)


@pytest.mark.parametrize(
    ("said", "flag", "codes"),
    [
        (True, True, []),
        (False, False, []),
        (None, False, []),  # it sets a registry
        ({"settings": ["images"]}, True, ["CHR0807"]),
    ],
)
def test_allow_overrides_is_one_flag(project: Any, said: Any, flag: bool, codes: list[str]) -> None:
    outcome = project.four_levels(account=account(allow_overrides=said))
    (one,) = outcome.reviewed.published.values()
    assert (one.allow_overrides.value, outcome.codes, outcome.warnings) == (flag, [], codes)


def test_node_identity_is_published_as_public_and_said(published: Any) -> None:
    ecr = {"server": "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "account": "chaos", "type": "private"}
    ecr["authentication"] = {"type": "aws_ecr"}  # type: ignore[assignment]
    one = published(account={**account(image_registry=ecr, cluster={"provider": "eks"}), "pull_secret": None})["acme"]
    assert (one.is_private.value, one.secret_name) == (False, None)
    assert any("published as public" in note for note in one.notes)


def test_what_has_no_setting_in_harness_is_said(published: Any) -> None:
    (note,) = published(account=account())["acme"].notes
    assert "service-discovery-collector" in note


WRONG = {
    # code, levels, words
    "no account": ("CHR0801", {"account": account(harness={"publish": True, "login": "key"})}, "account_id"),
    "no key": ("CHR0808", {"account": account(harness={"publish": True, "account_id": "acc"})}, "login: NAME"),
    "no path": (
        "CHR0809",
        {"account": account(image_registry={"server": "h.example", "type": "public"})},
        "account: chaos",
    ),
    "no one name": ("CHR0804", {"account": {**account(), "pull_secret": None}}, "pull_secret: {name: chaos-pull}"),
    "another name below": ("CHR0805", {"account": account(), "project": {"pull_secret": {"name": "two"}}}, "`two`"),
    "another registry below": (
        "CHR0805",
        {"account": account(), "infrastructure": {"image_registry": PUBLIC}},
        "it pulls from `h.example/chaos`",
    ),
    "another tag below": (
        "CHR0805",
        {"account": account(), "infrastructure": {"images": {"tags": {"chaos-ddcr": "1.93.0"}}}},
        "its `ddcr` is `harbor.example/chaos/chaos-ddcr:1.93.0`",
    ),
    "another image below, where Harness chooses the tags": (
        "CHR0805",
        {
            "account": account(harness={**PUBLISHED, "tags": "theirs"}),
            "infrastructure": {"custom_images": {"ddcr_lib": "other.example/lib:2"}},
        },
        "its `ddcr_lib` is `other.example/lib:2`",
    ),
    "a lock": (
        "CHR0806",
        {"account": account(allow_overrides=False), "infrastructure": HERE},
        "remove `publish` here",
    ),
    "a dash in the platform's identifier": (
        "CHR0803",
        {"account": account(), "organization": {"harness_id": "pay-ments"}, "project": HERE},
        "harness_id: pay_ments",
    ),
    "an unsafe address": (
        "CHR0802",
        {"account": account(harness={**PUBLISHED, "endpoint": "http://harness.example/gateway"})},
        "plain text",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_one_finding_with_a_way_out(project: Any, name: str) -> None:
    code, levels, words = WRONG[name]
    reviewed = project.four_levels(**levels).reviewed
    assert [finding.code for finding in reviewed.errors] == [code]
    (finding,) = reviewed.errors
    assert words in str(finding)
    assert finding.place
    assert finding.place.file
    assert finding.help


def test_an_infrastructure_that_something_else_sets_in_harness_says_so(published: Any) -> None:
    other = {"image_registry": PUBLIC, "harness": {"publish": False}}
    assert set(published(account=account(), infrastructure=other)) == {"acme"}


def test_another_release_below_is_nothing_to_harness_where_it_chooses_the_tags(project: Any) -> None:
    theirs = account(harness={**PUBLISHED, "tags": "theirs"})
    outcome = project.four_levels(account=theirs, infrastructure={"images": {"release": "1.93.0"}})
    assert outcome.codes == []


def test_a_dedicated_infrastructure_takes_no_image_from_there(project: Any) -> None:
    own = {"type": "dedicated", "images": {"release": "1.53.1"}}
    assert project.four_levels(account=account(), infrastructure=own).codes == []


def test_what_is_published_and_mirrored_for_nobody_is_told_with_what_to_list(project: Any) -> None:
    filled = account(mirror={"source": "docker.io/harness"})
    here = {"images": {"release": "1.93.0"}, **HERE}
    outcome = project.four_levels(account=filled, infrastructure=here)
    (found,) = [one for one in outcome.reviewed.findings if one.code == "CHR0822"]
    assert found.severity == "warning"
    assert "account `acme` publishes `harbor.example/chaos/chaos-log-watcher:1.94.0` (and 2 more)" in str(found)
    listed = found.help.partition("also: [")[2].partition("]")[0].split(", ")
    also = {"source": "docker.io/harness", "also": listed}
    again = project.four_levels(account=account(mirror=also), infrastructure=here)
    assert "CHR0822" not in [one.code for one in again.reviewed.findings]
    # nor where the infrastructure pulls them, or somebody else has pushed them there
    own = account(mirror={"source": "docker.io/harness"}, custom_images={"ddcr": "harbor.example/chaos/own:7"})
    for pulled in (filled, own):
        assert "CHR0822" not in [one.code for one in project.four_levels(account=pulled).reviewed.findings]


@pytest.mark.parametrize("setting", [{"environment": "prod"}, {"harness_id": "prod_eu"}, {"harness": HARNESS}])
def test_a_setting_for_harness_that_nothing_comes_of_is_a_hint(project: Any, setting: Any) -> None:
    found = project.four_levels(infrastructure=setting).reviewed.findings
    assert [(finding.code, finding.severity) for finding in found] == [("CHR0819", "hint")]


def test_a_project_without_an_organization_has_no_place_in_harness(project: Any) -> None:
    said = {"id": "acme", "images": {"release": "1.94.4"}, "harness": HARNESS}
    files = {"acme": {"chaosreg:account": said, "chaosreg:project": {"id": "checkout", **HERE}}}
    assert [finding.code for finding in project.write(files).review().errors] == ["CHR0803"]
