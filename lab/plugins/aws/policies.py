"""When two policy documents say the same, in the way of the provider: the order of lists and the like do not count."""

import json
import re
from typing import Any

_ACCOUNT_ROOT = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):root")
_UNORDERED = ("Action", "NotAction", "Resource", "NotResource")


def same_policy(one: str, other: str) -> bool:
    """IAM's and ECR's policies (verify.SuppressEquivalentPolicyDiffs, github.com/hashicorp/awspolicyequivalence)."""
    return _equal(one, other, _policy)


def same_lifecycle(one: str, other: str) -> bool:
    """ECR's lifecycle policies (internal/service/ecr/lifecycle_policy.go, equivalentLifecyclePolicyJSON)."""
    return _equal(one, other, _lifecycle)


def _equal(one: str, other: str, canonical: Any) -> bool:
    if one == other:
        return True
    try:
        return bool(canonical(json.loads(one)) == canonical(json.loads(other)))
    except (TypeError, ValueError, AttributeError):
        return False


def _policy(document: dict[str, Any]) -> Any:
    statements = document.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    return {**document, "Statement": _sorted([_statement(statement) for statement in statements])}


def _statement(statement: dict[str, Any]) -> Any:
    told = dict(statement)
    for key in _UNORDERED:
        if key in told:
            told[key] = _sorted(_listed(told[key]))
    for key in ("Principal", "NotPrincipal"):
        if key in told:
            told[key] = _principal(told[key])
    if "Condition" in told:
        told["Condition"] = {
            operator: {key: _sorted(_listed(values)) for key, values in keys.items()}
            for operator, keys in told["Condition"].items()
        }
    return told


def _principal(principal: Any) -> Any:
    if not isinstance(principal, dict):
        return principal
    return {kind: _sorted([_account(each) for each in _listed(names)]) for kind, names in principal.items()}


def _account(name: str) -> str:
    """An account is written as its number, or as its root's ARN."""
    found = _ACCOUNT_ROOT.fullmatch(name)
    return found.group(1) if found else name


def _lifecycle(document: dict[str, Any]) -> Any:
    rules = sorted(document["rules"], key=lambda rule: rule.get("rulePriority", 0))
    return {"rules": [{**rule, "selection": _selection(rule.get("selection", {}))} for rule in rules]}


def _selection(selection: dict[str, Any]) -> Any:
    lists = ("tagPatternList", "tagPrefixList")
    kept = {key: value for key, value in selection.items() if key not in lists or value}
    return {key: sorted(value) if key in lists else value for key, value in kept.items()}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _sorted(values: list[Any]) -> list[Any]:
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True))
