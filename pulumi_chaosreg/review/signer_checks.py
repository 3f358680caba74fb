"""Whether everybody who demands signatures says whose."""

from collections.abc import Iterable

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.resolved import ResolvedConfig


def check_signers(configs: Iterable[ResolvedConfig]) -> list[Finding]:
    """CHR0320 to CHR0327, for every registry that is mirrored into."""
    policies = {id(policy): policy for config in configs if (policy := config.registry.policy) and config.images}
    return [finding for policy in policies.values() for finding in policy.findings]
