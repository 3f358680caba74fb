"""The roles that are asked for: each trusts exactly whom the settings name, in every partition, and may do its part."""

import json
from dataclasses import replace
from typing import Any

import pytest

from pulumi_chaosreg.provision.aws_roles import Home, role_arn, role_name, trust_policy
from pulumi_chaosreg.provision.protocol import (
    ImageRepository,
    OwnedRegistry,
    Provisioned,
    Pullers,
    RepositorySettings,
    RoleSettings,
)
from pulumi_chaosreg.provision.provision import provision
from pulumi_chaosreg.scopes.trust import trusted
from tests.support.mocked_program import Recorder, run_program
from tests.support.owned_registry import owned_registry

pytestmark = [pytest.mark.components, pytest.mark.extra("ecr")]

SERVER = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
CHINA = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"
ROLE, RIGHTS = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
IMAGE, OTHER = ImageRepository("chaos/chaos-ddcr", ("1.94.0",)), ImageRepository("chaos/chaos-go-runner", ("1.94.0",))
ANOTHER_ROLE = "arn:aws:iam::210987654321:role/nodes"
PROVIDER = "arn:{P}:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
TRUST = trusted([{"roles": [ANOTHER_ROLE]}])


def registry(server: str = SERVER, account: str = "chaos") -> OwnedRegistry:
    return owned_registry(server, account)


def asked(*who: str) -> RepositorySettings:
    return RepositorySettings(create=True, roles=RoleSettings(dict.fromkeys(who, TRUST)))


def made(settings: RepositorySettings) -> Recorder:
    return run_program(lambda: provision(registry(), settings, (IMAGE, OTHER)) and None)


# --- trust


@pytest.mark.parametrize("server", [SERVER, CHINA])
@pytest.mark.parametrize(
    ("entry", "statement"),
    [
        (
            {"github": {"repository": "acme/platform", "ref": "refs/heads/main"}},
            {
                "Principal": {"Federated": PROVIDER},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                        "token.actions.githubusercontent.com:sub": "repo:acme/platform:ref:refs/heads/main",
                    }
                },
            },
        ),
        (
            {"github": {"repository": "acme@12/platform@34", "ref": "refs/tags/v*"}},
            {
                "Principal": {"Federated": PROVIDER},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
                    "StringLike": {
                        "token.actions.githubusercontent.com:sub": "repo:acme@12/platform@34:ref:refs/tags/v*"
                    },
                },
            },
        ),
        (
            {"github": {"repository": "acme/platform", "environment": "production"}},
            {
                "Principal": {"Federated": PROVIDER},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                        "token.actions.githubusercontent.com:sub": "repo:acme/platform:environment:production",
                    }
                },
            },
        ),
        (
            {"roles": ["arn:aws:iam::210987654321:role/b", "arn:aws:iam::210987654321:role/a"]},
            {
                "Principal": {"AWS": ["arn:aws:iam::210987654321:role/a", "arn:aws:iam::210987654321:role/b"]},
                "Action": "sts:AssumeRole",
            },
        ),
        (
            {"account": "210987654321", "root": True},
            {"Principal": {"AWS": "arn:{P}:iam::210987654321:root"}, "Action": "sts:AssumeRole"},
        ),
        (
            {"service_account": {"issuer": "https://oidc.example/id/1", "namespace": "chaos", "name": "litmus"}},
            {
                "Principal": {"Federated": "arn:{P}:iam::123456789012:oidc-provider/oidc.example/id/1"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        "oidc.example/id/1:aud": "sts.amazonaws.com",
                        "oidc.example/id/1:sub": "system:serviceaccount:chaos:litmus",
                    }
                },
            },
        ),
        (
            {"pod_identity": {"namespace": "chaos", "service_account": "litmus", "cluster": "edge"}},
            {
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {
                    "StringEquals": {
                        "aws:RequestTag/kubernetes-namespace": "chaos",
                        "aws:RequestTag/kubernetes-service-account": "litmus",
                        "aws:RequestTag/eks-cluster-name": "edge",
                    }
                },
            },
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
def test_each_is_trusted_exactly(entry: dict[str, Any], statement: dict[str, Any], server: str) -> None:
    (found,) = json.loads(trust_policy(trusted([entry]), Home.of(registry(server))))["Statement"]
    partition = "aws-cn" if server == CHINA else "aws"
    assert found == json.loads(json.dumps({"Effect": "Allow", **statement}).replace("{P}", partition))


def test_all_of_an_entry_and_all_entries_are_trusted() -> None:
    entries = [{"roles": [ANOTHER_ROLE], "account": "210987654321", "root": True}, {"account": "1" * 12, "root": True}]
    assert len(json.loads(trust_policy(trusted(entries), Home.of(registry())))["Statement"]) == 3


# --- names


@pytest.mark.parametrize(
    ("server", "account", "name"),
    [
        (SERVER, "chaos", "chaosreg-chaos-eu-west-1-push"),
        (SERVER, "", "chaosreg-eu-west-1-push"),
        (SERVER, "team/chaos", "chaosreg-team-chaos-eu-west-1-push-f8fa2b6b"),
        (SERVER, "team-chaos", "chaosreg-team-chaos-eu-west-1-push"),
        (CHINA, "a" * 60, f"chaosreg-{'a' * 30}-cn-north-1-push-00000000"),
    ],
)
def test_a_role_s_name_has_registry_and_region_and_fits(server: str, account: str, name: str) -> None:
    found = role_name(registry(server, account), "push")
    assert len(found) <= 64
    assert (found[:-8], len(found)) == (name[:-8], len(name))
    assert found == role_name(replace(registry(server, account), owner="other", name="other"), "push")


def test_no_two_registries_or_identities_share_a_role() -> None:
    paths = ("chaos", "", "team/chaos", "team-chaos", "team/chaos/x", "a" * 60, "a" * 61, "a/" + "a" * 59)
    names = [
        role_name(registry(server, account), who)
        for server in (SERVER, SERVER.replace("eu-west-1", "us-east-1"))
        for account in paths
        for who in ("push", "pull", "delete")
    ]
    assert len(set(names)) == len(names)


# --- what is made


def test_no_role_is_made_that_nobody_asks_for() -> None:
    assert not any(name.startswith("aws:iam/") for name in made(RepositorySettings(create=True)).made)


def test_each_identity_has_its_own_role_with_its_own_document() -> None:
    found: list[Provisioned] = []
    settings = replace(
        asked("push", "pull", "delete"),
        tags={"team": "chaos"},
        roles=RoleSettings(dict.fromkeys(("push", "pull", "delete"), TRUST), "/chaos/", "arn:aws:iam::1:policy/b"),
    )
    recorder = run_program(lambda: found.append(provision(registry(), settings, (IMAGE, OTHER))))
    for who in ("push", "pull", "delete"):
        role, rights = (recorder.made[f"{type_} acme:{SERVER}/chaos/{who}"] for type_ in (ROLE, RIGHTS))
        assert (role["name"], role["path"]) == (f"chaosreg-chaos-eu-west-1-{who}", "/chaos/")
        assert role["permissionsBoundary"] == "arn:aws:iam::1:policy/b"
        assert role["tags"] == {"team": "chaos"}
        assert rights["role"] == role["name"]
        assert rights["policy"] == getattr(found[0], who).document
        assert getattr(found[0], who).principal is not None


@pytest.mark.parametrize("retain", [True, False])
def test_only_who_pulls_outlives_a_stack_that_keeps_its_images(retain: bool) -> None:
    import pulumi

    def program() -> None:
        component = pulumi.ComponentResource("chaosreg:index:Repositories", "r", {})
        provision(registry(), replace(asked("push", "pull"), retain=retain), (IMAGE,), parent=component)

    options = run_program(program).options
    for who in ("push", "pull"):
        for type_ in (ROLE, RIGHTS):
            with_ = options[f"{type_} acme:{SERVER}/chaos/{who}"].deletedWith
            assert with_.rpartition("::")[2] == ("r" if retain and who == "pull" else "")
            assert not options[f"{type_} acme:{SERVER}/chaos/{who}"].retainOnDelete


def test_a_repository_s_policy_that_names_a_role_of_the_same_run_waits_for_it() -> None:
    settings = asked("pull", "push")
    settings = replace(settings, pullers=Pullers(roles=(ANOTHER_ROLE, role_arn(registry(), settings, "pull"))))
    options = made(settings).options[f"{POLICY} acme:{SERVER}/chaos/chaos-ddcr"]
    of_roles = [urn for urn in options.dependencies if ROLE in urn]
    assert [urn.rpartition("/")[2] for urn in of_roles] == ["pull"]


def test_a_program_that_asks_image_by_image_has_one_role_and_all_rights() -> None:
    def program() -> None:
        before = provision(registry(), asked("push"), (IMAGE,))
        provision(registry(), asked("push"), (OTHER,), before=before)

    made = run_program(program).made
    roles = [name for name in made if name.startswith(ROLE)]
    rights = [said for name, said in made.items() if name.startswith(RIGHTS)]
    assert len(roles) == 1
    assert {said["role"] for said in rights} == {"chaosreg-chaos-eu-west-1-push"}
    assert len({said["name"] for said in rights}) == 2
    for image in (IMAGE, OTHER):
        assert sum(f"repository/{image.path}" in said["policy"] for said in rights) == 1
