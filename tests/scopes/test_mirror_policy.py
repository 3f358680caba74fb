"""`MirrorPolicy` is all that an owner says about copying: one value, which others compare and hand on."""

from dataclasses import fields

from pulumi_chaosreg.scopes.mirror_policy import MirrorPolicy
from pulumi_chaosreg.settings.table import MIRROR

REGISTRY = {"server": "h.example", "account": "chaos", "type": "public"}


def test_every_setting_below_mirror_is_in_it():
    assert set(MIRROR.ROWS) <= {field.name for field in fields(MirrorPolicy)}


def test_whatever_is_said_below_mirror_arrives_in_it(project):
    said = {
        "source": "docker.io/harness",
        "also": ["docker.io/harness/delegate:24.11.84304"],
        "allow_sources": ["docker.io/harness"],
        "platforms": ["linux/amd64"],
        "foreign_layers": "keep",
        "signatures": "copy",
        "verify": {"each_platform": True},
        "push": "a",
        "pull": "b",
        "delete": "c",
        "wait_for_scan": "10m",
    }
    assert set(said) == set(MIRROR.ROWS)
    policy = project.four_levels(account={"image_registry": REGISTRY, "mirror": said}).config.registry.policy
    assert [name for name in said if getattr(policy, name).origin.scope is None] == []


def test_two_policies_are_equal_where_their_values_are_whoever_says_them(new_project):
    mirror = {"source": "docker.io/harness", "push": "p"}
    above = new_project().four_levels(account={"mirror": mirror}, project={"image_registry": REGISTRY})
    beside = new_project().four_levels(project={"image_registry": REGISTRY, "mirror": mirror})
    other = new_project().four_levels(project={"image_registry": REGISTRY, "mirror": {**mirror, "push": "q"}})
    one, same, different = (outcome.config.registry.policy for outcome in (above, beside, other))
    assert str(one.source.origin) != str(same.source.origin)
    assert one == same != different


def test_what_a_registry_says_itself_counts_first_and_the_rest_is_its_owner_s(project):
    named = {**REGISTRY, "mirror": {"signatures": "skip"}}
    account = {"registries": {"dev": named}, "mirror": {"source": "docker.io/harness", "signatures": "copy"}}
    below = {"image_registry": "dev", "mirror": {"push": "nobody-asks-for-it"}}
    outcome = project.four_levels(account=account, project=below)
    policy = outcome.config.registry.policy
    assert (policy.source.value, policy.signatures.value, policy.push) == ("docker.io/harness", "skip", None)
    assert policy.signatures.origin.path == ("registries", "dev", "mirror", "signatures")


def test_a_registry_that_somebody_else_fills_has_no_policy_and_no_warning(project):
    outcome = project.four_levels(account={"image_registry": REGISTRY, "mirror": "off"})
    assert outcome.config.registry.policy is None
    assert "CHR0315" not in outcome.warnings


def test_a_registry_does_not_mirror_onto_itself(project):
    account = {"image_registry": REGISTRY, "mirror": {"source": "h.example/chaos"}}
    assert project.four_levels(account=account).config.registry.policy is None
