"""Each way not to say exactly whom a role trusts is told once, where it stands."""

import pytest

from pulumi_chaosreg.scopes.trust import GithubWorkflow, Roles, trusted

TRUSTED = """
config:
  chaosreg:account:
    id: acme
    images: {{release: "1.94.4", pin: "off"}}
    registries:
      eu:
        server: 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        type: private
        authentication: {{type: aws_ecr}}
        mirror: off
        repositories:
          create: true
          identities:
            push:
              trust:
{entry}
    image_registry: eu
    cluster: {{provider: eks}}
"""
BELOW = "config: {chaosreg:parent_stack: acme, chaosreg:infrastructures: {x: {cluster: {context: c}}}}"

MISTAKES = {
    "every branch": (
        ["github: {repository: acme/platform}  #! CHR0485"],
        ["`github` names neither a ref nor an environment, so it would trust every branch", "refs/heads/main"],
    ),
    "a branch and an environment": (
        ["github: {repository: acme/platform, ref: refs/heads/main, environment: production}  #! CHR0485"],
        ["a token has only one", "keep `environment` if the job names one"],
    ),
    "every repository": (["github: {repository: acme/*, ref: refs/heads/main}  #! CHR0485"], ["without `*`"]),
    "no repository": (["github: {ref: refs/heads/main}  #! CHR0485"], ["has no `repository`"]),
    "a branch by its short name": (
        ["github:", "  repository: acme/platform", "  ref: main  #! CHR0485"],
        ["write `refs/heads/main`, or `refs/tags/main`"],
    ),
    "an account, and not all of it": (
        ['account: "210987654321"  #! CHR0486'],
        ["trusts everybody in that account", "add `root: true`"],
    ),
    "all of no account": (["root: true  #! CHR0486"], ["`root` needs an `account`"]),
    "a ServiceAccount without its namespace and issuer": (
        ["service_account: {name: litmus}  #! CHR0485"],
        ["has no `issuer` and no `namespace`"],
    ),
    "an issuer without https": (
        ["service_account:", "  issuer: oidc.example  #! CHR0485", "  namespace: chaos", "  name: litmus"],
        ["is not the issuer of a cluster's tokens"],
    ),
    "Pod Identity for any ServiceAccount": (
        ["pod_identity: {namespace: chaos}  #! CHR0485"],
        ["has no `service_account`"],
    ),
    "the second of a list": (
        ["- {roles: [arn:aws:iam::210987654321:role/ci]}", "- github: {repository: acme/platform}  #! CHR0485"],
        ["neither a ref nor an environment"],
    ),
    "two mistakes": (
        ["github: {repository: acme/platform}  #! CHR0485", 'account: "210987654321"  #! CHR0486'],
        [],
    ),
    "nobody": (["{}  #! CHR0106"], ["is an empty mapping"]),
    "nobody at all": (["[]  #! CHR0106"], ["must be a list of at least 1, but is empty"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_trust_that_is_not_exact_is_told(project, check_marks, mistake):
    lines, words = MISTAKES[mistake]
    entry = "\n".join(f"                {line}" for line in lines)
    if lines[0].startswith(("{}", "[]")):
        text = TRUSTED.format(entry="").replace("trust:\n", f"trust: {lines[0]}\n")
    else:
        text = TRUSTED.format(entry=entry)
    check_marks(project.write({"acme": text, "x": BELOW}), words)


def test_exact_trust_is_no_mistake_and_one_mapping_is_a_list_of_one(project, check_marks):
    entry = '                {roles: [arn:aws:iam::1:role/x], account: "210987654321", root: true}'.replace(
        "::1:", "::210987654321:"
    )
    reviewed = check_marks(project.write({"acme": TRUSTED.format(entry=entry), "x": BELOW}))
    said = reviewed.company.scopes[0].value_at(("registries", "eu", "repositories", "identities", "push", "trust"))
    assert isinstance(said, list)
    assert Roles(("arn:aws:iam::210987654321:role/x",)) in trusted(said)


def test_what_nothing_is_made_for_needs_no_roles(project, check_marks):
    text = TRUSTED.format(entry='                {account: "210987654321", root: true}')
    text = text.replace("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "harbor.example")
    text = text.replace("type: private", "type: public").replace("        authentication: {type: aws_ecr}\n", "")
    text = text.replace("create: true", "create: false").replace("identities:", "identities:  #! CHR0111")
    check_marks(project.write({"acme": text, "x": BELOW}), ["this version makes no repositories at `harbor.example`"])


@pytest.mark.parametrize("ref", ["refs/tags/v*", "refs/heads/release-?"])
def test_a_wildcard_stands_in_a_ref_only(ref):
    assert GithubWorkflow("acme/platform", ref).is_pattern
    assert not GithubWorkflow("acme/platform", "refs/heads/main").is_pattern
