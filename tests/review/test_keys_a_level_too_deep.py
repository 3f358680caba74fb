"""A key that is right, one level too deep or too high: one error that says where it belongs, and nothing follows."""

import pytest

GAR = {"server": "europe-docker.pkg.dev", "account": "acme/chaos", "type": "private"}
MADE = {**GAR, "authentication": {"type": "made", "lifetime_days": 90}}
ACR = {"server": "acmeprod.azurecr.io", "account": "chaos", "type": "public"}
ECR = {"server": "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "account": "chaos", "type": "private"}
OFF = {"mirror": "off"}


@pytest.mark.parametrize(
    ("account", "infrastructure", "advice"),
    [
        (
            {"image_registry": {**MADE, "repositories": {"create": True}}, **OFF},
            {},
            "write `repositories` beside `image_registry`, not below it",
        ),
        (
            {"image_registry": {**ACR, "mirror": {"source": "docker.io/harness"}}},
            {},
            "write `mirror` beside `image_registry`, not below it",
        ),
        (
            {"image_registry": ACR, "repositories": {"create": True, "principals": {"pull": []}}, **OFF},
            {},
            "write it below `azure`: `azure: {principals: …}`",
        ),
        (
            {"image_registry": {**ECR, "authentication": {"type": "aws_ecr"}}, **OFF},
            {"provider": "eks"},
            "write it below `cluster`: `cluster: {provider: …}`",
        ),
        (
            {"image_registry": {**ACR, "lifetime_days": 90}, **OFF},
            {},
            "write it below `authentication`: `authentication: {lifetime_days: …}`",
        ),
    ],
)
def test_it_is_told_where_the_key_belongs(project, account, infrastructure, advice):
    found = project.four_levels(account=account, infrastructure=infrastructure).reviewed.findings
    assert [(one.code, one.help) for one in found if one.severity != "hint"] == [("CHR0104", advice)]


def test_what_several_neighbours_know_is_not_guessed(project):
    (finding,) = project.four_levels(infrastructure={"create": True}).reviewed.errors
    assert finding.code == "CHR0104"
    assert "valid keys: " in finding.help


def test_where_nobody_makes_repositories_the_right_level_is_named(project):
    named = {"registries": {"eu": MADE}, "image_registry": "eu"}
    for account, beside in (({"image_registry": MADE}, "`image_registry`"), (named, "`server` of `eu`")):
        (finding,) = project.four_levels(account={**account, **OFF}).reviewed.errors
        assert finding.code == "CHR0544"
        assert f"write `repositories: {{create: true}}` beside {beside}" in finding.help
