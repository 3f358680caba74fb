"""Everything that can be known offline about a company: what `validate` prints, what a program checks first."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pulumi_chaosreg.errors import Finding, told
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.review.checks import Subject, check
from pulumi_chaosreg.scopes.demand import Demand, FurtherImages, mirrored
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.publication import Publication
from pulumi_chaosreg.scopes.registry import Registry, chosen, definitions
from pulumi_chaosreg.scopes.resolution import Resolver
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage
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
    further: tuple[FurtherImages, ...] = ()
    """What owners mirror beside that, for each registry with such images."""
    published: Mapping[Scope, Publication] = field(default_factory=dict)
    """What levels publish in Harness, the widest first."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop a program."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that a strict run does not accept either."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    @property
    def demands(self) -> list[Demand]:
        """Who wants images: every infrastructure its own, and owners further ones."""
        return [*self.resolved.values(), *self.further]

    def mirrored_by(self, owner: Scope) -> list[Demand]:
        """For whom the owner's stack mirrors images."""
        return [demand for demand in self.demands if demand.owner is owner]

    def filled_by(self, owner: Scope) -> list[tuple[Registry, list[ResolvedImage]]]:
        """Each registry that the owner's stack mirrors into, with what goes there: each target once, sorted."""
        demands = self.mirrored_by(owner)
        registries = {demand.registry.path: demand.registry for demand in demands if demand.registry.policy}
        return [
            (registry, mirrored(demand for demand in demands if demand.registry.path == path))
            for path, registry in registries.items()
        ]

    def kept_by(self, owner: Scope) -> list[tuple[Registry, list[Reference]]]:
        """Each registry of the owner, with the images that it must have a place for, whoever fills it; sorted."""
        every: dict[str, tuple[Registry, set[Reference]]] = {}
        for demand in self.mirrored_by(owner):
            registry, images = every.setdefault(demand.registry.path, (demand.registry, set()))
            images.update(one.reference.with_digest(None) for one in demand.images if one.is_kept_in(registry))
        return [(registry, sorted(images, key=str)) for registry, images in every.values() if images]


def review(project: Path, stack: str | None = None, engine_config: Mapping[str, str] | None = None) -> Review:
    """Load, link, resolve and check the stack files of a project; never raises for what is written in them.

    With `stack` as its program needs it: what is only a warning as long as nobody acts on it is an error then.
    """
    with _nothing_collected():
        return _review(project, stack, engine_config)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Nearly all that is made meanwhile stays: looking through it for garbage again and again took a third of the
    time with 10,000 infrastructures.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _review(project: Path, stack: str | None, engine_config: Mapping[str, str] | None) -> Review:
    company, findings = load_company(project, stack, engine_config)
    is_understood = not any(finding.severity == "error" for finding in findings)
    resolver = Resolver(company.catalogue, company.locked, company.has_credential, project)
    resolved: dict[Scope, ResolvedConfig] = {}
    for infrastructure in company.infrastructures():
        if company.whole or infrastructure.stack == stack:
            resolved[infrastructure], more = resolver.resolve(infrastructure)
            findings += more
    owners = (scope for scope in company.scopes if company.whole or scope.stack == stack)
    every = (one for owner in owners for base in definitions(owner) if (one := resolver.further(owner, base)))
    meant = chosen(company.scopes)
    further = tuple(one for one in every if one.is_asked_for or (one.owner, one.registry.base) in meant)
    published: dict[Scope, Publication] = {}
    for scope in sorted(company.scopes, key=lambda scope: scope.level.rank):
        if company.whole or scope.stack == stack:
            record, more = resolver.publication(scope)
            findings += more
            published |= {scope: record} if record else {}
    subject = Subject(
        scopes=company.scopes,
        configs=tuple(resolved.values()),
        further=further,
        catalogue=company.catalogue,
        is_acting=stack is not None,
        is_whole=company.whole,
        is_understood=is_understood,
        project=project,
        company=company,
        looks_as=stack if engine_config is None else None,
        published=tuple(published.values()),
    )
    unique = list(dict.fromkeys(told([*findings, *check(subject)])))
    return Review(project, company, resolved, tuple(locate(unique)), further, published)
