"""`allow_overrides`: who may set registry, images and mirror, and how the others are told."""

import pytest

TAGS = {"images": {"tags": {"chaos-ddcr": "t"}}}


@pytest.mark.parametrize(
    ("above", "locks"),
    [
        ({"allow_overrides": False}, True),  # an explicit false always locks
        ({"allow_overrides": False, **TAGS}, True),
        (TAGS, True),  # unset locks what it sets something for
        ({"mirror": {"source": "docker.io/harness"}}, True),
        ({"namespace": "chaos"}, False),  # unset, and nothing lockable is set
        ({}, False),
        ({"allow_overrides": True, **TAGS}, False),
    ],
)
@pytest.mark.parametrize("level", ["organization", "project"])
def test_a_level_locks_what_is_below_it(project, level, above, locks):
    codes = _codes(project, {level: above, "infrastructure": {"required_images": ["a/b:1"]}})
    assert codes == (["CHR0203"] if locks else [])


def _codes(project, levels):
    """Codes of the findings about four levels that say nothing of `allow_overrides` but what the example says."""
    files = {
        "a": {"chaosreg:account": {"id": "acme", "allow_overrides": True, "images": {"release": "1.94.4"}}},
        "o": {"chaosreg:parent_stack": "a", "chaosreg:organization": {"id": "o", **levels.get("organization", {})}},
        "p": {"chaosreg:parent_stack": "o", "chaosreg:project": {"id": "p", **levels.get("project", {})}},
        "i": {
            "chaosreg:parent_stack": "p",
            "chaosreg:infrastructures": {"x": {"cluster": {"context": "c"}, **levels["infrastructure"]}},
        },
    }
    return [finding.code for finding in project.write(files).review().errors]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"image_registry": {"server": "h.example", "type": "public"}}, "image_registry.server"),
        ({"image_registry": {"account": "x"}}, "image_registry.account"),
        ({"custom_images": {"ddcr": "h.example/x:1"}}, "custom_images.ddcr"),
        ({"images": {"release": "1.93.0"}}, "images.release"),
        ({"images": {"tags": {"chaos-ddcr": "t"}}}, "images.tags.chaos-ddcr"),
        ({"required_images": ["a/b:1"]}, "required_images"),
        ({"mirror": {"platforms": "all"}}, "mirror.platforms"),
    ],
)
def test_each_lockable_field_is_named(project, settings, field):
    outcome = project.four_levels(account={"allow_overrides": False}, infrastructure=settings)
    assert any(f"`{field}` may not be set here" in f.message for f in outcome.reviewed.errors)


@pytest.mark.parametrize(
    "settings",
    [
        {"namespace": "x"},
        {"service_accounts": ["litmus"]},
        {"pull_secret": {"name": "x"}},
        {"harness_id": "prod_eu"},
        {"on_destroy": "retain"},
    ],
)
def test_what_is_not_lockable_may_be_set_below_a_lock(project, settings):
    assert project.four_levels(account={"allow_overrides": False}, infrastructure=settings).codes == []


def test_every_ancestor_must_allow(project):
    outcome = project.four_levels(
        account={"allow_overrides": False}, project={"allow_overrides": True}, infrastructure=TAGS
    )
    # a project cannot open what its account has locked
    assert outcome.codes == ["CHR0203"]
    assert "account `acme` does not allow overrides" in outcome.reviewed.findings[0].message


def test_a_chain_that_allows_is_open_down_to_the_infrastructure(project):
    registry = {"image_registry": {"server": "h.example", "type": "public"}}
    assert project.four_levels(account=registry, organization=TAGS, project=TAGS, infrastructure=TAGS).codes == []


def test_a_lock_is_for_those_below_and_not_for_its_owner(project):
    assert project.four_levels(project={"allow_overrides": False, **TAGS}).codes == []


def test_the_message_names_both_places_the_owner_and_the_ways_out(project):
    project.write(
        {
            "acme": """
                config:
                  chaosreg:account:
                    id: acme
                    allow_overrides: false
                    images: {release: "1.94.4"}
                """,
            "checkout": """
                config:
                  chaosreg:parent_stack: acme
                  chaosreg:project:
                    id: checkout
                    image_registry:
                      server: harbor.team.example
                """,
        }
    )
    (finding,) = project.review().findings
    assert str(finding).splitlines() == [
        "error[CHR0203]: `image_registry.server` may not be set here: account `acme` does not allow overrides",
        f"  --> {project.stacks}/Pulumi.checkout.yaml:6  project `checkout`",
        "   |  server: harbor.team.example",
        f"   = locked by: {project.stacks}/Pulumi.acme.yaml:4  account `acme` (allow_overrides: false)",
        "   = help: remove the field, or set `allow_overrides: true` in account `acme`",
    ]


def test_what_stands_together_on_one_line_is_told_once(project):
    account = "config:\n  chaosreg:account: {id: acme, allow_overrides: false, images: {release: 1.94.4}}\n"
    own = """
        config:
          chaosreg:parent_stack: acme
          chaosreg:project:
            id: checkout
            image_registry: {server: a.example, account: x, type: public}
            images:
              release: 1.93.0
              tags: {chaos-ddcr: "1", chaos-log-watcher: "2"}
        """
    findings = project.write({"acme": account, "checkout": own}).review().findings
    assert [finding.message.partition(" may ")[0] for finding in findings] == [
        "`image_registry.server`, `image_registry.account`, `image_registry.type`",
        "`images.release`",
        "`images.tags.chaos-ddcr`, `images.tags.chaos-log-watcher`",
    ]
    assert findings[0].help.startswith("remove the fields, or set `allow_overrides: true`")


def test_a_lock_that_is_not_written_names_the_section(project):
    project.write(
        {
            "acme": """
                config:
                  # the account
                  chaosreg:account:
                    id: acme
                    images: {release: "1.94.4"}
                  chaosreg:project:
                    id: checkout
                    images: {release: "1.93.0"}
                """
        }
    )
    (finding,) = project.review().findings
    assert finding.notes[0][1].endswith("Pulumi.acme.yaml:3  account `acme` (allow_overrides is not set there)")


@pytest.mark.parametrize(("mirror", "codes"), [({}, []), ("off", ["CHR0203"]), ({"source": "a.b/c"}, ["CHR0203"])])
def test_a_mirror_that_is_locked_does_not_come_in_with_a_registry_of_one_s_own(project, mirror, codes):
    account = {"allow_overrides": {"settings": ["image_registry"]}, "mirror": {"source": "docker.io/harness"}}
    own = {"server": "evil.example", "type": "public", **({"mirror": mirror} if mirror else {})}
    outcome = project.four_levels(account=account, project={"registries": {"mine": own}, "image_registry": "mine"})
    assert [code for code in outcome.codes if code == "CHR0203"] == codes


@pytest.mark.parametrize("nothing", [{"images": {}}, {"mirror": {}}, {"custom_images": {}}])
def test_an_empty_mapping_sets_nothing_and_locks_nothing(project, nothing):
    assert _codes(project, {"project": nothing, "infrastructure": TAGS}) == []


@pytest.mark.parametrize(
    ("settings", "findings"),
    [
        ({"image_registry": {"server": "evil.example", "type": "private"}}, 2),  # without authentication
        ({"registries": {"own": {"server": "evil.example", "type": "private"}}, "image_registry": "own"}, 1),
        ({"image_registry": "nowhere"}, 1),
        ({"images": {"release": "9.9.9"}}, 1),
        ({"custom_images": {"log_watcher": "evil.example/x:latest"}}, 1),
        ({"mirror": {"source": "evil.example/x"}}, 1),
        ({"required_images": ["quay.io/x/y:1"]}, 1),
    ],
)
def test_of_what_is_forbidden_nothing_else_is_told_and_nothing_comes_of_it(project, settings, findings):
    before = project.four_levels(account={"allow_overrides": False})
    outcome = project.four_levels(account={"allow_overrides": False}, project=settings)
    told = [finding.code for finding in outcome.reviewed.findings if finding.severity != "hint"]
    assert told == ["CHR0203"] * findings
    assert outcome.config.registry.path == before.config.registry.path
    assert set(outcome.images.items()) <= set(before.images.items())
