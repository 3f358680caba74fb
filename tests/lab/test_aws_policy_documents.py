"""What the lab's AWS reads in policies: enough of IAM's language for registries, and never a guess about the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.aws.policy_documents import Verdict, judged
from lab.aws.refused import BeyondTheLabError

REPOSITORY = "arn:aws:ecr:eu-west-1:123456789012:repository/chaos/app"
ALLOWED, DENIED, SILENT = Verdict.ALLOWED, Verdict.DENIED, Verdict.SILENT


def statement(effect: str = "Allow", action: Any = "ecr:PutImage", resource: Any = REPOSITORY, **more: Any) -> Any:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def verdict(*statements: Any, action: str = "ecr:PutImage", **facts: str) -> Verdict:
    values = {key.replace("_", ":"): (value,) for key, value in facts.items()}
    return judged([json.dumps({"Statement": [*statements]})], action, REPOSITORY, values)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], SILENT),
        ([statement()], ALLOWED),
        ([statement(action="ecr:putimage")], ALLOWED),  # IAM's actions have no case
        ([statement(action=["ecr:BatchGetImage", "ecr:Put*"])], ALLOWED),
        ([statement(action="ecr:PutImage?")], SILENT),
        ([statement(action="ecr.PutImage")], SILENT),  # a point is a point
        ([statement(action="*", resource="*")], ALLOWED),
        ([statement(resource="arn:aws:ecr:*:123456789012:repository/chaos/*")], ALLOWED),
        ([statement(resource=REPOSITORY.upper())], SILENT),  # names of resources have case
        ([statement(resource="arn:aws:ecr:eu-west-1:123456789012:repository/chaos")], SILENT),
        ([statement(), statement("Deny", "ecr:*")], DENIED),
        ([statement("Deny", "ecr:*"), statement()], DENIED),
        ([statement(), statement("Deny", "ecr:Batch*")], ALLOWED),
        ([{"Effect": "Allow", "NotAction": "ecr:Delete*", "Resource": "*"}], ALLOWED),
        ([{"Effect": "Allow", "NotAction": "ecr:Put*", "Resource": "*"}], SILENT),
        ([{"Effect": "Deny", "Action": "*", "NotResource": REPOSITORY}, statement()], ALLOWED),
    ],
)
def test_statements_say(statements: list[Any], expected: Verdict) -> None:
    assert verdict(*statements) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"issuer:sub": "me"}}, ALLOWED),
        ({"StringEquals": {"Issuer:Sub": ["you", "me"]}}, ALLOWED),  # keys have no case
        ({"StringEquals": {"issuer:sub": "ME"}}, SILENT),
        ({"StringEquals": {"issuer:sub": "m*"}}, SILENT),
        ({"StringLike": {"issuer:sub": "m*"}}, ALLOWED),
        ({"StringEquals": {"issuer:other": "me"}}, SILENT),  # a key that no request has
        ({"StringEquals": {"issuer:sub": "me"}, "StringLike": {"issuer:aud": "x"}}, SILENT),
    ],
)
def test_conditions_must_all_hold(condition: Any, expected: Verdict) -> None:
    assert verdict(statement(Condition=condition), issuer_sub="me", issuer_aud="sts") is expected


def test_one_statement_may_stand_without_a_list() -> None:
    assert judged([json.dumps({"Statement": statement()})], "ecr:PutImage", REPOSITORY) is ALLOWED


@pytest.mark.parametrize(
    "unknown",
    [
        statement(Condition={"ForAnyValue:StringEquals": {"issuer:sub": "me"}}),
        statement(Condition={"StringNotEquals": {"issuer:sub": "you"}}),
        statement(resource="arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*"),
    ],
)
def test_what_the_lab_cannot_judge_it_says(unknown: Any) -> None:
    with pytest.raises(BeyondTheLabError, match="the lab's AWS"):
        verdict(unknown, issuer_sub="me")


def test_what_does_not_decide_may_be_anything() -> None:
    unknown = statement(action="ecr:DeleteRepository", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    assert verdict(unknown, statement()) is ALLOWED
