"""Everything that can be known offline about a company: what `validate` prints, what a program checks first."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi_chaosreg.errors import Finding, told
from pulumi_chaosreg.review.image_checks import check_images, check_tag_names
from pulumi_chaosreg.review.mirror_checks import check_lockfile, check_mirrors
from pulumi_chaosreg.review.not_yet import not_yet
from pulumi_chaosreg.review.ownership import check_ownership
from pulumi_chaosreg.review.pull_checks import check_pulls
from pulumi_chaosreg.review.signer_checks import check_signers
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.resolution import Resolver
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.yaml_file import locate
from pulumi_chaosreg.stacks.company import Company, load_company


@dataclass(frozen=True, slots=True)
class Review:
    """A company, what each of its infrastructures ends up with, and every finding, sorted by file and line."""

    project: Path
    """The folder of Pulumi.yaml."""
    company: Company
    resolved: Mapping[Scope, ResolvedConfig]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop a program."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def mirrored_by(self, owner: Scope) -> list[ResolvedConfig]:
        """The infrastructures whose images the owner's stack mirrors."""
        return [resolved for resolved in self.resolved.values() if resolved.owner is owner]


def review(project: Path, stack: str | None = None, engine_config: Mapping[str, str] | None = None) -> Review:
    """Load, link, resolve and check the stack files of a project; never raises for what is written in them.

    With `stack` as its program needs it: what is only a warning as long as nobody acts on it is an error then.
    """
    company, findings = load_company(project, stack, engine_config)
    resolver = Resolver(company.catalogue, company.locked, company.has_credential)
    resolved: dict[Scope, ResolvedConfig] = {}
    for infrastructure in company.infrastructures():
        if company.whole or infrastructure.stack == stack:
            resolved[infrastructure], more = resolver.resolve(infrastructure)
            findings += more
    for scope in company.scopes:
        if scope.settings:
            findings += check_images(scope, company.catalogue)
            findings += not_yet(scope)
    if company.whole:  # what lists an image may stand in any file
        findings += check_tag_names(company.scopes, company.catalogue)
    findings += check_mirrors(company.catalogue, resolved.values())
    findings += check_lockfile(company, resolved.values(), is_acting=stack is not None)
    findings += check_signers(project, resolved.values())
    findings += check_pulls(company.catalogue, resolved.values(), is_acting=stack is not None)
    findings += check_ownership(resolved.values())
    unique = list(dict.fromkeys(told(findings)))
    return Review(project, company, resolved, tuple(locate(unique)))
