"""Policies over all that is made at ECR, as rules: each is met by what we make, and each catches a planted violation.

Where Checkov has the same rule, its id stands with ours. Two of its rules we do not follow by default: CKV_AWS_51 knows
plain `IMMUTABLE` only, and tags of signatures must move (`mirror.signatures: skip` follows it); CKV_AWS_136 wants a key
of KMS, which costs, and whose owner must know of it (`kms_key` follows it).
"""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from moto.core.exceptions import ServiceException
from moto.ecr.policy_validation import EcrLifecyclePolicyValidator
from moto.iam.policy_validation import IAMPolicyDocumentValidator, IAMTrustPolicyDocumentValidator
from policy_sentry.querying.actions import get_action_data

from pulumi_chaosreg.provision.protocol import (
    ImageRepository,
    OwnedRegistry,
    Pullers,
    RepositorySettings,
    RoleSettings,
)
from pulumi_chaosreg.provision.provision import provision
from pulumi_chaosreg.registries.kinds import registry_kind
from pulumi_chaosreg.scopes.trust import trusted
from tests.support.mocked_program import run_program

pytestmark = pytest.mark.components

SERVER = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
IMAGES = (
    ImageRepository("chaos/chaos-ddcr", ("1.94.0",)),
    ImageRepository("chaos/chaos-go-runner", ("latest",), ("latest",)),
)
TRUST = {
    "push": [{"github": {"repository": "acme/platform", "ref": "refs/tags/v*"}}],
    "pull": [
        {
            "service_account": {"issuer": "https://oidc.example/id/1", "namespace": "chaos", "name": "litmus"},
            "pod_identity": {"namespace": "chaos", "service_account": "litmus"},
        },
        {"roles": ["arn:aws:iam::210987654321:role/nodes"]},
    ],
    "delete": [{"github": {"repository": "acme/platform", "environment": "production"}}],
}
SETTINGS = RepositorySettings(
    create=True,
    pullers=Pullers(("210987654321",), ("arn:aws:iam::210987654321:role/nodes",), "o-a1b2c3d4e5"),
    roles=RoleSettings({who: trusted(entries) for who, entries in TRUST.items()}),
)
ELSEWHERE = "arn:aws:ecr:eu-west-1:123456789012:repository/theirs/x"
Document = dict[str, Any]


@dataclass
class Made:
    """All documents and repositories of one registry, by what they are."""

    repositories: list[Document]
    lifecycles: list[Document]
    repository_policies: list[Document]
    trust: dict[str, Document]
    rights: dict[str, Document]


@pytest.fixture(scope="module")
def everything() -> Made:
    """What the settings above make, every kind of it."""
    registry = OwnedRegistry(SERVER, "chaos", registry_kind(SERVER), name="acme:chaos", owner="acme")
    made = run_program(lambda: provision(registry, SETTINGS, IMAGES) and None).made

    def of(type_: str, key: str) -> dict[str, Document]:
        return {name.rpartition("/")[2]: json.loads(said[key]) for name, said in made.items() if name.startswith(type_)}

    return Made(
        [said for name, said in made.items() if name.startswith("aws:ecr/repository:")],
        list(of("aws:ecr/lifecyclePolicy:", "policy").values()),
        list(of("aws:ecr/repositoryPolicy:", "policy").values()),
        of("aws:iam/role:", "assumeRolePolicy"),
        of("aws:iam/rolePolicy:", "policy"),
    )


@pytest.fixture
def made(everything: Made) -> Made:
    """The same, to be spoilt."""
    return deepcopy(everything)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(*documents: Document) -> Iterator[Document]:
    for document in documents:
        yield from document["Statement"]


def actions(document: Document) -> set[str]:
    return {action for statement in statements(document) for action in listed(statement["Action"])}


def principals(statement: Document) -> list[str]:
    principal = statement.get("Principal", {})
    return [principal] if isinstance(principal, str) else [one for each in principal.values() for one in listed(each)]


# --- the rules: what each finds is what is wrong


def everybody_is_of_an_organization(made: Made) -> Iterator[str]:
    """CKV_AWS_32: no policy of a repository is public."""
    for statement in statements(*made.repository_policies):
        organization = statement.get("Condition", {}).get("StringEquals", {}).get("aws:PrincipalOrgID")
        if "*" in principals(statement) and not organization:
            yield "everybody pulls"
        if "NotPrincipal" in statement or "NotAction" in statement:
            yield "all but some"


def others_only_pull(made: Made) -> Iterator[str]:
    for document in made.repository_policies:
        yield from actions(document) - set(registry_kind(SERVER).rights["pull"])


def trust_is_exact(made: Made) -> Iterator[str]:
    for statement in statements(*made.trust.values()):
        equal, like = (statement.get("Condition", {}).get(how, {}) for how in ("StringEquals", "StringLike"))
        for principal in principals(statement):
            if "*" in principal or principal.endswith(":root") or principal.isdigit():
                yield principal
            if ":oidc-provider/" in principal:
                provider = principal.partition(":oidc-provider/")[2]
                if equal.get(f"{provider}:aud") != "sts.amazonaws.com":
                    yield f"{provider}: any audience"
                subject = equal.get(f"{provider}:sub") or like.get(f"{provider}:sub") or "*"
                fixed, _, ref = subject.partition(":ref:")
                if "*" in fixed or "?" in fixed or (f"{provider}:sub" in like and not ref):
                    yield f"{provider}: {subject}"
            tags = ("aws:RequestTag/kubernetes-namespace", "aws:RequestTag/kubernetes-service-account")
            if principal == "pods.eks.amazonaws.com" and not all(equal.get(tag) for tag in tags):
                yield "any Pod"


def no_rule_takes_what_has_a_tag(made: Made) -> Iterator[str]:
    for document in made.lifecycles:
        EcrLifecyclePolicyValidator(json.dumps(document)).validate()
        for rule in document["rules"]:
            if rule["selection"]["tagStatus"] != "untagged":
                yield rule["selection"]["tagStatus"]
            if rule["selection"]["countType"] != "sinceImagePushed":
                yield rule["selection"]["countType"]  # by number, a digest that runs goes after two pushes


def who_pulls_cannot_push(made: Made) -> Iterator[str]:
    for action in actions(made.rights["pull"]):
        (known,) = get_action_data(*action.split(":"))["ecr"]
        if known["access_level"] not in ("Read", "List"):
            yield action


def who_pushes_cannot_delete(made: Made) -> Iterator[str]:
    may = {"ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"}
    for action in actions(made.rights["push"]):
        (known,) = get_action_data(*action.split(":"))["ecr"]
        if known["access_level"] not in ("Read", "List") and action not in may:
            yield action


def every_action_exists(made: Made) -> Iterator[str]:
    for document in (*made.rights.values(), *made.repository_policies, *made.trust.values()):
        for action in actions(document):
            if not get_action_data(*action.split(":")):
                yield action


def rights_are_for_our_repositories_alone(made: Made) -> Iterator[str]:
    ours = {f"arn:aws:ecr:eu-west-1:123456789012:repository/{image.path}" for image in IMAGES}
    for statement in statements(*made.rights.values()):
        if statement["Resource"] == "*" and statement["Action"] != ["ecr:GetAuthorizationToken"]:
            yield "*"
        if statement["Resource"] != "*":
            yield from set(listed(statement["Resource"])) - ours


def iam_takes_the_documents(made: Made) -> Iterator[str]:
    for document in made.rights.values():
        IAMPolicyDocumentValidator(json.dumps(document)).validate()
    for document in made.trust.values():
        IAMTrustPolicyDocumentValidator(json.dumps(document)).validate()
    yield from ()


def pushes_are_scanned(made: Made) -> Iterator[str]:
    """CKV_AWS_163."""
    for repository in made.repositories:
        if repository["imageScanningConfiguration"] != {"scanOnPush": True}:
            yield repository["name"]


def tags_stay_but_those_that_are_named(made: Made) -> Iterator[str]:
    """Less than CKV_AWS_51 wants: see above."""
    for repository in made.repositories:
        moving = {each["filter"] for each in repository.get("imageTagMutabilityExclusionFilters", ())}
        if not repository["imageTagMutability"].startswith("IMMUTABLE") or not moving <= {"sha256-*", "latest"}:
            yield repository["name"]


def nothing_is_deleted_with_its_images(made: Made) -> Iterator[str]:
    yield from (repository["name"] for repository in made.repositories if repository["forceDelete"] is not False)


def repositories_are_encrypted(made: Made) -> Iterator[str]:
    """Less than CKV_AWS_136 wants: see above."""
    for repository in made.repositories:
        if not repository.get("encryptionConfigurations"):
            yield repository["name"]


def _allow(who: str, action: str, made: Made) -> None:
    made.rights[who]["Statement"][1]["Action"].append(action)


# --- rule → (what is planted, what it must find)

Spoil = Callable[[Made], Any]
PLANTED: dict[Callable[[Made], Iterator[str]], list[tuple[Spoil, str]]] = {
    everybody_is_of_an_organization: [
        (lambda made: made.repository_policies[0]["Statement"][1].pop("Condition"), "everybody pulls"),
        (lambda made: made.repository_policies[0]["Statement"][0].update(Principal={"AWS": "*"}), "everybody pulls"),
        (lambda made: made.repository_policies[0]["Statement"][0].update(NotAction="ecr:PutImage"), "all but some"),
    ],
    others_only_pull: [
        (lambda made: made.repository_policies[0]["Statement"][0]["Action"].append("ecr:PutImage"), "ecr:PutImage"),
        (lambda made: made.repository_policies[1]["Statement"][0].update(Action="ecr:*"), "ecr:*"),
        (
            lambda made: made.repository_policies[1]["Statement"][0].update(Action="ecr:GetAuthorizationToken"),
            "ecr:GetAuthorizationToken",
        ),
    ],
    trust_is_exact: [
        (lambda made: made.trust["pull"]["Statement"][-1].update(Principal={"AWS": "*"}), "*"),
        (
            lambda made: made.trust["pull"]["Statement"][-1].update(Principal={"AWS": "arn:aws:iam::1:root"}),
            "arn:aws:iam::1:root",
        ),
        (
            lambda made: made.trust["push"]["Statement"][0]["Condition"].pop("StringEquals"),
            "token.actions.githubusercontent.com: any audience",
        ),
        (
            lambda made: made.trust["push"]["Statement"][0]["Condition"]["StringLike"].update(
                {"token.actions.githubusercontent.com:sub": "repo:acme/*:ref:refs/heads/main"}
            ),
            "token.actions.githubusercontent.com: repo:acme/*:ref:refs/heads/main",
        ),
        (
            lambda made: made.trust["delete"]["Statement"][0]["Condition"]["StringEquals"].pop(
                "token.actions.githubusercontent.com:sub"
            ),
            "token.actions.githubusercontent.com: *",
        ),
        (
            lambda made: made.trust["pull"]["Statement"][1]["Condition"]["StringEquals"].pop(
                "aws:RequestTag/kubernetes-namespace"
            ),
            "any Pod",
        ),
    ],
    no_rule_takes_what_has_a_tag: [
        (lambda made: made.lifecycles[0]["rules"][0]["selection"].update(tagStatus="any"), "any"),
        (
            lambda made: made.lifecycles[0]["rules"][0].update(
                selection={"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}
            ),
            "imageCountMoreThan",
        ),
    ],
    who_pulls_cannot_push: [
        (lambda made: made.rights["pull"]["Statement"][1]["Action"].append("ecr:PutImage"), "ecr:PutImage")
    ],
    who_pushes_cannot_delete: [
        (partial(_allow, "push", f"ecr:{word}"), f"ecr:{word}")
        for word in ("BatchDeleteImage", "DeleteRepository", "SetRepositoryPolicy", "PutLifecyclePolicy")
    ],
    every_action_exists: [
        (lambda made: made.rights["delete"]["Statement"][1]["Action"].append("ecr:DeleteImage"), "ecr:DeleteImage")
    ],
    rights_are_for_our_repositories_alone: [
        (lambda made: made.rights["push"]["Statement"][1].update(Resource="*"), "*"),
        (
            lambda made: made.rights["push"]["Statement"][1].update(Resource=[ELSEWHERE]),
            ELSEWHERE,
        ),
    ],
    pushes_are_scanned: [
        (lambda made: made.repositories[0].update(imageScanningConfiguration={"scanOnPush": False}), "chaos/chaos-ddcr")
    ],
    tags_stay_but_those_that_are_named: [
        (lambda made: made.repositories[0].update(imageTagMutability="MUTABLE"), "chaos/chaos-ddcr"),
        (
            lambda made: made.repositories[0].update(
                imageTagMutabilityExclusionFilters=[{"filter": "*", "filterType": "WILDCARD"}]
            ),
            "chaos/chaos-ddcr",
        ),
    ],
    nothing_is_deleted_with_its_images: [
        (lambda made: made.repositories[0].update(forceDelete=True), "chaos/chaos-ddcr")
    ],
    repositories_are_encrypted: [
        (lambda made: made.repositories[0].update(encryptionConfigurations=[]), "chaos/chaos-ddcr")
    ],
}


def test_there_is_something_of_everything(made: Made) -> None:
    assert (len(made.repositories), len(made.lifecycles), len(made.repository_policies)) == (2, 2, 2)
    assert set(made.trust) == set(made.rights) == {"push", "pull", "delete"}


@pytest.mark.parametrize("rule", [*PLANTED, iam_takes_the_documents], ids=lambda rule: rule.__name__)
def test_what_we_make_keeps_the_rule(rule: Callable[[Made], Iterator[str]], made: Made) -> None:
    assert list(rule(made)) == []


@pytest.mark.parametrize(
    ("rule", "spoil", "found"),
    [(rule, *planted) for rule, every in PLANTED.items() for planted in every],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_planted_violation_is_found(
    rule: Callable[[Made], Iterator[str]], spoil: Spoil, found: str, made: Made
) -> None:
    spoil(made)
    assert found in list(rule(made))


@pytest.mark.parametrize(
    ("kind", "spoil"),
    [
        ("lifecycle", lambda made: made.lifecycles[0]["rules"][0].update(action={"type": "delete"})),
        ("rights", lambda made: made.rights["pull"]["Statement"][0].pop("Resource")),
        ("trust", lambda made: made.trust["pull"]["Statement"][0].update(Resource="*")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_document_that_aws_would_refuse_is_found(kind: str, spoil: Spoil, made: Made) -> None:
    spoil(made)
    with pytest.raises(ServiceException):
        list(no_rule_takes_what_has_a_tag(made)) + list(iam_takes_the_documents(made))
