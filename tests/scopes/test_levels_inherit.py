"""Field by field, the nearest level wins, and every value says who decided it."""

import pytest

LEVELS = ("account", "organization", "project", "infrastructure")
IDS = {"account": "acme", "organization": "payments", "project": "checkout", "infrastructure": "prod-eu"}


def test_what_nobody_says_is_harness_s_default(project):
    outcome = project.four_levels()
    assert outcome.codes == []
    assert (
        outcome.config.registry.server.value,
        outcome.config.registry.account.value,
        outcome.config.registry.type.value,
    ) == (
        "docker.io",
        "harness",
        "public",
    )
    assert {outcome.origins[field] for field in ("server", "account", "type")} == {"default/harness"}
    assert outcome.config.delivery is None
    assert outcome.config.owner is None
    assert outcome.config.infrastructure_type.value == "ddcr"
    assert (outcome.config.namespace.value, outcome.config.create_namespace.value) == ("hce", True)


FIELDS = {
    "server": lambda value: {"image_registry": {"server": f"{value}.example", "type": "public"}},
    "account": lambda value: {"image_registry": {"account": value}},
    "image.chaos-ddcr": lambda value: {"images": {"tags": {"chaos-ddcr": value}}},
    "image.chaos-ddcr-faults": lambda value: {"custom_images": {"ddcr_fault": f"h.example/x:{value}"}},
    "image.chaos-log-watcher": lambda value: {"required_images": [f"harness/chaos-log-watcher:{value}"]},
}


@pytest.mark.parametrize("decider", LEVELS)
@pytest.mark.parametrize("field", FIELDS)
def test_the_nearest_level_that_sets_a_field_decides_it(project, field, decider):
    # given: the account sets it, and so does every level down to the decider
    setters = LEVELS[: LEVELS.index(decider) + 1]
    outcome = project.four_levels(**{level: FIELDS[field](f"from-{level}") for level in setters})
    # then
    assert outcome.codes == []
    values = {"server": outcome.config.registry.server.value, "account": outcome.config.registry.account.value}
    values |= {f"image.{name}": reference for name, reference in outcome.images.items()}
    assert f"from-{decider}" in values[field]
    assert outcome.origins[field] == f"{decider}/{IDS[decider]}"


@pytest.mark.parametrize("decider", LEVELS)
@pytest.mark.parametrize(
    ("settings", "resolved"),
    [
        ({"namespace": "chaos"}, {"namespace": "chaos", "create_namespace": True}),
        ({"namespace": {"name": "chaos", "create": False}}, {"namespace": "chaos", "create_namespace": False}),
        ({"service_accounts": ["litmus"]}, {"service_accounts": ("litmus",)}),
        ({"type": "dedicated", "images": {"release": "1.53.1"}}, {"infrastructure_type": "dedicated"}),
    ],
)
def test_settings_of_the_cluster_may_stand_at_any_level(project, settings, resolved, decider):
    config = project.four_levels(**{decider: settings}).config
    assert {key: getattr(config, key).value for key in resolved} == resolved
    decided = {str(getattr(config, key).origin) for key in resolved}
    assert decided <= {f"{decider}/{IDS[decider]}", "default/harness"}


def test_the_fields_of_one_mapping_may_come_from_different_levels(project):
    outcome = project.four_levels(
        account={"image_registry": {"server": "h.example", "account": "chaos", "type": "public"}},
        project={"image_registry": {"account": "team"}},
    )
    assert outcome.images["chaos-ddcr"] == "h.example/team/chaos-ddcr:1.94.0"
    assert (outcome.origins["server"], outcome.origins["account"]) == ("account/acme", "project/checkout")


def test_an_origin_knows_the_file_and_the_keys(project):
    config = project.four_levels(account={"image_registry": {"server": "h.example", "type": "public"}}).config
    place = config.registry.server.origin.place
    assert place.file == project.stacks / "Pulumi.a.yaml"
    assert place.keys == ("config", "chaosreg:account", "image_registry", "server")
    assert place.scope == "account `acme`"


def test_ids_and_overrides_are_not_inherited(project, scope_of):
    reviewed = project.four_levels(account={"harness_id": "acme_1"}).reviewed
    infrastructure = scope_of(reviewed, "payments/checkout/prod-eu")
    assert infrastructure.value_at(("harness_id",)) is None
    assert infrastructure.value_at(("allow_overrides",)) is None


PRIVATE = {
    "server": "harbor.company.com",
    "account": "chaos",
    "kind": "harbor",
    "type": "private",
    "authentication": {"username": "u", "password_secret": "harbor-credentials"},
}


def test_type_and_authentication_come_down_with_their_server(project):
    outcome = project.four_levels(account={"image_registry": PRIVATE})
    assert outcome.codes == []
    assert outcome.config.registry.type.value == "private"
    assert outcome.config.delivery.credential == "harbor-credentials"
    assert outcome.config.delivery.username == "u"
    assert outcome.origins["secret_name"] == "account/acme"


@pytest.mark.parametrize("level", LEVELS[1:])
def test_a_level_with_another_server_inherits_neither_type_nor_authentication(project, level):
    outcome = project.four_levels(
        account={"image_registry": PRIVATE}, **{level: {"image_registry": {"server": "h.example"}}}
    )
    # then: the type is asked for, and harbor's password does not go to h.example
    assert outcome.codes == ["CHR0211"]
    assert outcome.config.delivery is None
    assert outcome.config.registry.account.value == "chaos"  # the path is a field like all others


def test_type_and_authentication_may_be_given_below_their_server(project):
    below = {"image_registry": {"authentication": {"username": "prod", "password_secret": "prod"}}}
    outcome = project.four_levels(account={"image_registry": PRIVATE}, infrastructure=below)
    assert outcome.codes == []
    assert outcome.config.delivery.credential == "prod"
    assert outcome.origins["secret_name"] == "infrastructure/prod-eu"
    assert str(outcome.config.registry.server.origin) == "account/acme"


def test_authentication_is_one_field_and_is_never_mixed_from_two_levels(project):
    below = {"image_registry": {"authentication": {"secret_name": "theirs"}}}
    config = project.four_levels(account={"image_registry": PRIVATE}, infrastructure=below).config
    assert (config.secret_name.value, config.delivery.username, config.delivery.makes_secret) == ("theirs", None, False)


@pytest.mark.parametrize(
    ("authentication", "pull_secret", "name", "create"),
    [
        # basic: ours to make, under our name
        ({"username": "u", "password_secret": "c"}, {}, "chaos-image-registry-prod-eu", True),
        ({"type": "basic", "username": "u", "password_secret": "c"}, {"name": "mine"}, "mine", True),
        ({"username": "u", "password_secret": "c"}, {"create": False}, "chaos-image-registry-prod-eu", False),
        # a Secret's name alone: somebody else's
        ({"secret_name": "theirs"}, {}, "theirs", False),
        ({"type": "kubernetes_secret", "secret_name": "theirs"}, {}, "theirs", False),
        ({"secret_name": "theirs"}, {"create": True}, "theirs", True),
    ],
)
def test_plain_settings_decide_whether_a_secret_is_made(project, authentication, pull_secret, name, create):
    registry = {**PRIVATE, "authentication": authentication}
    outcome = project.four_levels(account={"image_registry": registry}, infrastructure={"pull_secret": pull_secret})
    assert (outcome.config.secret_name.value, outcome.config.delivery.makes_secret) == (name, create)


def test_a_secret_whose_credential_is_configured_is_ours_to_make(project):
    account = {"id": "acme", "image_registry": {**PRIVATE, "authentication": {"secret_name": "dockerhub-secret"}}}
    project.write(
        {
            "a": {
                "chaosreg:account": {**account, "images": {"release": "1.94.4"}},
                "chaosreg:infrastructures": {"prod": {"cluster": {"context": "c"}}},
                "chaosreg-credentials:dockerhub-secret": {"secure": "v1:abc"},
            }
        }
    )
    (config,) = project.review().resolved.values()
    assert (config.secret_name.value, config.delivery.makes_secret) == ("dockerhub-secret", True)


def test_the_scope_that_sets_the_server_owns_and_mirrors_for_all_below(project, scope_of):
    registry = {"image_registry": {"server": "h.example", "type": "public"}, "mirror": {"source": "docker.io/harness"}}
    outcome = project.four_levels(organization=registry)
    organization = scope_of(outcome.reviewed, "payments")
    assert outcome.config.owner is organization
    assert outcome.reviewed.mirrored_by(organization) == [outcome.config]
    assert str(outcome.config.images[0].source) == "docker.io/harness/chaos-ddcr:1.94.0"


def test_who_owns_another_registry_inherits_the_mirror_settings(project):
    outcome = project.four_levels(
        account={"mirror": {"source": "docker.io/harness"}},
        project={"image_registry": {"server": "h.example", "type": "public"}},
    )
    assert str(outcome.config.images[0].source) == "docker.io/harness/chaos-ddcr:1.94.0"


def test_organization_and_project_may_be_left_out(project):
    project.write(
        {
            "a": {"chaosreg:account": {"id": "acme", "images": {"release": "1.94.4"}}},
            "i": {"chaosreg:parent_stack": "a", "chaosreg:infrastructures": {"prod": {"cluster": {"context": "c"}}}},
        }
    )
    reviewed = project.review()
    assert reviewed.findings == ()
    assert [scope.path for scope in reviewed.resolved] == ["prod"]


def test_four_levels_fit_in_one_file(project):
    project.write(
        {
            "all": {
                "chaosreg:infrastructures": {
                    "prod": {"cluster": {"context": "c"}},
                    "dev": {"cluster": {"context": "d"}},
                },
                "chaosreg:project": {"id": "checkout"},
                "chaosreg:organization": {"id": "payments"},
                "chaosreg:account": {"id": "acme", "images": {"release": "1.94.4"}},
            }
        }
    )
    reviewed = project.review()
    assert reviewed.findings == ()
    assert [scope.path for scope in reviewed.resolved] == ["payments/checkout/prod", "payments/checkout/dev"]


def test_the_parent_is_the_nearest_level_above_in_the_parent_s_file(project):
    project.write(
        {
            "top": {
                "chaosreg:account": {"id": "acme", "images": {"release": "1.94.4"}},
                "chaosreg:organization": {"id": "payments"},
                "chaosreg:project": {"id": "checkout"},
            },
            "other": {"chaosreg:parent_stack": "top", "chaosreg:project": {"id": "ledger"}},
            "env": {
                "chaosreg:parent_stack": "top",
                "chaosreg:infrastructures": {"prod": {"cluster": {"context": "c"}}},
            },
        }
    )
    paths = {scope.path for scope in project.review().company.scopes}
    assert paths == {"acme", "payments", "payments/checkout", "payments/ledger", "payments/checkout/prod"}


def test_a_locked_digest_is_pinned_in_the_target_and_in_the_source(project):
    digest = "sha256:" + "a" * 64
    project.write({}, lock=f"docker.io/harness/chaos-ddcr:1.94.0: {digest}\n")
    outcome = project.four_levels(
        account={
            "image_registry": {"server": "h.example", "account": "chaos", "type": "public"},
            "mirror": {"source": "docker.io/harness"},
        }
    )
    ddcr = outcome.config.images[0]
    assert str(ddcr.reference) == f"h.example/chaos/chaos-ddcr:1.94.0@{digest}"
    assert str(ddcr.source) == f"docker.io/harness/chaos-ddcr:1.94.0@{digest}"
    (finding,) = outcome.reviewed.errors
    assert finding.code == "CHR0304"
    assert finding.message.endswith("chaos-ddcr-faults:1.94.0` and 2 more")  # the other three are not locked


def test_our_own_stacks_are_a_company_without_mistakes():
    from pathlib import Path

    from pulumi_chaosreg.review.review import review

    reviewed = review(Path(__file__).parents[2])
    assert [str(finding) for finding in reviewed.findings if finding.code != "CHR0304"] == []
    assert {scope.path for scope in reviewed.resolved} == {
        "payments/checkout/prod-eu",
        "payments/checkout/prod-us",
        "payments/ledger/legacy",
    }


def test_nobody_mirrors_onto_itself(project):
    # given: an infrastructure that goes back to Harness's own registry below an account that mirrors from there
    outcome = project.four_levels(
        account={
            "image_registry": {"server": "h.example", "type": "public"},
            "mirror": {"source": "docker.io/harness"},
        },
        infrastructure={"image_registry": {"server": "docker.io", "account": "harness", "type": "public"}},
    )
    assert {image.source for image in outcome.config.images} == {None}
    assert (outcome.codes, outcome.warnings) == ([], [])
