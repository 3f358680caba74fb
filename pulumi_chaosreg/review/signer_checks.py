"""Whether everybody who demands signatures says whose."""

from collections.abc import Iterable
from pathlib import Path

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.scopes.signers import signing_policy


def check_signers(project: Path, configs: Iterable[ResolvedConfig]) -> list[Finding]:
    """CHR0320 to CHR0327, for every owner of a registry that is mirrored to."""
    owners = {config.owner: None for config in configs if config.owner and any(image.source for image in config.images)}
    return [finding for owner in owners for finding in signing_policy(owner, project)[1]]
