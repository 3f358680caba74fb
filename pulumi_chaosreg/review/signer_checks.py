"""Whether everybody who demands signatures says whose."""

from collections.abc import Iterable

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.demand import Demand


def check_signers(demands: Iterable[Demand]) -> list[Finding]:
    """CHR0320 to CHR0327, for every registry that is mirrored into."""
    policies = {id(policy): policy for one in demands if (policy := one.registry.policy) and one.images}
    return [finding for policy in policies.values() for finding in policy.findings]
