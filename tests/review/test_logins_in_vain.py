"""What is said of logins and changes nothing is told where it stands."""

import pytest

from pulumi_chaosreg.settings.refresher_identities import EXAMPLES

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
ROLE = EXAMPLES["aws"]
MADE = {
    "image_registry": {
        "server": "europe-docker.pkg.dev",
        "account": "acme/chaos",
        "type": "private",
        "authentication": {"type": "made", "lifetime_days": 90},
    },
    "repositories": {"create": True},
}


def of(server, **authentication):
    return {"image_registry": {"server": server, "account": "a/b", "type": "private", "authentication": authentication}}


KEY_FILE = of("europe-docker.pkg.dev", key_file="key.json")
BASIC = of("acme.azurecr.io", username="u", password_secret="p")


def told(project, code="CHR0499", **levels):
    levels["account"] = {"mirror": "off", **levels["account"]}
    outcome = project.four_levels(**levels)
    assert [one for one in outcome.codes if one not in ("CHR0501", "CHR0541")] == []
    return [(one.message, one.place.scope) for one in outcome.reviewed.findings if one.code == code]


@pytest.mark.parametrize("account", [MADE, KEY_FILE, BASIC], ids=["made", "a key file", "a password"])
@pytest.mark.parametrize(
    "said",
    [
        {"identity": EXAMPLES["gcp"]},
        {"refresher_image": "docker.io/library/python:3.13"},
        {"refresher_environment": {"HTTPS_PROXY": "http://proxy.example:3128"}},
    ],
    ids=lambda said: next(iter(said)),
)
@pytest.mark.parametrize("level", ["account", "infrastructure"])
def test_a_refresher_s_setting_where_credentials_last(project, account, said, level):
    levels = {"account": account}
    levels[level] = {**levels.get(level, {}), "pull_secret": said}
    ((message, scope),) = told(project, **levels)
    assert message.startswith(f"`pull_secret.{next(iter(said))}` has no effect: at {level}")
    assert scope.startswith(level)


def test_where_a_secret_is_renewed_it_has_one(project):
    account = {**of(ECR, type="aws_ecr"), "pull_secret": {"identity": ROLE, "refresher_environment": {"A": "b"}}}
    assert told(project, account=account) == []


def test_what_an_account_says_for_the_one_infrastructure_that_needs_it_is_fine(project):
    account = {**of(ECR, type="aws_ecr"), "pull_secret": {"identity": ROLE}}
    project.four_levels(account={**account, "mirror": "off"})
    config = {"cluster": {"context": "c"}, "image_registry": {"authentication": {"secret_name": "theirs"}}}
    project.write({"more": {"chaosreg:parent_stack": "p", "chaosreg:infrastructures": {"other": config}}})
    assert [one.code for one in project.review().findings if one.code == "CHR0499"] == []


@pytest.mark.parametrize(
    ("account", "is_told"),
    [
        (of("acme.azurecr.io", username="u", password_secret="p", region="westeurope"), True),
        (of("harbor.example", secret_name="theirs", region="eu-west-1"), True),
        (of(ECR, type="aws_ecr", region="eu-west-1"), False),
        (of(ECR, secret_name="theirs", region="eu-west-1"), False),
    ],
)
def test_a_region_where_no_login_has_one(project, account, is_told):
    infrastructure = {"cluster": {"context": "c", "provider": "eks"}}
    assert bool(told(project, account=account, infrastructure=infrastructure)) is is_told
