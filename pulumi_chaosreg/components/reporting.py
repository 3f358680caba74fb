"""How a program hears of findings: warnings in its log, errors all at once, and nothing is made then."""

from collections.abc import Iterable
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_root_resource

from pulumi_chaosreg.errors import ChaosregError, Finding, told

_REFUSED: WeakKeyDictionary[pulumi.Resource, pulumi.RunError] = WeakKeyDictionary()
"""The stack's own resource, of which a run has one → what was told of it first."""


def report(findings: Iterable[Finding]) -> None:
    """Log the warnings; one RunError with all errors."""
    every = told(findings)
    for finding in every:
        if finding.severity == "warning":
            pulumi.log.warn(str(finding))
    errors = [finding for finding in every if finding.severity == "error"]
    if errors:
        raise refusal(errors)


def refusal(findings: Finding | Iterable[Finding]) -> pulumi.RunError:
    """The error to raise, which is remembered until the run ends."""
    error, root = pulumi.RunError(str(ChaosregError(findings))), get_root_resource()
    return error if root is None else _REFUSED.setdefault(root, error)


def refused_before() -> pulumi.RunError | None:
    """What the running program was told first, if it was told an error."""
    root = get_root_resource()
    return _REFUSED.get(root) if root else None
