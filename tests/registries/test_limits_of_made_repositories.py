"""What ECR would refuse of repositories that we make: an error offline, not in the middle of an `up`."""

import pytest

from pulumi_chaosreg.registries.kinds import all_kinds, registry_kind
from pulumi_chaosreg.settings.table import REPOSITORIES

EU, US = (f"123456789012.dkr.ecr.{region}.amazonaws.com" for region in ("eu-west-1", "us-west-2"))
ECR = {"server": EU, "account": "chaos", "type": "private", "authentication": {"type": "aws_ecr"}}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1a2b3c4d-0000-1111-2222-333344445555"
OURS = ("CHR0443", "CHR0444", "CHR0445", "CHR0446")


def findings(project, *tags, mirror=None, **repositories):
    """Ours, of an account that makes repositories; each of these tags of `chaos-ddcr` is one infrastructure's."""
    infrastructures = {
        f"i{number}": {
            "cluster": {"context": f"c{number}", "provider": "eks"},
            **({"images": {"tags": {"chaos-ddcr": tag}}} if tag else {}),
        }
        for number, tag in enumerate(tags or ("",))
    }
    account = {
        "id": "acme",
        "allow_overrides": True,
        "image_registry": ECR,
        "images": {"release": "1.94.4"},
        "mirror": {"source": "docker.io/harness", **(mirror or {})},
        "repositories": {"create": True, **repositories},
    }
    project.write({"acme": {"chaosreg:account": account, "chaosreg:infrastructures": infrastructures}})
    return [finding for finding in project.review().errors if finding.code in OURS]


def codes(project, *tags, **how):
    return [finding.code for finding in findings(project, *tags, **how)]


def test_five_exceptions_are_four_tags_that_move_beside_those_of_signatures(project):
    moving = ("ci", "dev", "edge", "latest", "main")
    assert codes(project, *moving[:4]) == []
    (finding,) = findings(project, *moving)
    assert finding.code == "CHR0443"
    assert finding.message == (
        "5 tags move in repository `chaos/chaos-ddcr`, but Amazon ECR allows at most 4 exceptions from immutable "
        "tags, besides that for signatures"
    )
    assert finding.place.keys[-3:] == ("images", "tags", "chaos-ddcr")
    assert codes(project, *moving, mirror={"signatures": "skip"}) == []
    assert codes(project, *moving, "nightly", mirror={"signatures": "skip"}) == ["CHR0443"]


def test_one_tag_that_moves_is_one(project):
    gar = {"server": "europe-docker.pkg.dev", "account": "acme/chaos", "type": "public"}
    account = {"image_registry": gar, "mirror": {"source": "docker.io/harness"}, "repositories": {"create": True}}
    account["images"] = {"release": "1.94.4", "tags": {"chaos-ddcr": "latest"}}
    (finding,) = (one for one in project.four_levels(account=account).reviewed.errors if one.code == "CHR0443")
    assert finding.message.startswith("1 tag moves in repository ")


def test_of_google_s_key_the_name_is_meant(project):
    gar = {"server": "europe-docker.pkg.dev", "account": "acme/chaos", "type": "public"}
    made = {"create": True, "kms_key": "chaos"}
    outcome = project.four_levels(account={"image_registry": gar, "mirror": "off", "repositories": made})
    (finding,) = (one for one in outcome.reviewed.errors if one.code == "CHR0445")
    assert finding.help.startswith("write the key's own resource name, `projects/PROJECT/locations/europe/")


def test_tags_count_that_move_in_one_repository_of_one_that_we_make(project):
    moving = ("ci", "dev", "edge", "latest", "main")
    assert codes(project, *moving, immutable_tags=False) == []
    assert codes(project, *moving, create=False) == []
    assert codes(project, *(f"1.94.{number}" for number in range(6))) == []


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        ({"aws:team": "chaos"}, "`aws:team` begins with `aws:`"),
        ({"AWS:team": "chaos"}, "`AWS:team` begins with `aws:`"),
        ({"k" * 129: "chaos"}, "has 129 characters, but a repository takes 128"),
        ({"team": "v" * 257}, "the value of `team` has 257 characters, but a repository takes 256"),
        ({"team": "a,b"}, "`team` or its value has other characters than letters, digits, spaces"),
        ({f"k{number}": "v" for number in range(51)}, "there are 51, but a repository takes 50"),
    ],
)
def test_tags_of_the_cloud_have_limits(project, tags, problem):
    (finding,) = findings(project, tags=tags)
    assert finding.code == "CHR0444"
    assert problem in finding.message


def test_tags_within_them_are_none_of_our_business(project):
    most = {f"k{number}": "v" for number in range(47)}
    assert codes(project, tags={"k" * 128: "v" * 256, "Team Chaos": "a+b=c.d:e/f@g-h_i", "équipe": "", **most}) == []


@pytest.mark.parametrize(
    "key",
    [
        "alias/chaos",
        "1a2b3c4d-0000-1111-2222-333344445555",
        "arn:aws:kms:eu-west-1:123456789012:alias/chaos",
        "arn:aws:s3:eu-west-1:123456789012:key/1a2b",
        f" {KEY}",
    ],
)
def test_a_key_is_given_by_its_own_arn(project, key):
    (finding,) = findings(project, kms_key=key)
    assert finding.code == "CHR0445"
    assert "it is not of the form `arn:aws:kms:REGION:ACCOUNT:key/ID`" in finding.message
    assert "arn:aws:kms:eu-west-1:" in finding.help


def test_a_key_is_in_the_region_of_the_registry(project):
    assert codes(project, kms_key=KEY) == []
    assert codes(project, kms_key=KEY.replace("key/", "key/mrk-")) == []
    (finding,) = findings(project, kms_key=KEY.replace("eu-west-1", "us-west-2"))
    assert finding.code == "CHR0445"
    assert finding.message.endswith("it is in `us-west-2`")


def test_one_key_for_registries_in_two_regions_is_wrong_for_one_of_them(project):
    registries = {"eu": ECR, "us": {**ECR, "server": US}}
    both = {"i0": {}, "i1": {"image_registry": "us"}}
    account = {
        "id": "acme",
        "allow_overrides": True,
        "registries": registries,
        "image_registry": "eu",
        "images": {"release": "1.94.4"},
        "mirror": {"source": "docker.io/harness"},
        "repositories": {"create": True, "kms_key": KEY},
    }
    below = {name: {"cluster": {"context": name, "provider": "eks"}, **said} for name, said in both.items()}
    project.write({"acme": {"chaosreg:account": account, "chaosreg:infrastructures": below}})
    (finding,) = [finding for finding in project.review().errors if finding.code in OURS]
    assert (finding.code, US in finding.message) == ("CHR0445", True)
    registries["us"] = {**registries["us"], "repositories": {"kms_key": KEY.replace("eu-west-1", "us-west-2")}}
    project.write({"acme": {"chaosreg:account": account, "chaosreg:infrastructures": below}})
    assert [finding for finding in project.review().errors if finding.code in OURS] == []


def test_what_is_untagged_stays_for_a_day_at_least(project):
    assert codes(project, expire_untagged_after_days=0) == ["CHR0446"]
    assert codes(project, expire_untagged_after_days=1) == []


def test_kinds_that_make_none_have_no_limits():
    made = registry_kind("harbor.company.com", "harbor").made
    assert (made.moving_tags, made.untagged_days, made.key, made.tags) == (None, 0, None, None)


def test_every_kind_that_makes_repositories_says_what_it_takes_and_others_take_nothing():
    known = {row.key for row in REPOSITORIES.ROWS.values()} - {REPOSITORIES.create.key}
    for kind in all_kinds().values():
        assert set(kind.made.takes) <= known, kind.name
        assert bool(kind.made.takes) == kind.provisions, kind.name
