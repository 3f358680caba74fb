"""What a role may do, by the policies that moto keeps for it: those in it, those attached, and its boundary."""

from __future__ import annotations

from moto.iam.exceptions import NotFoundException
from moto.iam.models import Role, iam_backends

from lab.aws.policy_documents import Verdict, judged

_PARTITION = "aws"


def role_of(arn: str) -> Role | None:
    """The role, if IAM's API has made it."""
    try:
        return iam_backends[account_of(arn)][_PARTITION].get_role_by_arn(arn)
    except NotFoundException:
        return None


def account_of(arn: str) -> str:
    return arn.split(":")[4]


def why_not(role: str, action: str, resource: str) -> str:
    """In AWS's words, the end of `… is not authorized to perform: …`; empty where the role may."""
    found = role_of(role)
    documents = [*found.policies.values(), *map(_document, found.managed_policies.values())] if found else []
    verdict = judged(documents, action, resource)
    if verdict is Verdict.ALLOWED and found and found.permissions_boundary_arn:
        boundary = iam_backends[found.account_id][_PARTITION].get_policy(found.permissions_boundary_arn)
        if judged([_document(boundary)], action, resource) is not Verdict.ALLOWED:
            return f"because no permissions boundary allows the {action} action"
    if verdict is Verdict.DENIED:
        return "with an explicit deny in an identity-based policy"
    return "" if verdict is Verdict.ALLOWED else f"because no identity-based policy allows the {action} action"


def _document(policy: object) -> str:
    """Of a managed policy, in the version that counts."""
    return next(str(each.document) for each in policy.versions if each.is_default)  # type: ignore[attr-defined]
