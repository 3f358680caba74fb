"""`allow_images`, and images that pass by `signatures: require`: a level below gets nothing in that nobody looks at."""

import pytest

HARBOR = {"server": "harbor.company.com", "account": "chaos", "type": "public"}
SIGNED = {"source": "docker.io/harness", "signatures": "require", "verify": {"public_keys": ["acme.pub"]}}
KEY = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
EVIL = {"log_watcher": "evil.example/x:1"}
OPEN_FOR_IMAGES = {"settings": ["custom_images"]}


def outcome_of(one, account, **levels):
    (one.folder / "acme.pub").write_text(KEY)
    said = {"image_registry": HARBOR, "allow_overrides": OPEN_FOR_IMAGES, **account}
    return one.four_levels(account=said, **levels)


def findings_of(outcome, *codes):
    return [finding for finding in outcome.reviewed.findings if finding.code in codes]


def test_an_image_that_allow_images_does_not_name_is_an_error_where_it_is_written(project):
    account = {"allow_images": ["quay.io/acme"], "mirror": "off"}
    outcome = outcome_of(project, account, project={"custom_images": EVIL})
    (finding,) = findings_of(outcome, "CHR0334")
    assert finding.message == "`evil.example/x:1` may not be pulled: it is not in `allow_images`"
    assert finding.place.file.name == "Pulumi.p.yaml"
    assert ("allowed", "quay.io/acme, the chosen registry") in finding.notes
    assert finding.help.endswith("add `evil.example/x` to `allow_images` in account `acme`")


def test_what_may_not_be_pulled_at_all_needs_no_login(project):
    private = {**HARBOR, "type": "private", "authentication": {"username": "u", "password_secret": "p"}}
    account = {"allow_images": ["quay.io/acme"], "mirror": "off", "image_registry": private}
    outcome = outcome_of(project, account, project={"custom_images": EVIL})
    assert [finding.code for finding in findings_of(outcome, "CHR0334", "CHR0511")] == ["CHR0334"]


@pytest.mark.parametrize(
    ("allowed", "reference", "codes"),
    [
        ([], "harbor.company.com/chaos/own:1", []),  # the chosen registry always counts
        ([], "harbor.company.com/chaos-evil/own:1", ["CHR0334"]),
        (["quay.io"], "quay.io/any/thing:1", []),
        (["quay.io/acme"], "quay.io/acme:1", []),
        (["quay.io/acme/"], "quay.io/acme/x:1", []),
        (["quay.io/acme"], "quay.io/acme-evil/x:1", ["CHR0334"]),
        (["quay.io/acme"], "quay.io:8443/acme/x:1", ["CHR0334"]),
        (["QUAY.io:443/acme"], "quay.io/acme/x:1", []),
        (["registry-1.docker.io/acme"], "acme/x:1", []),
        (["docker.io/acme"], "registry.hub.docker.com/acme/x:1", []),
        (["docker.io/acme"], "evil/x:1", ["CHR0334"]),
        (["public.ecr.aws/acme"], "ecr-public.aws.com/acme/x:1", []),
        (
            ["123456789012.dkr.ecr.eu-west-1.amazonaws.com/x"],
            "123456789012.dkr-ecr.eu-west-1.on.aws/x/y:1",
            [],
        ),
    ],
)
def test_a_place_is_allowed_by_whole_segments_and_however_its_server_is_spelt(project, allowed, reference, codes):
    account = {"allow_images": allowed, "mirror": "off", "custom_images": {"log_watcher": reference}}
    assert outcome_of(project, account).codes == codes


def test_whoever_follows_the_help_has_no_error(project):
    account = {"allow_images": ["quay.io/acme", "evil.example/x"], "mirror": "off"}
    assert outcome_of(project, account, project={"custom_images": EVIL}).codes == []


def test_allow_images_may_be_locked_and_the_nearest_level_decides_where_it_is_not(project):
    account, own = {"allow_images": [], "mirror": "off"}, {"allow_images": ["evil.example"], "custom_images": EVIL}
    assert "CHR0203" in outcome_of(project, account, project=own).codes
    opened = {**account, "allow_overrides": True}
    outcome = outcome_of(project, opened, project=own)
    assert outcome.codes == []
    fields = {field.name: (field.value, str(field.origin)) for field in outcome.config.fields()}
    assert fields["allow_images"] == ("evil.example", "project/checkout")


def test_a_custom_image_below_a_demand_for_signatures_is_an_error(project):
    outcome = outcome_of(project, {"mirror": SIGNED}, project={"custom_images": EVIL})
    (finding,) = findings_of(outcome, "CHR0335")
    assert finding.severity == "error"
    assert finding.message.startswith(
        "nobody verifies `evil.example/x:1`: `signatures: require` covers mirrored images only"
    )
    assert finding.place.file.name == "Pulumi.p.yaml"
    assert [label for label, _ in finding.notes] == ["required by"]
    fields = {field.name: (field.value, str(field.origin)) for field in outcome.config.fields()}
    assert fields["unverified"] == ("chaos-log-watcher", "project/checkout")


def test_who_demands_signatures_may_let_it_in_knowingly_and_it_stays_visible(project):
    account = {"mirror": SIGNED, "allow_images": ["evil.example/x"]}
    outcome = outcome_of(project, account, project={"custom_images": EVIL})
    (finding,) = findings_of(outcome, "CHR0334", "CHR0335")
    assert (finding.code, finding.severity) == ("CHR0335", "hint")


def test_a_level_below_does_not_excuse_itself(project):
    own = {"custom_images": EVIL, "allow_images": ["evil.example"]}
    outcome = outcome_of(project, {"mirror": SIGNED, "allow_overrides": True}, project=own)
    assert "CHR0335" in outcome.codes


def test_one_image_has_one_finding(project):
    outcome = outcome_of(project, {"mirror": SIGNED, "allow_images": []}, project={"custom_images": EVIL})
    assert [finding.code for finding in findings_of(outcome, "CHR0334", "CHR0335")] == ["CHR0334"]


def test_what_the_account_decides_itself_is_a_warning(project):
    outcome = outcome_of(project, {"mirror": SIGNED, "custom_images": EVIL})
    assert [finding.severity for finding in findings_of(outcome, "CHR0335")] == ["warning"]


def test_signatures_that_nobody_requires_make_no_finding(project):
    outcome = outcome_of(project, {"mirror": {"source": "docker.io/harness"}}, project={"custom_images": EVIL})
    assert findings_of(outcome, "CHR0334", "CHR0335") == []
    assert "unverified" not in {field.name for field in outcome.config.fields()}


WAYS_AROUND = {
    "a registry of its own that somebody else fills": {
        "image_registry": {"server": "evil.example", "type": "public"},
        "mirror": "off",
    },
    "the source itself": {"image_registry": {"server": "docker.io", "account": "harness", "type": "public"}},
}


@pytest.mark.parametrize("way", WAYS_AROUND)
def test_a_registry_below_that_nothing_is_mirrored_into_is_one_error(project, way):
    outcome = outcome_of(project, {"mirror": SIGNED, "allow_overrides": True}, project=WAYS_AROUND[way])
    (finding,) = findings_of(outcome, "CHR0335")
    assert finding.severity == "error"
    assert "nobody verifies the 4 images of" in finding.message


def test_a_registry_that_the_account_itself_leaves_to_others_is_a_hint(project):
    dev = {"server": "dev.example", "type": "public", "mirror": "off"}
    account = {"mirror": SIGNED, "registries": {"dev": dev}, "allow_overrides": {"registries": ["dev"]}}
    outcome = outcome_of(project, account, infrastructure={"image_registry": "dev"})
    assert [finding.severity for finding in findings_of(outcome, "CHR0335")] == ["hint"]


def test_a_misspelt_allowance_is_the_only_thing_told(project):
    account = {"mirror": SIGNED, "alow_images": ["evil.example"]}
    outcome = outcome_of(project, account, project={"custom_images": EVIL})
    assert findings_of(outcome, "CHR0334", "CHR0335") == []
    assert "CHR0104" in outcome.codes


def test_a_level_that_narrows_what_is_allowed_does_not_lose_its_excuse(project):
    account = {"mirror": SIGNED, "allow_images": ["h.example/observability", "h.example/x"]}
    opened = {**account, "allow_overrides": {"settings": ["custom_images", "allow_images"]}}
    own = {"allow_images": ["h.example/observability"], "custom_images": {"log_watcher": "h.example/observability/y:1"}}
    (finding,) = findings_of(outcome_of(project, opened, project=own), "CHR0335")
    assert finding.severity == "hint"


@pytest.mark.parametrize(
    ("allowed", "said", "codes"),
    [
        ([], {}, ["CHR0334"]),
        ([], {"refresher_image": "quay.io/acme/python:3.13"}, ["CHR0334"]),
        (["public.ecr.aws/docker/library"], {}, []),
        (["quay.io/acme"], {"refresher_image": "quay.io/acme/python:3.13"}, []),
    ],
)
def test_the_image_of_a_refresher_is_pulled_too(project, allowed, said, codes):
    server = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    registry = {"server": server, "account": "chaos", "type": "private", "authentication": {"type": "aws_ecr"}}
    secret = {"identity": "arn:aws:iam::123456789012:role/pull", **said}
    account = {"image_registry": registry, "allow_images": allowed, "pull_secret": secret}
    found = findings_of(project.four_levels(account=account), "CHR0334")
    assert [finding.code for finding in found] == codes
    assert all("`pull_secret.refresher_image`" in finding.help and finding.place for finding in found)
