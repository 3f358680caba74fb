"""Policies over the documents that only Amazon has: trust of roles, rights, lifecycles. The rules that every kind has
are in test_policies_of_kinds.py.
"""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from moto.core.exceptions import ServiceException
from moto.ecr.policy_validation import EcrLifecyclePolicyValidator
from moto.iam.policy_validation import IAMPolicyDocumentValidator, IAMTrustPolicyDocumentValidator
from policy_sentry.querying.actions import get_action_data

from pulumi_chaosreg.registries.kinds import registry_kind
from tests.support.policies import ecr
from tests.support.policies.ecr import Document, listed, principals

pytestmark = pytest.mark.components


@dataclass
class Made:
    """All documents of one registry, by what they are."""

    lifecycles: list[Document]
    repository_policies: list[Document]
    trust: dict[str, Document]
    rights: dict[str, Document]


@pytest.fixture(scope="module")
def everything() -> Made:
    made = ecr.made()

    def of(type_: str, key: str = "policy") -> dict[str, Document]:
        return {name.rpartition("/")[2]: said[key] for name, said in made.of(type_).items()}

    return Made(
        list(of(ecr.LIFECYCLE).values()),
        list(of(ecr.POLICY).values()),
        of(ecr.ROLE, "assumeRolePolicy"),
        of(ecr.RIGHTS),
    )


@pytest.fixture
def made(everything: Made) -> Made:
    """The same, to be spoilt."""
    return deepcopy(everything)


def statements(*documents: Document) -> Iterator[Document]:
    for document in documents:
        yield from document["Statement"]


def actions(document: Document) -> set[str]:
    return {action for statement in statements(document) for action in listed(statement["Action"])}


# --- the rules: what each finds is what is wrong


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


def every_action_exists(made: Made) -> Iterator[str]:
    for document in (*made.rights.values(), *made.repository_policies, *made.trust.values()):
        for action in actions(document):
            if not get_action_data(*action.split(":")):
                yield action


def others_only_pull(made: Made) -> Iterator[str]:
    for document in made.repository_policies:
        yield from actions(document) - set(registry_kind(ecr.SERVER).rights["pull"])


def aws_takes_the_documents(made: Made) -> Iterator[str]:
    for document in made.lifecycles:
        EcrLifecyclePolicyValidator(json.dumps(document)).validate()
    for document in made.rights.values():
        IAMPolicyDocumentValidator(json.dumps(document)).validate()
    for document in made.trust.values():
        IAMTrustPolicyDocumentValidator(json.dumps(document)).validate()
    yield from ()


# --- rule → (what is planted, what it must find)

Spoil = Callable[[Made], Any]
PLANTED: dict[Callable[[Made], Iterator[str]], list[tuple[Spoil, str]]] = {
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
    every_action_exists: [
        (lambda made: made.rights["delete"]["Statement"][1]["Action"].append("ecr:DeleteImage"), "ecr:DeleteImage")
    ],
    others_only_pull: [
        (
            lambda made: made.repository_policies[1]["Statement"][0].update(Action="ecr:GetAuthorizationToken"),
            "ecr:GetAuthorizationToken",
        ),
    ],
}


def test_there_is_something_of_everything(made: Made) -> None:
    assert (len(made.lifecycles), len(made.repository_policies)) == (2, 2)
    assert set(made.trust) == set(made.rights) == {"push", "pull", "delete"}


@pytest.mark.parametrize("rule", [*PLANTED, aws_takes_the_documents], ids=lambda rule: rule.__name__)
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
        list(aws_takes_the_documents(made))
