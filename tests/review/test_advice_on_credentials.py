"""Advice on a credential is a command that can be run as it stands: with the stack, and in the form that is taken."""

import pytest

from pulumi_chaosreg.program.credentials import CredentialValues

MADE = {"create": True, "login": "owner"}
REGISTRIES = {
    "artifactory": {"server": "acme.jfrog.io", "account": "docker-local", "type": "public"},
    "harbor": {"server": "harbor.company.com", "account": "chaos", "kind": "harbor", "type": "public"},
}


@pytest.mark.parametrize(
    ("kind", "setting", "commands"),
    [
        (
            "artifactory",
            "login",
            ["`pulumi config set --stack a --secret chaosreg-credentials:owner`: an access token"],
        ),
        ("artifactory", "push", ["--secret --path 'chaosreg-credentials:owner.username'`", "`.password`"]),
        ("harbor", "login", ["--secret --path 'chaosreg-credentials:owner.username'`", "`.password`"]),
    ],
)
def test_who_makes_repositories_is_a_token_where_that_is_enough(project, kind, setting, commands):
    account = {"image_registry": REGISTRIES[kind], "mirror": {"source": "docker.io/harness"}}
    if setting == "login":
        account["repositories"] = MADE
    else:
        account["mirror"]["push"] = "owner"
    reviewed = project.four_levels(account=account).reviewed
    values = CredentialValues(reviewed.project, reviewed.company, "a")
    (finding,) = values.missing_for_mirrors(reviewed, [reviewed.company.scopes[0]])
    assert finding.code == "CHR0501"
    assert all(command in finding.help for command in commands)


def test_the_stack_is_that_of_the_level_which_says_it(project):
    private = {**REGISTRIES["artifactory"], "type": "private", "authentication": {"username": "u"}}
    account = {"image_registry": private, "mirror": "off", "repositories": {"create": True}}
    helps = {one.code: one.help for one in project.four_levels(account=account).reviewed.errors}
    assert "`pulumi config set --stack a --secret chaosreg-credentials:NAME`" in helps["CHR0505"]
    assert "`pulumi config set --stack a --secret chaosreg-credentials:NAME`" in helps["CHR0548"]
